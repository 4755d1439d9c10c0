/**
 * @module core/ballot/safe/quorum/scope
 *
 * A scope of finality `quorum`, sans I/O (ballots §8): commands in, steps out.
 *
 * Guarantees: a refused command (`SafeBallotError`) changes nothing. `signer` never signs a second choice of a proposal.
 * The caller owes, for each step: append its facts as one, and only when they are durable spread, publish and answer. If
 * the append fails, drop this object and build it again with `evolve` from the log. Bytes handed in are never changed.
 */

import type { Bytes } from '../../../../base/bytes.ts'
import { toHex } from '../../../../base/text.ts'
import type { SignatureScheme, Signer } from '../../../../ports/signature-scheme.ts'
import type { SafeVote, SignedProposal } from '../../../../wire/ballot/index.ts'
import { admitOrThrow, type ScopeRules, type VotersBefore } from '../admission.ts'
import { EarlyVotes } from '../early-votes.ts'
import { refuseSafe, SafeBallotError, type SafeBallotErrorData } from '../errors.ts'
import { type BallotVerifier, strictVerifier } from '../verifier.ts'
import { checkOpening, decideOpening, decideOwnVote, decideVote, NO_STEP } from './decide.ts'
import type { QuorumFact, QuorumStep } from './facts.ts'
import { DEFAULT_QUORUM_LIMITS, type QuorumLimits } from './limits.ts'
import type { QuorumSession } from './session.ts'
import { QuorumSessions, type Residence } from './sessions.ts'

export interface QuorumScopeOptions {
  readonly scope: string
  readonly groupId: Bytes | null
  readonly scheme: SignatureScheme
  /** Keys that may propose without being in the roster. Default: none. */
  readonly proposers?: readonly Bytes[]
  /** For rosters that are voters of a group. Default: none is known. */
  readonly votersBefore?: VotersBefore
  /** Default: verifies here and now. */
  readonly verifier?: BallotVerifier
  readonly limits?: Partial<QuorumLimits>
}

export interface RefusedVote {
  readonly vote: SafeVote
  readonly why: SafeBallotErrorData
}

export class QuorumScope {
  readonly #rules: ScopeRules
  readonly #votersBefore: VotersBefore
  readonly #limits: QuorumLimits
  readonly #sessions: QuorumSessions
  readonly #early: EarlyVotes

  constructor(options: QuorumScopeOptions) {
    const { groupId, scope, proposers = [] } = options
    const verifier = options.verifier ?? strictVerifier(options.scheme)
    this.#rules = { groupId, scope, finality: 'quorum', proposersOf: () => proposers, verifier }
    this.#votersBefore = options.votersBefore ?? (() => null)
    this.#limits = { ...DEFAULT_QUORUM_LIMITS, ...options.limits }
    this.#sessions = new QuorumSessions(options.scheme)
    this.#early = new EarlyVotes(this.#limits.maxEarlyVotes)
  }

  /** Applies a fact of the log. After the last one the state is that in which they were made. */
  evolve(fact: QuorumFact): void {
    this.#sessions.evolve(fact)
  }

  residence(proposalId: Bytes): Residence {
    return this.#sessions.residence(proposalId)
  }

  /** Throws `SessionNotFound` or `SessionUnloaded`. */
  session(proposalId: Bytes): QuorumSession {
    return this.#sessions.get(proposalId)
  }

  sessions(): readonly QuorumSession[] {
    return this.#sessions.live()
  }

  get earlyVotes(): number {
    return this.#early.size
  }

  /** The decision, also of an evicted session; throws `NotDecided`, or that the session is not here. */
  decisionOf(proposalId: Bytes): boolean {
    const evicted = this.#sessions.evictedDecision(proposalId)
    const decision = evicted === undefined ? this.session(proposalId).decision : evicted
    if (decision === null) throw refuseSafe({ code: 'NotDecided', proposalId: toHex(proposalId) })
    return decision
  }

