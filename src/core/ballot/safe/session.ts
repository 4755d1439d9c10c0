/**
 * @module core/ballot/safe/session
 *
 * One session of the policy `safe`, of either finality, as its facts make it. What subscribers see of it is a small frozen
 * value that costs the same for every size of roster.
 */

import { sha3_256 } from '@noble/hashes/sha3.js'
import { type Bytes, EMPTY_BYTES } from '../../../base/bytes.ts'
import { assert, present } from '../../../base/errors.ts'
import { fromHex, toHex } from '../../../base/text.ts'
import {
  type BallotFormat,
  decodeSignedProposal,
  encodeSafeVote,
  type Finality,
  type Outcome,
  type SafeVote,
  type SignedProposal,
  VOTES_DIGEST_BYTES,
} from '../../../wire/ballot/index.ts'
import type { OrderedFact } from './ordered/facts.ts'
import type { QuorumFact } from './quorum/facts.ts'
import { QuorumSession } from './quorum/session.ts'
import { Roster } from './roster.ts'

export type SafeFact = QuorumFact | OrderedFact

/** `expired` is no decision, and only of finality `quorum`; `settled` is for good. */
export type SafePhase = 'open' | 'expired' | 'settled'

/** Frozen; a new value for each change. */
export interface SafeSessionState {
  readonly scope: string
  /** Hex of its digest. */
  readonly proposalId: string
  readonly name: string
  /** Hex. */
  readonly owner: string
  readonly finality: Finality
  readonly phase: SafePhase
  readonly outcome: Outcome | null
  /** Owners who signed it; in `ordered`: whose first vote in the order it was. */
  readonly yes: number
  readonly no: number
  readonly rosterSize: number
  /** `listed` by its owner, who may be anybody; or the `group`'s voters. */
  readonly roster: 'listed' | 'group'
  /** Owners of one choice that decide. */
  readonly quorum: number
  readonly createdSec: number
  readonly deadlineSec: number
  /** Hex of 8 bytes, in `quorum`: the same for the same set of votes. */
  readonly votesDigest: string
  /** Of the block that settled it; `null` in `quorum`, and before. */
  readonly settledAt: number | null
  /** Evicted or deleted: it never opens again, and its facts stay in the log. */
  readonly isGone: boolean
}

export function proposalIdOf({ proposalId }: SafeSessionState): Bytes {
  return fromHex(proposalId)
}

export class SafeSession {
  readonly #format: BallotFormat
  #state: SafeSessionState | undefined
  #quorum: QuorumSession | undefined
  #signed: SignedProposal | undefined
  #facts = 0
  readonly #votesDigest = new Uint8Array(VOTES_DIGEST_BYTES)

  constructor(format: BallotFormat) {
    this.#format = format
  }

  /** Throws before the first fact. */
  get state(): SafeSessionState {
    return present(this.#state, 'a session begins with its proposal')
  }

  get isGone(): boolean {
    return this.#state?.isGone !== false
  }

  /** How many facts it is made of. */
  get factCount(): number {
    return this.#facts
  }

  /** The proposal. Throws before the first fact. */
  get signed(): SignedProposal {
    return present(this.#signed, 'a session begins with its proposal')
  }

  /** What is decided upon in finality `quorum`. */
  get votes(): QuorumSession {
    return present(this.#quorum, 'a session of finality quorum')
  }

  evolve(fact: SafeFact): void {
    this.#facts += 1
    switch (fact.type) {
      case 'SafeProposalOpened':
      case 'OrderedSessionOpened':
        this.#begin(fact.proposal, fact.roster)
        return
      case 'SafeVoteAccepted':
        if (!this.votes.holds(fact.owner, fact.choice)) this.#digest(fact)
        this.votes.evolve(fact)
        this.#change(this.#tally())
        return
      case 'SafeSessionExpired':
        this.votes.evolve(fact)
        this.#change({ phase: this.votes.phase === 'expired' ? 'expired' : this.state.phase })
        return
      case 'SafeDecisionReached':
        this.votes.evolve(fact)
        this.#change({ phase: 'settled', outcome: fact.choice ? 'yes' : 'no' })
        return
      case 'OrderedVoteCounted':
        this.#change(fact.choice ? { yes: this.state.yes + 1 } : { no: this.state.no + 1 })
        return
      case 'OrderedSessionSettled':
        assert(this.state.outcome === null, 'a session was settled twice')
        this.#change({ phase: 'settled', outcome: fact.outcome, settledAt: fact.position })
        return
      case 'SafeSessionEvicted':
      case 'SafeSessionDeleted':
        this.#change({ isGone: true })
    }
  }

  /** Of a set: exclusive or of what stands for each vote. An owner has two at most, so nobody can choose it. */
  #digest({ proposalId, owner, choice }: Omit<SafeVote, 'signature'>): void {
    const hash = sha3_256(encodeSafeVote({ proposalId, owner, choice, signature: EMPTY_BYTES }))
    for (let i = 0; i < this.#votesDigest.length; i += 1) {
      this.#votesDigest[i] = (this.#votesDigest[i] as number) ^ (hash[i] as number)
    }
  }

  #tally(): Pick<SafeSessionState, 'yes' | 'no' | 'votesDigest'> {
    const { votes } = this
    return { yes: votes.column(true).count, no: votes.column(false).count, votesDigest: toHex(this.#votesDigest) }
  }

  #begin(bytes: Bytes, voters: readonly Bytes[] | null): void {
    const signed = decodeSignedProposal(bytes, this.#format)
    this.#signed = signed
    const { proposal } = signed
    const roster = Roster.of(voters ?? (proposal.roster.type === 'Listed' ? proposal.roster.keys : []))
    const session = new QuorumSession(signed, roster)
    if (proposal.finality.type === 'quorum') this.#quorum = session
    this.#state = Object.freeze({
      scope: proposal.scope,
      proposalId: toHex(signed.id),
      name: proposal.name,
      owner: toHex(proposal.owner),
      finality: proposal.finality.type,
      phase: 'open',
      outcome: null,
      yes: 0,
      no: 0,
      rosterSize: roster.size,
      roster: proposal.roster.type === 'Listed' ? 'listed' : 'group',
      quorum: session.quorum,
      createdSec: proposal.createdSec,
      deadlineSec: proposal.expirySec,
      votesDigest: toHex(this.#votesDigest),
      settledAt: null,
      isGone: false,
    })
  }

  #change(change: Partial<SafeSessionState>): void {
    this.#state = Object.freeze({ ...this.state, ...change })
  }
}
