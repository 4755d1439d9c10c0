/**
 * @module core/ballot/safe/ordered/fold
 *
 * The outcomes of all `ordered` ballots of a group, as a fold over its blocks (ballots §8.4).
 *
 * Guarantees: no clock, no knowledge of gossip: the same blocks give the same outcomes on every peer. Nothing in a block
 * makes it throw; what has no effect is void, with the reason.
 * The caller owes: every opaque payload of the group's blocks, in their order, each once, with its position.
 */

import type { Bytes } from '../../../../base/bytes.ts'
import { present } from '../../../../base/errors.ts'
import { toHex } from '../../../../base/text.ts'
import {
  type BallotFormat,
  DIGEST_BYTES,
  decodeSafeVote,
  decodeSignedProposal,
  type Equivocation,
  type Outcome,
  type SafeVote,
  type SignedProposal,
} from '../../../../wire/ballot/index.ts'
import { CodecError } from '../../../../wire/canonical/errors.ts'
import { decodePayload, type PayloadFrame } from '../../../../wire/payload.ts'
import { admit, type ScopeRules, type VotersBefore } from '../admission.ts'
import { refuseSafe, SafeBallotError, type SafeBallotErrorCode } from '../errors.ts'
import type { BallotVerifier } from '../verifier.ts'
import { OrderedSession } from './session.ts'

/** An opaque payload in the order. */
export interface OrderedBlock {
  /** Place of its block among all blocks of the group, from 0. */
  readonly position: number
  readonly payload: Bytes
  /** The voter in the block's key, in `Single` mode; `null` for a block of the supermajority. */
  readonly voter: Bytes | null
}

export type VoidReason =
  | 'Malformed'
  | 'ProposalUnknown'
  | 'ProposalKnown'
  | 'Settled'
  | 'VoteRepeated'
  | 'NotBySupermajority'
  | SafeBallotErrorCode

export type OrderedNotice =
  | { readonly type: 'Opened'; readonly session: OrderedSession }
  | { readonly type: 'VoteCounted'; readonly session: OrderedSession; readonly vote: SafeVote }
  | {
      readonly type: 'Settled'
      readonly session: OrderedSession
      readonly outcome: Outcome
      readonly position: number
    }
  | { readonly type: 'Equivocation'; readonly proof: Equivocation }
  | { readonly type: 'Void'; readonly position: number; readonly reason: VoidReason }

export interface OrderedRules {
  readonly groupId: Bytes
  readonly format: BallotFormat
  readonly verifier: BallotVerifier
  /** Equal on all peers: a parameter of the group. Default: nobody. */
  readonly proposersOf?: (scope: string) => readonly Bytes[]
}

export interface EvictedSession {
  readonly outcome: Outcome
  readonly settledAt: number
}

export class OrderedFold {
  readonly #format: BallotFormat
  readonly #rules: ScopeRules
  readonly #sessions = new Map<string, OrderedSession>()
  /** Settled sessions that are gone; they never open again. */
  readonly #evicted = new Map<string, EvictedSession>()
  #startsAt = 0

  constructor(rules: OrderedRules) {
    this.#format = rules.format
    const { groupId, verifier, proposersOf = () => [] } = rules
    this.#rules = { groupId, scope: null, finality: 'ordered', proposersOf, verifier }
  }

  /** The blocks before this position are not here (parsec §8): whatever one of them could have opened, or ended, is passed over. */
  startAt(position: number): void {
    this.#startsAt = position
  }

