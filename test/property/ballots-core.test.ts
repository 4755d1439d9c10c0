import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  BallotError,
  ballotFactToJson,
  buildVote,
  ConsensusCore,
  type CoreStep,
  encodeProposal,
  type Proposal,
  type ScopedFact,
} from '../../src/core/ballot/index.ts'
import { type ConsensusService, createConsensusService } from '../../src/engine/ballots/consensus-service.ts'
import { parseStreamName } from '../../src/engine/streams.ts'
import { memoryLog } from '../../src/log/index.ts'
import type { EventLog } from '../../src/ports/event-log.ts'
import { insecureSigner, VirtualClock } from '../../src/testing/index.ts'
import { proposalOf, voter } from '../support/ballot-messages.ts'

const SCOPES = ['s', 'a.b-c$d%é']
const MAX_SESSIONS = 3
const signer = insecureSigner(new Uint8Array(20).fill(11))

const commands = fc.array(
  fc.record({
    op: fc.constantFrom(
      ...(['create', 'receive', 'receive', 'vote', 'vote', 'vote', 'cast', 'timeout', 'configure', 'delete'] as const),
    ),
    scope: fc.constantFrom(...SCOPES),
    proposalId: fc.nat({ max: 4 }),
    voter: fc.nat({ max: 5 }),
    choice: fc.boolean(),
    later: fc.constantFrom(0, 0, 1, 5, 30),
  }),
  { maxLength: 40 },
)
type Command = typeof commands extends fc.Arbitrary<(infer One)[]> ? One : never

const proposalFor = ({ proposalId, voter: n, choice }: Command, nowSec: bigint): Proposal =>
  proposalOf({
    proposalId,
    expectedVotersCount: n,
    timestamp: nowSec,
    expirationTimestamp: nowSec + 60n,
    livenessCriteriaYes: choice,
  })
const voteFor = ({ proposalId, voter: n, choice }: Command, nowSec: bigint) =>
  buildVote({ proposalId }, {}, { voteId: n, choice, nowSec }, voter(n))
const requestFor = (command: Command, nowSec: bigint) => ({ ...proposalFor(command, nowSec), expirationSec: 60n })

function ask(core: ConsensusCore, command: Command, nowSec: bigint): CoreStep<unknown> {
  const { op, scope, proposalId, voter: n, choice } = command
  switch (op) {
    case 'create':
      return core.createProposal(scope, requestFor(command, nowSec), { nowSec, proposalId })
    case 'receive':
      return core.processIncomingProposal(scope, proposalFor(command, nowSec), { nowSec })
    case 'vote':
      return core.processIncomingVote(scope, voteFor(command, nowSec), { nowSec })
    case 'cast':
      return core.castVote(scope, proposalId, choice, { nowSec, voteId: n })
    case 'timeout':
      return core.handleConsensusTimeout(scope, proposalId, { nowSec })
    case 'configure':
      return core
        .scope(scope, { nowSec })
        .p2pPreset()
        .withMaxRounds(n - 1)
        .update()
    case 'delete':
      return core.deleteScope(scope, { nowSec })
  }
}

function askService(service: ConsensusService, command: Command, nowSec: bigint): Promise<unknown> {
  const { op, scope, proposalId, voter: n, choice } = command
  switch (op) {
    case 'create':
      return service.createProposal(scope, requestFor(command, nowSec), { nowSec, id: proposalId })
    case 'receive':
      return service.processIncomingProposal(scope, proposalFor(command, nowSec), { nowSec })
    case 'vote':
      return service.processIncomingVote(scope, voteFor(command, nowSec), { nowSec })
    case 'cast':
      return service.castVote(scope, proposalId, choice, { nowSec, id: n })
    case 'timeout':
      return service.handleConsensusTimeout(scope, proposalId, { nowSec })
    case 'configure':
      return Promise.resolve(
        service
          .scope(scope)
          .p2pPreset()
          .withMaxRounds(n - 1),
      ).then((builder) => builder.update())
    case 'delete':
      return service.deleteScope(scope)
  }
}

const codeOf = (error: unknown): string => {
  if (error instanceof BallotError) return error.code
  throw error
}

/** A fact's stream, type and content. The engine's own clock stands still, so times of its own acts are left out. */
const line = (scope: string, proposalId: number | null, type: string, data: object): string => {
  const isTimed = /^(Scope|SessionEvicted|SessionDeleted)/.test(type)
  return JSON.stringify([scope, proposalId, type, isTimed ? { ...data, nowSec: null } : data])
}

async function linesOf(log: EventLog): Promise<string[]> {
  const lines: string[] = []
  for await (const { stream, type, data } of log.readAll()) {
    const { scope = '', proposal } = parseStreamName(stream) ?? {}
    lines.push(line(scope, proposal === undefined ? null : Number(proposal), type, data))
  }
  return lines.sort()
}

const shownByCore = (core: ConsensusCore) =>
  SCOPES.map((scope) => [
    core.scopeConfig(scope),
    core.sessions(scope),
    core.sessions(scope).map(({ proposalId }) => encodeProposal(core.proposal(scope, proposalId))),
  ])
const shownByService = (service: ConsensusService) =>
  SCOPES.map((scope) => {
    const sessions = service.storage().sessions(scope)
    const proposals = sessions.map(({ proposalId }) => encodeProposal(service.getProposal(scope, proposalId)))
    return [service.getScopeConfig(scope), sessions, proposals]
  })

describe('the sans-I/O core, ballots §7', () => {
  it('answers, publishes, records and shows what the service does; and its facts rebuild it', async () => {
    await fc.assert(
      fc.asyncProperty(commands, async (steps) => {
        const core = new ConsensusCore({ signer, maxSessionsPerScope: MAX_SESSIONS })
        const log = memoryLog()
        const options = { log, signer, clock: new VirtualClock(), maxSessionsPerScope: MAX_SESSIONS }
        const service = createConsensusService(options)
        const [published, heard]: [unknown[], unknown[]] = [[], []]
        service.decisions$.subscribe((event) => heard.push(event))
        const facts: ScopedFact[] = []
        let nowSec = 1_000n
        for (const step of steps) {
          nowSec += BigInt(step.later)
          let ours: unknown
          try {
            const { facts: made, effects, answer, refusal } = ask(core, step, nowSec)
            facts.push(...made)
            published.push(...effects)
            ours = refusal?.code ?? answer
          } catch (error) {
            ours = codeOf(error)
          }
          expect(ours).toEqual(await askService(service, step, nowSec).catch(codeOf))
        }
        expect(published).toEqual(heard)
        expect(shownByCore(core)).toEqual(shownByService(service))
        expect(core.listScopes().sort()).toEqual(service.listScopes().sort())
        const lines = facts.map(({ scope, proposalId, fact }) =>
          line(scope, proposalId, fact.type, ballotFactToJson(fact)),
        )
        expect(lines.sort()).toEqual(await linesOf(log))
        const rebuilt = new ConsensusCore({ signer })
        for (const fact of facts) rebuilt.evolve(fact)
        expect(shownByCore(rebuilt)).toEqual(shownByCore(core))
        await service.close()
      }),
      { numRuns: 200 },
    )
  })
})
