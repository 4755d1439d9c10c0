/**
 * @module core/ballot/safe/ordered/session
 *
 * One proposal under the finality `ordered` (ballots §8.4): what the blocks since its own have made of it.
 *
 * Guarantee: a function of the blocks, in their order. Once settled it never changes.
 */

import type { Bytes } from '../../../../base/bytes.ts'
import { assert } from '../../../../base/errors.ts'
import type { Equivocation, Outcome, SafeVote, SignedProposal } from '../../../../wire/ballot/index.ts'
import { quorumOf, type Roster } from '../roster.ts'
import { VoteColumn, type VoteColumnView } from '../vote-column.ts'
import { outcomeAtClose } from './close.ts'

export interface OrderedSessionView {
  readonly signed: SignedProposal
  readonly outcome: Outcome | null
  readonly openedAt: number
  readonly settledAt: number | null
  readonly rosterSize: number
  readonly quorum: number
  readonly yes: number
  readonly no: number
  /** Owners of whom no vote counts, ascending. */
  readonly silent: readonly Bytes[]
}

export class OrderedSession {
  readonly signed: SignedProposal
  readonly roster: Roster
  readonly quorum: number
  /** Position of the block that opened it. */
  readonly openedAt: number
  readonly #yes = new VoteColumn()
  readonly #no = new VoteColumn()
  /** Owners who are known to have signed both choices. */
  readonly #equivocators = new Set<number>()
  #outcome: Outcome | null = null
  #settledAt: number | null = null

  constructor(signed: SignedProposal, roster: Roster, openedAt: number) {
    this.signed = signed
    this.roster = roster
    this.quorum = quorumOf(roster.size, signed.proposal.threshold)
    this.openedAt = openedAt
  }

  get outcome(): Outcome | null {
    return this.#outcome
  }

  /** Position of the block that settled it. */
  get settledAt(): number | null {
    return this.#settledAt
  }

  /** Owners whose first vote in the order was this one. */
  column(choice: boolean): VoteColumnView {
    return this.#column(choice)
  }

  hasVoted(place: number): boolean {
    return this.#yes.has(place) || this.#no.has(place)
  }

  isEquivocator(place: number): boolean {
    return this.#equivocators.has(place)
  }

  /** The first vote of an owner; the caller has seen that it is one, valid, and that the session is open. */
  count(place: number, vote: SafeVote, position: number): void {
    assert(this.#outcome === null && !this.hasVoted(place), "only an owner's first vote counts, in an open session")
    const column = this.#column(vote.choice)
    column.add(place, vote.signature)
    // ballots §8.4: the block that makes the quorum decides, for good.
    if (column.count >= this.quorum) this.#settle(vote.choice ? 'yes' : 'no', position)
  }

  close(position: number): void {
    assert(this.#outcome === null, 'only an open session is closed')
    const { threshold, livenessCriteriaYes } = this.signed.proposal
    const tally = { yes: this.#yes.count, no: this.#no.count, rosterSize: this.roster.size }
    this.#settle(outcomeAtClose({ ...tally, threshold, livenessCriteriaYes }), position)
  }

  /** The proof that this vote and the owner's first one are of both choices, once for each owner (ballots §8.5). */
  equivocate(place: number, vote: SafeVote): Equivocation {
    this.#equivocators.add(place)
    const first = this.column(!vote.choice).signatureOf(place)
    assert(first !== undefined, 'an equivocator has voted the other way')
    const { proposalId, owner, choice, signature } = vote
    return choice
      ? { proposalId, owner, yesSignature: signature.slice(), noSignature: first }
      : { proposalId, owner, yesSignature: first, noSignature: signature.slice() }
  }

  view(): OrderedSessionView {
    return {
      signed: this.signed,
      outcome: this.#outcome,
      openedAt: this.openedAt,
      settledAt: this.#settledAt,
      rosterSize: this.roster.size,
      quorum: this.quorum,
      yes: this.#yes.count,
      no: this.#no.count,
      silent: this.roster.keys.filter((_, place) => !this.hasVoted(place)),
    }
  }

  #settle(outcome: Outcome, position: number): void {
    this.#outcome = outcome
    this.#settledAt = position
  }

  #column(choice: boolean): VoteColumn {
    return choice ? this.#yes : this.#no
  }
}