  /** Throws `OrderUnknown`. */
  checkWhole({ id, proposal: { finality } }: SignedProposal): void {
    if (finality.type !== 'ordered' || finality.fromPosition >= this.#startsAt) return
    throw refuseSafe({ code: 'OrderUnknown', proposalId: toHex(id), fromPosition: finality.fromPosition })
  }

  sessions(): readonly OrderedSession[] {
    return [...this.#sessions.values()]
  }

  find(proposalId: Bytes): OrderedSession | undefined {
    return this.#sessions.get(toHex(proposalId))
  }

  /** Throws `SessionNotFound`. */
  get(proposalId: Bytes): OrderedSession {
    const session = this.find(proposalId)
    if (session === undefined) throw refuseSafe({ code: 'SessionNotFound', proposalId: toHex(proposalId) })
    return session
  }

  /** How it was settled, also once evicted; throws `NotDecided` or `SessionNotFound`. */
  outcomeOf(proposalId: Bytes): Outcome {
    const evicted = this.#evicted.get(toHex(proposalId))
    if (evicted !== undefined) return evicted.outcome
    const { outcome } = this.get(proposalId)
    if (outcome === null) throw refuseSafe({ code: 'NotDecided', proposalId: toHex(proposalId) })
    return outcome
  }

  /** Drops a settled session but for its outcome (ballots §8.10); publish that. Throws `NotSettled`. */
  evict(proposalId: Bytes): EvictedSession {
    const { outcome, settledAt } = this.get(proposalId)
    if (outcome === null) throw refuseSafe({ code: 'NotSettled', proposalId: toHex(proposalId) })
    const evicted = { outcome, settledAt: present(settledAt, 'a settled session has a position') }
    this.#sessions.delete(toHex(proposalId))
    this.#evicted.set(toHex(proposalId), evicted)
    return evicted
  }

  /** What the block does. Application payloads do nothing. `votersBefore` is asked for this block's position only. */
  fold(block: OrderedBlock, votersBefore: VotersBefore): readonly OrderedNotice[] {
    try {
      const frame = decodePayload(block.payload)
      switch (frame.kind) {
        case 'ballotProposal':
          return this.#foldProposal(frame, block, votersBefore)
        case 'ballotVote':
          return this.#foldVote(frame, block)
        case 'close':
          return this.#foldClose(frame, block)
        case 'application':
        case 'batch':
          return []
      }
    } catch (error) {
      if (error instanceof CodecError) return voided(block, 'Malformed')
      if (error instanceof SafeBallotError) return voided(block, error.data.code)
      throw error
    }
  }

  #foldProposal({ body }: PayloadFrame, block: OrderedBlock, votersBefore: VotersBefore): readonly OrderedNotice[] {
    // The session outlives the block's buffer.
    const signed = decodeSignedProposal(body.slice(), this.#format)
    const key = toHex(signed.id)
    // ballots §8.4: the first valid block opens the session, settled or evicted ones included.
    if (this.#sessions.has(key) || this.#evicted.has(key)) return voided(block, 'ProposalKnown')
    // ballots §8.4: it opens at its `fromPosition` or later, and only once.
    this.checkWhole(signed)
    const admission = admit(signed, this.#rules, votersBefore, block.position)
    if (admission.type === 'Refused') return voided(block, admission.why.code)
    const session = new OrderedSession(signed, admission.roster, block.position)
    this.#sessions.set(key, session)
    return [{ type: 'Opened', session }]
  }

  #foldVote({ body }: PayloadFrame, block: OrderedBlock): readonly OrderedNotice[] {
    const vote = decodeSafeVote(body, this.#format)
    const session = this.find(vote.proposalId)
    // ballots §8.4: votes before the proposal are void.
    if (session === undefined) return voided(block, this.#absence(vote.proposalId))
    const place = session.roster.indexOf(vote.owner)
    if (place < 0) return voided(block, 'VoterNotEligible')
    // ballots §8.4: the owner's first vote counts, whoever carried it; repeats count once.
    const isRepeated = session.column(vote.choice).has(place) || session.isEquivocator(place)
    if (isRepeated) return voided(block, 'VoteRepeated')
    if (session.outcome !== null && !session.hasVoted(place)) return voided(block, 'Settled')
    if (!this.#rules.verifier.isVoteValid(vote)) return voided(block, 'InvalidVoteSignature')
    if (session.hasVoted(place)) return [{ type: 'Equivocation', proof: session.equivocate(place, vote) }]
    session.count(place, vote, block.position)
    return [{ type: 'VoteCounted', session, vote }, ...settlement(session)]
  }

  #foldClose({ body }: PayloadFrame, block: OrderedBlock): readonly OrderedNotice[] {
    if (body.length !== DIGEST_BYTES) return voided(block, 'Malformed')
    // ballots §8.4: a supermajority's clocks passed the deadline, not one peer's.
    if (block.voter !== null) return voided(block, 'NotBySupermajority')
    const session = this.find(body)
    if (session === undefined) return voided(block, this.#absence(body))
    if (session.outcome !== null) return voided(block, 'Settled')
    session.close(block.position)
    return settlement(session)
  }

  #absence(proposalId: Bytes): VoidReason {
    return this.#evicted.has(toHex(proposalId)) ? 'Settled' : 'ProposalUnknown'
  }
}

function voided({ position }: OrderedBlock, reason: VoidReason): readonly OrderedNotice[] {
  return [{ type: 'Void', position, reason }]
}

/** One notice of one decision (ballots §8.8). */
function settlement(session: OrderedSession): readonly OrderedNotice[] {
  const { outcome, settledAt } = session
  return outcome === null || settledAt === null ? [] : [{ type: 'Settled', session, outcome, position: settledAt }]
}
