/**
 * @module engine/ballots/hosted
 *
 * What the engine must know of the sessions of both policies, so that one engine serves them: their facts as JSON, when
 * they begin, lapse and end, and what a deadline makes of them. All of it is core's; here it is only looked up.
 */

import type { SessionPhase, SessionSignal } from '../../../machines/session.machine.ts'
import {
  type BallotEvent,
  ballotFactFromJson,
  ballotFactToJson,
  decideTimeout,
  outcomeOf,
  refuse,
  type ScopeFact,
  Session,
  type SessionFact,
  type SessionState,
  safe,
} from '../../core/ballot/index.ts'
import type { JsonObject } from '../../ports/event-log.ts'

/** In `compatible` 32 bits; in `safe` the hex of a digest. */
export type ProposalKey = number | string

export type HostedSession = Session | safe.SafeSession
export type HostedState = SessionState | safe.SafeSessionState
export type HostedFact = SessionFact | safe.SafeFact
/** `null`: none yet, though its time is over. */
export type HostedOutcome = boolean | null | safe.Outcome

/** What follows from a command. */
export interface Command<Answer> {
  readonly facts: readonly HostedFact[]
  readonly effects: readonly (BallotEvent | safe.Spread)[]
  readonly faults: readonly safe.EquivocationFault[]
  readonly answer: Answer
  /** Set: the command is refused, and `facts` say what that changed. */
  readonly refusal?: Error
}

export const NO_COMMAND: Command<undefined> = { facts: [], effects: [], faults: [], answer: undefined }

export function newSession(key: ProposalKey, format: safe.BallotFormat): HostedSession {
  return typeof key === 'number' ? new Session() : new safe.SafeSession(format)
}

export function isSafeState(state: HostedState): state is safe.SafeSessionState {
  return 'finality' in state
}

function isSafeFact(fact: HostedFact): fact is safe.SafeFact {
  return 'proposalId' in fact
}

export function evolveHosted(session: HostedSession, fact: HostedFact): void {
  if (session instanceof Session) session.evolve(fact as SessionFact)
  else session.evolve(fact as safe.SafeFact)
}

export function factToJson(fact: HostedFact | ScopeFact): JsonObject {
  return isSafeFact(fact as HostedFact)
    ? safe.safeFactToJson(fact as safe.SafeFact)
    : ballotFactToJson(fact as ScopeFact)
}

/** Of a session's stream. */
export function hostedFactFromJson(type: string, data: JsonObject): HostedFact {
  const isSafe = type.startsWith('Safe') || type.startsWith('Ordered')
  return isSafe ? safe.safeFactFromJson(type, data) : (ballotFactFromJson(type, data) as SessionFact)
}

export function isOpening({ type }: HostedFact): boolean {
  return OPENINGS.has(type)
}

/** After it, a stream may hold another session; `safe` ones never come again. */
export function isEnd(type: string): boolean {
  return ENDS.has(type)
}

const OPENINGS: ReadonlySet<string> = new Set<HostedFact['type']>([
  'ProposalCreated',
  'ProposalReceived',
  'SafeProposalOpened',
  'OrderedSessionOpened',
])
const ENDS: ReadonlySet<string> = new Set<HostedFact['type']>([
  'SessionEvicted',
  'SessionDeleted',
  'SafeSessionEvicted',
  'SafeSessionDeleted',
])

/** What an actor is told of a fact, once it is durable. */
export const SIGNAL_OF: Readonly<Record<HostedFact['type'], SessionSignal['type'] | undefined>> = {
  ProposalCreated: undefined,
  ProposalReceived: undefined,
  VoteAccepted: undefined,
  VoteCast: undefined,
  LateVoteCast: undefined,
  DeadlinePassed: undefined,
  ConsensusReached: 'session.decided',
  ConsensusFailed: 'session.lapsed',
  RoundLimitReached: 'session.lapsed',
  SessionEvicted: 'session.evicted',
  SessionDeleted: 'session.evicted',
  SafeProposalOpened: undefined,
  SafeVoteAccepted: undefined,
  SafeSessionExpired: 'session.lapsed',
  SafeDecisionReached: 'session.decided',
  SafeSessionEvicted: 'session.evicted',
  SafeSessionDeleted: 'session.evicted',
  OrderedSessionOpened: undefined,
  OrderedVoteCounted: undefined,
  OrderedSessionSettled: 'session.decided',
}

/** `undefined`: still open. */
export function hostedOutcomeOf(state: HostedState): HostedOutcome | undefined {
  if (!isSafeState(state)) return outcomeOf(state)
  return state.outcome ?? (state.phase === 'expired' ? null : undefined)
}

export function phaseOf(state: HostedState): SessionPhase {
  const outcome = hostedOutcomeOf(state)
  return outcome === undefined ? 'open' : outcome === null ? 'lapsed' : 'decided'
}

const MS_PER_SEC = 1_000

export function deadlineMsOf(state: HostedState): number {
  return Number(state.deadlineSec) * MS_PER_SEC
}

export function endOf(session: HostedSession, how: 'Evicted' | 'Deleted', nowSec: bigint): HostedFact {
  if (session instanceof Session) return { type: `Session${how}`, nowSec }
  return { type: `SafeSession${how}`, proposalId: safe.proposalIdOf(session.state) }
}

/** The deadline of an open session passed. What an `ordered` one owes then is for the order to carry. */
export function timeout(session: HostedSession, nowSec: bigint): Command<unknown> {
  if (session instanceof Session) {
    const { status, deadlineSec } = session.state
    // Settled by what is on its way to the log.
    if (status !== 'active') return NO_COMMAND
    return decideTimeout(session, nowSec < deadlineSec ? deadlineSec : nowSec)
  }
  const { deadlineSec, finality } = session.state
  if (finality === 'ordered') return NO_COMMAND
  return { ...NO_COMMAND, facts: session.votes.decideDeadline(Math.max(Number(nowSec), deadlineSec)) }
}

export function notFound(scope: string, proposalId: ProposalKey): Error {
  return typeof proposalId === 'number'
    ? refuse({ code: 'SessionNotFound', scope, proposalId })
    : safe.refuseSafe({ code: 'SessionNotFound', proposalId })
}
