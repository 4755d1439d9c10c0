/** What tests of the consensus service share: a world with a virtual clock, requests, foreign votes, and a full dump. */

import { present } from '../../src/base/errors.ts'
import { toHex } from '../../src/base/text.ts'
import { buildVote, type Proposal, type ProposalRequest, type Vote } from '../../src/core/ballot/index.ts'
import { ConsensusService } from '../../src/engine/ballots/consensus-service.ts'
import type { ConsensusServiceOptions } from '../../src/engine/ballots/options.ts'
import { memoryLog } from '../../src/log/index.ts'
import type { EventLog, RecordedFact } from '../../src/ports/event-log.ts'
import { SeededRandom } from '../../src/testing/seeded-random.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'
import { cheapSigner } from './cheap-scheme.ts'

export const START_SEC = 1_700_000_000n

export interface World {
  readonly log: EventLog
  readonly clock: VirtualClock
  readonly service: ConsensusService
  /** Another process of the same peer, or another peer, on the same log and clock. */
  start(options?: ConsensusServiceOptions & { readonly peer?: string; readonly seed?: string }): ConsensusService
}

export function world(options: ConsensusServiceOptions & { readonly peer?: string } = {}): World {
  const log = options.log ?? memoryLog()
  const clock = new VirtualClock(Number(START_SEC) * 1_000)
  let started = 0
  const start: World['start'] = ({ peer = options.peer ?? 'self', seed, ...others } = {}) => {
    started += 1
    const random = new SeededRandom(seed ?? `${peer}/${started}`)
    return new ConsensusService({ log, clock, random, signer: cheapSigner(peer), ...options, ...others })
  }
  return { log, clock, service: start(), start }
}

export function request(changes: Partial<ProposalRequest> = {}): ProposalRequest {
  return {
    name: 'Raise the limit',
    payload: new Uint8Array([1, 2, 3]),
    proposalOwner: new Uint8Array([7]),
    expectedVotersCount: 3,
    expirationSec: 60n,
    livenessCriteriaYes: true,
    ...changes,
  }
}

/** A vote that `voter` signed; the same arguments give the same vote. */
export function voteBy(
  voter: string,
  proposal: Pick<Proposal, 'proposalId' | 'timestamp'>,
  choice: boolean,
  nowSec = proposal.timestamp,
): Vote {
  return buildVote(proposal, {}, { voteId: choice ? 1 : 2, choice, nowSec }, cheapSigner(voter))
}

export async function factsOf(log: EventLog): Promise<RecordedFact[]> {
  const facts: RecordedFact[] = []
  for await (const fact of log.readAll()) facts.push(fact)
  return facts
}

/** Lets everything happen that needs no time. */
export async function settle(turns = 3): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setImmediate(resolve))
}

/** The code of the error that a command is refused with; `accepted` where it is not. */
export async function codeOf(command: Promise<unknown>): Promise<string> {
  try {
    await command
    return 'accepted'
  } catch (error) {
    return String((error as { readonly code?: unknown }).code ?? error)
  }
}

function plain(_: string, value: unknown): unknown {
  if (typeof value === 'bigint') return `${value}n`
  if (value instanceof Uint8Array) return toHex(value)
  if (value instanceof Map) return [...value.entries()]
  if (value === undefined) return 'undefined'
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value)
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
  return value
}

/** All that a service answers about these scopes, as text; sessions in their order of arrival, or by id. */
export function dump(
  service: ConsensusService,
  scopes: readonly string[],
  order: 'arrival' | 'id' = 'arrival',
): string {
  const ordered = <T extends { readonly proposalId: number }>(list: T[]): T[] =>
    order === 'id' ? list.sort((a, b) => a.proposalId - b.proposalId) : list
  const resultOf = (scope: string, id: number): unknown => {
    try {
      return service.getConsensusResult(scope, id)
    } catch (error) {
      return present((error as { readonly code?: string }).code, 'a refusal has a code')
    }
  }
  const all = scopes.map((scope) => ({
    scope,
    config: service.getScopeConfig(scope),
    stats: service.getScopeStats(scope),
    reached: ordered([...service.getReachedProposals(scope)].map(([proposalId, result]) => ({ proposalId, result }))),
    active: ordered(service.getActiveProposals(scope)),
    sessions: ordered(service.storage().sessions(scope)).map((state) => ({
      state,
      result: resultOf(scope, state.proposalId),
      proposal: service.getProposal(scope, state.proposalId),
      config: service.getProposalConfig(scope, state.proposalId),
    })),
  }))
  return JSON.stringify({ scopes: service.listScopes(), all }, plain, 1)
}
