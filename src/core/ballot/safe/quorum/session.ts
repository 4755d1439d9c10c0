/**
 * @module core/ballot/safe/quorum/session
 *
 * One proposal under the finality `quorum` (ballots §8.4): its votes, as a set, and what they decide.
 *
 * Guarantees: while fewer than a third of the roster sign both choices, the decision is a function of the set of votes
 * taken, whatever the order and wherever the deadline falls among them. A decision never changes.
 */

import type { Bytes } from '../../../../base/bytes.ts'
import { assert, present } from '../../../../base/errors.ts'
import type { Equivocation, SafeVote, SignedProposal } from '../../../../wire/ballot/index.ts'
import { quorumOf, type Roster } from '../roster.ts'
import { VoteColumn, type VoteColumnView } from '../vote-column.ts'
import type { QuorumFact } from './facts.ts'

export type QuorumPhase = 'open' | 'expired' | 'decided'

/** What a session looks like from outside. */
export interface QuorumSessionView {
  readonly signed: SignedProposal
  readonly phase: QuorumPhase
  readonly decision: boolean | null
  readonly rosterSize: number
  /** Owners of one choice that decide. */
  readonly quorum: number
  /** An owner who signed both choices is in both numbers. */
  readonly yes: number
  readonly no: number
  /** Owners of whom there is no vote, ascending. */
  readonly silent: readonly Bytes[]
  /** Owners who signed both choices. */
  readonly equivocators: readonly Bytes[]
}

export class QuorumSession {
  readonly signed: SignedProposal
  readonly roster: Roster
  readonly quorum: number
  readonly #yes = new VoteColumn()
  readonly #no = new VoteColumn()
  #phase: QuorumPhase = 'open'
  #decision: boolean | null = null

  constructor(signed: SignedProposal, roster: Roster) {
    this.signed = signed
    this.roster = roster
    this.quorum = quorumOf(roster.size, signed.proposal.threshold)
  }

  get phase(): QuorumPhase {
    return this.#phase
  }

  get decision(): boolean | null {
    return this.#decision
  }

  /** Owners who signed this choice. */
  column(choice: boolean): VoteColumnView {
    return this.#column(choice)
  }

  /** Whether we have this owner's vote for this choice. The owner must be in the roster. */
  holds(owner: Bytes, choice: boolean): boolean {
    return this.column(choice).has(this.roster.indexOf(owner))
  }

  /** The facts that a vote new to this session leads to. Its signature was verified, and its owner is in the roster. */
  decideVote(vote: SafeVote): readonly QuorumFact[] {
    const { proposalId, owner, choice, signature } = vote
    const accepted: QuorumFact = { type: 'SafeVoteAccepted', proposalId, owner, choice, signature }
    // ballots §8.4: only an explicit quorum decides, also after the deadline; silence counts for nothing.
    const isDecisive = this.#decision === null && this.column(choice).count + 1 >= this.quorum
    // ballots §8.8: the decision is logged with the vote that makes it, once.
    return isDecisive ? [accepted, { type: 'SafeDecisionReached', proposalId, choice }] : [accepted]
  }

  /** The deadline is no decision (ballots §8.4). */
  decideDeadline(nowSec: number): readonly QuorumFact[] {
    const isDue = this.#phase === 'open' && nowSec >= this.signed.proposal.expirySec
    return isDue ? [{ type: 'SafeSessionExpired', proposalId: this.signed.id }] : []
  }

  evolve(fact: QuorumFact): void {
    switch (fact.type) {
      case 'SafeVoteAccepted': {
        const place = this.roster.indexOf(fact.owner)
        assert(place >= 0, 'a vote was accepted of an owner outside the roster')
        this.#column(fact.choice).add(place, fact.signature)
        return
      }
      case 'SafeSessionExpired':
        if (this.#phase === 'open') this.#phase = 'expired'
        return
      case 'SafeDecisionReached':
        assert(this.#decision === null, 'a session was decided twice')
        this.#decision = fact.choice
        this.#phase = 'decided'
        return
      case 'SafeProposalOpened':
      case 'SafeSessionEvicted':
      case 'SafeSessionDeleted':
        return
    }
  }

  /** The proof that this vote, and one that we hold already, are of both choices (ballots §8.5). */
  equivocationWith({ proposalId, owner, choice, signature }: SafeVote): Equivocation | null {
    const other = this.column(!choice).signatureOf(this.roster.indexOf(owner))
    if (other === undefined) return null
    return choice
      ? { proposalId, owner, yesSignature: signature, noSignature: other }
      : { proposalId, owner, yesSignature: other, noSignature: signature }
  }

  /** All proofs against owners who signed both choices. */
  equivocations(): readonly Equivocation[] {
    return this.#yes
      .entries()
      .filter(([place]) => this.#no.has(place))
      .map(([place, yesSignature]) => ({
        proposalId: this.signed.id,
        owner: this.#keyAt(place),
        yesSignature,
        noSignature: present(this.#no.signatureOf(place), 'an equivocator signed both choices'),
      }))
  }

  /** All votes, as a set: by choice, then by owner. */
  votes(): readonly SafeVote[] {
    const votesOf = (choice: boolean): SafeVote[] =>
      this.column(choice)
        .entries()
        .map(([place, signature]) => ({ proposalId: this.signed.id, choice, owner: this.#keyAt(place), signature }))
    return [...votesOf(false), ...votesOf(true)]
  }

  view(): QuorumSessionView {
    const { keys } = this.roster
    return {
      signed: this.signed,
      phase: this.#phase,
      decision: this.#decision,
      rosterSize: this.roster.size,
      quorum: this.quorum,
      yes: this.#yes.count,
      no: this.#no.count,
      silent: keys.filter((_, place) => !this.#yes.has(place) && !this.#no.has(place)),
      equivocators: keys.filter((_, place) => this.#yes.has(place) && this.#no.has(place)),
    }
  }

  #keyAt(place: number): Bytes {
    return present(this.roster.keys[place], 'a place in the roster')
  }

  #column(choice: boolean): VoteColumn {
    return choice ? this.#yes : this.#no
  }
}