  /** A proposal of ours or of another; one that is known already changes nothing, evicted ones included. */
  openProposal(signed: SignedProposal, nowSec: number): QuorumStep {
    if (this.residence(signed.id) !== 'unknown') return NO_STEP
    checkOpening(signed, nowSec, (owner) => this.#sessions.openOf(owner), this.#limits)
    const roster = admitOrThrow(signed, this.#rules, this.#votersBefore, null)
    return this.#apply(decideOpening(signed, roster, this.#early.take(signed.id), nowSec))
  }

  /** A vote, whoever brings it and whenever it was made. Before its proposal, it is held. */
  receiveVote(vote: SafeVote): QuorumStep {
    const residence = this.residence(vote.proposalId)
    if (residence === 'evicted') return NO_STEP
    if (residence === 'unknown') {
      this.#verify(vote)
      this.#early.hold(vote)
      return NO_STEP
    }
    return this.#apply(decideVote(this.session(vote.proposalId), vote, this.#rules.verifier))
  }

  /** Votes as a set (ballots §8.9). What is refused is told and takes nothing from the others. */
  importVotes(votes: readonly SafeVote[]): { readonly step: QuorumStep; readonly refused: readonly RefusedVote[] } {
    const refused: RefusedVote[] = []
    const steps: QuorumStep[] = []
    for (const vote of votes) {
      try {
        steps.push(this.receiveVote(vote))
      } catch (error) {
        if (!(error instanceof SafeBallotError)) throw error
        refused.push({ vote, why: error.data })
      }
    }
    const step: QuorumStep = {
      facts: steps.flatMap(({ facts }) => facts),
      effects: steps.flatMap(({ effects }) => effects),
      faults: steps.flatMap(({ faults }) => faults),
    }
    return { step, refused }
  }

  /** All votes of a session, for a late joiner. */
  exportVotes(proposalId: Bytes): readonly SafeVote[] {
    return this.session(proposalId).votes()
  }

  /** Our vote. The same choice again gives the same vote again; another is refused with `UserAlreadyVoted`. */
  castVote(proposalId: Bytes, choice: boolean, signer: Signer): { readonly vote: SafeVote; readonly step: QuorumStep } {
    const { vote, step } = decideOwnVote(this.session(proposalId), choice, signer)
    return { vote, step: this.#apply(step) }
  }

  /** The clock passed the deadline of a session. Too early, decided or expired already: nothing. */
  passDeadline(proposalId: Bytes, nowSec: number): QuorumStep {
    return this.#apply({ ...NO_STEP, facts: this.session(proposalId).decideDeadline(nowSec) })
  }

  /** Forgets a settled session but for its decision (ballots §8.10); throws `NotSettled` for any other. */
  evict(proposalId: Bytes): QuorumStep {
    if (this.session(proposalId).decision === null) {
      throw refuseSafe({ code: 'NotSettled', proposalId: toHex(proposalId) })
    }
    return this.#apply({ ...NO_STEP, facts: [{ type: 'SafeSessionEvicted', proposalId }] })
  }

  /** Drops an expired session from memory; `evolve` with its facts brings it back. `false` for any other. */
  unload(proposalId: Bytes): boolean {
    return this.#sessions.unload(proposalId)
  }

  #verify(vote: SafeVote): void {
    if (this.#rules.verifier.isVoteValid(vote)) return
    const { owner, proposalId } = vote
    throw refuseSafe({ code: 'InvalidVoteSignature', owner: toHex(owner), proposalId: toHex(proposalId) })
  }

  /** Evolves, and makes room among the settled, oldest first. */
  #apply({ facts, effects, faults }: QuorumStep): QuorumStep {
    for (const fact of facts) this.#sessions.evolve(fact)
    const evictions: QuorumFact[] = []
    while (this.#sessions.settledCount > this.#limits.maxSettled) {
      const oldest = this.#sessions.oldestSettled()
      if (oldest === undefined) break
      // ballots §8.10: an eviction is a notice, and only of the settled.
      const eviction: QuorumFact = { type: 'SafeSessionEvicted', proposalId: oldest.signed.id }
      this.#sessions.evolve(eviction)
      evictions.push(eviction)
    }
    return { facts: [...facts, ...evictions], effects, faults }
  }
}
