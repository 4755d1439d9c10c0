import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ballotFactFromJson, type ScopeFact, Session, type SessionFact } from '../../src/core/ballot/index.ts'
import type { ConsensusService } from '../../src/engine/ballots/consensus-service.ts'
import { streamName } from '../../src/engine/streams.ts'
import { memoryLog } from '../../src/log/index.ts'
import { LogError, type NewFact } from '../../src/ports/event-log.ts'
import type { AppendFault } from '../../src/testing/append-fault.ts'
import { FaultyLog } from '../../src/testing/faulty-log.ts'
import { anyCommand, execute, runs, SCOPES } from '../support/ballot-commands.ts'
import { codeOf, dump, factsOf, request, settle, voteBy, type World, world } from '../support/ballots.ts'

const SCOPE = 'treasury'
const RUNS = 200
const UNWRITTEN = [
  ['full', 'LogFull'],
  ['unavailable', 'LogUnavailable'],
  ['lost', 'LogTimeout'],
] as const

interface FaultyWorld extends World {
  readonly log: FaultyLog
  /** What was published, and what the log did not hold at that moment. */
  readonly notices: string[]
  readonly unfounded: string[]
}

/** A world that checks each notice against the log, at the moment of the notice. */
function faultyWorld(options: { readonly maxSessionsPerScope?: number } = {}): FaultyWorld {
  const written = new Map<string, NewFact[]>()
  const inner = memoryLog()
  const append = inner.append.bind(inner)
  inner.append = async (stream, facts, expected) => {
    const revision = await append(stream, facts, expected)
    written.set(stream, [...(written.get(stream) ?? []), ...facts])
    return revision
  }
  const log = new FaultyLog(inner)
  const here = world({ ...options, log })
  const notices: string[] = []
  const unfounded: string[] = []
  const noticed = (notice: string, scope: string, id: number, accept: (prefix: Session) => boolean): void => {
    notices.push(notice)
    const peer = Buffer.from(here.service.identity).toString('hex')
    const facts = written.get(streamName({ category: 'ballot', peer, scope, proposal: String(id) })) ?? []
    const session = new Session()
    const isWritten = facts.some(({ type, data }) => {
      session.evolve(ballotFactFromJson(type, data) as Exclude<SessionFact, ScopeFact>)
      return accept(session)
    })
    if (!isWritten) unfounded.push(notice)
  }
  here.service.sessions$.subscribe(({ scope, proposalId, status, yesVotes, noVotes, isGone }) => {
    noticed(`${proposalId} ${status} ${yesVotes}:${noVotes}`, scope, proposalId, ({ state }) => {
      return (
        state.status === status && state.yesVotes === yesVotes && state.noVotes === noVotes && state.isGone === isGone
      )
    })
  })
  here.service.decisions$.subscribe(({ scope, event }) => {
    const status = event.type === 'ConsensusFailed' ? 'failed' : event.result ? 'yes' : 'no'
    noticed(`${event.proposalId} is ${status}`, scope, event.proposalId, ({ state }) => state.status === status)
  })
  return { ...here, log, notices, unfounded }
}

/** What a new process makes of the log. */
async function refolded(here: World, scopes: readonly string[] = [SCOPE], order?: 'id'): Promise<string> {
  const copy = memoryLog()
  for (const { stream, revision, ...fact } of await factsOf(here.log)) await copy.append(stream, [fact], revision - 1)
  const service = here.start({ log: copy })
  await service.recover()
  const shown = dump(service, scopes, order)
  await service.close()
  return shown
}

async function threeVoters(here: World, id = 1) {
  const proposal = await here.service.createProposal(SCOPE, request(), { id })
  await here.service.castVote(SCOPE, id, true)
  return proposal
}

describe.each(UNWRITTEN)('an append that fails (%s)', (fault, code) => {
  it('refuses a vote, shows and publishes nothing of it, and takes the next', async () => {
    const here = faultyWorld()
    const proposal = await threeVoters(here)
    const shown = dump(here.service, [SCOPE])
    const noticed = here.notices.length
    const facts = (await factsOf(here.log)).length
    here.log.failNext(fault)
    const deciding = voteBy('ann', proposal, true)
    expect(await codeOf(here.service.processIncomingVote(SCOPE, deciding))).toBe(code)
    expect(dump(here.service, [SCOPE])).toBe(shown)
    expect(here.notices).toHaveLength(noticed)
    expect(await factsOf(here.log)).toHaveLength(facts)
    expect(await codeOf(here.service.processIncomingVote(SCOPE, deciding))).toBe('accepted')
    expect(here.service.getConsensusResult(SCOPE, 1)).toBe(true)
    expect(here.unfounded).toEqual([])
    expect(dump(here.service, [SCOPE])).toBe(await refolded(here))
  })

  it('refuses a proposal, which may be made again', async () => {
    const here = faultyWorld()
    here.log.failNext(fault)
    expect(await codeOf(here.service.createProposal(SCOPE, request(), { id: 1 }))).toBe(code)
    expect(here.service.listScopes()).toEqual([])
    expect(here.notices).toEqual([])
    expect(await codeOf(here.service.castVote(SCOPE, 1, true))).toBe('SessionNotFound')
    const proposal = await threeVoters(here)
    expect(here.service.getProposal(SCOPE, 1)).toMatchObject({ ...proposal, votes: [{ vote: true }], round: 2 })
    expect(here.clock.scheduledCount).toBe(1)
  })

  it('refuses a setting of a scope, which may be made again', async () => {
    const here = faultyWorld()
    here.log.failNext(fault)
    expect(await codeOf(here.service.scope(SCOPE).strictConsensus().initialize())).toBe(code)
    expect(here.service.getScopeConfig(SCOPE)).toBeUndefined()
    await here.service.scope(SCOPE).strictConsensus().initialize()
    expect(here.service.getScopeConfig(SCOPE)?.threshold).toBe(0.9)
    expect(dump(here.service, [SCOPE])).toBe(await refolded(here))
  })

  it('fails every command that rests on it, though it came later', async () => {
    const here = faultyWorld()
    const proposal = await threeVoters(here)
    here.log.failNext(fault)
    const deciding = voteBy('ann', proposal, true)
    const commands = [
      here.service.processIncomingVote(SCOPE, deciding),
      // Refused for what is not durable yet, and answered from it.
      here.service.processIncomingVote(SCOPE, deciding),
      here.service.handleConsensusTimeout(SCOPE, 1),
      here.service.castVote(SCOPE, 1, false),
    ]
    expect(await Promise.all(commands.map(codeOf))).toEqual([code, code, code, code])
    expect(here.service.getScopeStats(SCOPE).activeSessions).toBe(1)
    expect(here.unfounded).toEqual([])
  })

  it('fails a second proposal of the same id, which is refused only where the first stands', async () => {
    const here = faultyWorld()
    const both = () => [1, 2].map(() => codeOf(here.service.createProposal(SCOPE, request(), { id: 1 })))
    here.log.failNext(fault)
    expect(await Promise.all(both())).toEqual([code, code])
    expect(await Promise.all(both())).toEqual(['accepted', 'ProposalAlreadyExist'])
  })

  it('cannot evict: the session stays, and goes at the next chance', async () => {
    const here = faultyWorld({ maxSessionsPerScope: 1 })
    await threeVoters(here)
    await here.clock.advance(1_000)
    here.log.plan(({ facts }) => (facts[0]?.type === 'SessionEvicted' ? fault : undefined))
    await here.service.createProposal(SCOPE, request(), { id: 2 })
    expect(here.service.getScopeStats(SCOPE).totalSessions).toBe(2)
    here.log.heal()
    await here.clock.advance(1_000)
    await here.service.createProposal(SCOPE, request(), { id: 3 })
    expect(
      here.service
        .storage()
        .sessions(SCOPE)
        .map(({ proposalId }) => proposalId),
    ).toEqual([3])
    expect(dump(here.service, [SCOPE])).toBe(await refolded(here))
  })
})

describe('an append that was written, though its answer was lost', () => {
  it('refuses the vote, and draws its consequences from the log', async () => {
    const here = faultyWorld()
    const proposal = await threeVoters(here)
    const outcomes: (boolean | null | 'end')[] = []
    here.service
      .outcome$(SCOPE, 1)
      .subscribe({ next: (outcome) => outcomes.push(outcome), complete: () => outcomes.push('end') })
    here.log.failNext('unanswered')
    const deciding = voteBy('ann', proposal, true)
    expect(await codeOf(here.service.processIncomingVote(SCOPE, deciding))).toBe('LogTimeout')
    expect(here.service.getConsensusResult(SCOPE, 1)).toBe(true)
    expect(outcomes).toEqual([true, 'end'])
    expect(here.notices.filter((notice) => notice === '1 is yes')).toHaveLength(1)
    expect(here.clock.scheduledCount).toBe(0)
    expect(here.unfounded).toEqual([])
    expect(dump(here.service, [SCOPE])).toBe(await refolded(here))
  })

  it('is told from what an earlier session of the same id left in the stream', async () => {
    const here = faultyWorld()
    await threeVoters(here)
    await here.service.deleteScope(SCOPE)
    const proposal = await threeVoters(here)
    const told = here.notices.length
    here.log.failNext('unanswered')
    expect(await codeOf(here.service.processIncomingVote(SCOPE, voteBy('ann', proposal, false)))).toBe('LogTimeout')
    expect(here.notices.slice(told)).toEqual(['1 yes 1:1', '1 is yes'])
    here.log.failNext('lost')
    expect(await codeOf(here.service.deleteScope(SCOPE))).toBe('LogTimeout')
    await here.service.deleteScope(SCOPE)
    here.log.failNext('lost')
    expect(await codeOf(here.service.createProposal(SCOPE, request(), { id: 1 }))).toBe('LogTimeout')
    expect(here.notices.slice(told)).toEqual(['1 yes 1:1', '1 is yes', '1 yes 1:1'])
    expect(here.service.listScopes()).toEqual([])
  })

  it('leaves a proposal that lives: its deadline passes', async () => {
    const here = faultyWorld()
    here.log.failNext('unanswered')
    expect(await codeOf(here.service.createProposal(SCOPE, request(), { id: 1 }))).toBe('LogTimeout')
    expect(await codeOf(here.service.createProposal(SCOPE, request(), { id: 1 }))).toBe('ProposalAlreadyExist')
    await here.clock.advance(60_000)
    expect(here.notices).toEqual(['1 active 0:0', '1 yes 0:0', '1 is yes'])
  })

  it('leaves the setting of a scope that the log holds', async () => {
    const here = faultyWorld()
    here.log.failNext('unanswered')
    expect(await codeOf(here.service.scope(SCOPE).strictConsensus().initialize())).toBe('LogTimeout')
    expect(here.service.getScopeConfig(SCOPE)?.threshold).toBe(0.9)
  })
})

describe('a log that can be neither written nor read', () => {
  it('refuses everything that needs it, and nothing is decided upon what was not written', async () => {
    const here = faultyWorld()
    const proposal = await threeVoters(here)
    const shown = dump(here.service, [SCOPE])
    const noticed = here.notices.length
    here.log.plan(() => 'unavailable')
    here.log.failReads()
    const refused = [
      await codeOf(here.service.processIncomingVote(SCOPE, voteBy('ann', proposal, true))),
      await codeOf(here.service.processIncomingVote(SCOPE, voteBy('ben', proposal, true))),
      await codeOf(here.service.handleConsensusTimeout(SCOPE, 1)),
      await codeOf(here.service.createProposal(SCOPE, request(), { id: 2 })),
      await codeOf(here.service.createProposal(SCOPE, request(), { id: 2 })),
      await codeOf(here.service.scope(SCOPE).strictConsensus().update()),
      await codeOf(here.service.createProposal(SCOPE, request(), { id: 3 })),
      await codeOf(here.service.deleteScope(SCOPE)),
    ]
    expect(new Set(refused)).toEqual(new Set(['LogUnavailable']))
    expect(dump(here.service, [SCOPE])).toBe(shown)
    expect(here.notices).toHaveLength(noticed)
    here.log.heal()
    expect(await codeOf(here.service.createProposal(SCOPE, request(), { id: 2 }))).toBe('accepted')
    expect(await codeOf(here.service.processIncomingVote(SCOPE, voteBy('ben', proposal, false)))).toBe('accepted')
    expect(here.unfounded).toEqual([])
    expect(dump(here.service, [SCOPE])).toBe(await refolded(here))
  })

  it('cannot be recovered from; once it can, all of it is there', async () => {
    const here = faultyWorld()
    await threeVoters(here)
    const reborn = here.start()
    here.log.failReads()
    expect(await codeOf(reborn.recover())).toBe('LogUnavailable')
    expect(reborn.listScopes()).toEqual([])
    here.log.heal()
    await reborn.recover()
    expect(dump(reborn, [SCOPE])).toBe(dump(here.service, [SCOPE]))
  })
})

const vote = (service: ConsensusService): Promise<string> => codeOf(service.castVote(SCOPE, 1, false))

describe('two processes with one identity', () => {
  it.each(['first', 'second'] as const)('the %s writes: the other is fenced for good', async (winner) => {
    const here = world()
    await here.service.createProposal(SCOPE, request(), { id: 1 })
    await here.service.createProposal(SCOPE, request(), { id: 2 })
    const second = here.start()
    await second.recover()
    const [writer, fenced] = winner === 'first' ? [here.service, second] : [second, here.service]
    expect(await vote(writer)).toBe('accepted')
    const held = await factsOf(here.log)
    const published: unknown[] = []
    fenced.decisions$.subscribe((event) => published.push(event))
    fenced.sessions$.subscribe((state) => published.push(state))
    expect(await vote(fenced)).toBe('WrongExpectedRevision')
    // Never again, on no stream, not even for a deadline.
    const later = [
      await vote(fenced),
      await codeOf(fenced.castVote(SCOPE, 2, false)),
      await codeOf(fenced.createProposal(SCOPE, request())),
      await codeOf(fenced.scope('other').initialize()),
      await codeOf(fenced.deleteScope(SCOPE)),
      await codeOf(fenced.handleConsensusTimeout(SCOPE, 2)),
    ]
    expect(new Set(later)).toEqual(new Set(['WrongExpectedRevision']))
    expect(await factsOf(here.log)).toEqual(held)
    expect(published).toEqual([])
    await writer.close()
    await here.clock.advance(120_000)
    expect(await factsOf(here.log)).toEqual(held)
  })

  it('a session that the other began is no place to write', async () => {
    const here = world()
    const second = here.start()
    await here.service.createProposal(SCOPE, request(), { id: 1 })
    expect(await codeOf(second.createProposal(SCOPE, request(), { id: 1 }))).toBe('WrongExpectedRevision')
    expect(await codeOf(second.createProposal(SCOPE, request(), { id: 2 }))).toBe('WrongExpectedRevision')
    expect(await factsOf(here.log)).toHaveLength(1)
    expect(await codeOf(here.service.castVote(SCOPE, 1, true))).toBe('accepted')
  })

  it('a setting of a scope that the other made is no place to write', async () => {
    const here = world()
    const second = here.start()
    await here.service.scope(SCOPE).initialize()
    expect(await codeOf(second.scope(SCOPE).initialize())).toBe('WrongExpectedRevision')
    expect(await codeOf(second.createProposal('other', request()))).toBe('WrongExpectedRevision')
  })
})

it('whatever fails, the state is what the log holds, and nothing else was ever seen', async () => {
  const faults: (AppendFault | 'reads' | undefined)[] = [
    'full',
    'unavailable',
    'lost',
    'unanswered',
    'reads',
    undefined,
  ]
  const plan = fc.array(fc.constantFrom(...faults), { minLength: 1, maxLength: 12 })
  const bursts = fc.array(fc.array(anyCommand, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 8 })
  await fc.assert(
    fc.asyncProperty(bursts, plan, async (all, weather) => {
      const here = faultyWorld({ maxSessionsPerScope: 1_000 })
      here.log.plan(({ attempt }) => {
        const fault = weather[attempt % weather.length]
        if (fault !== 'reads') return fault
        here.log.failReads()
        return 'unavailable'
      })
      for (const burst of all) {
        const nowSec = BigInt(here.clock.nowMs() / 1_000)
        const given = burst.map((each) =>
          each.do === 'wait'
            ? here.clock.advance(each.sec * 1_000)
            : codeOf((async () => execute(here.service, nowSec, each))()),
        )
        const codes = await Promise.all(given)
        expect(
          codes.filter((code) => !/^(undefined|[A-Za-z]+)$/.test(String(code)) || code === 'AssertionFailed'),
        ).toEqual([])
        await settle()
      }
      here.log.heal()
      // Refused for its settings, but not before what is unsure is known.
      for (const scope of SCOPES)
        for (let id = 0; id < 5; id += 1)
          expect(await codeOf(here.service.createProposal(scope, request({ expirationSec: 0n }), { id }))).toBe(
            'InvalidTimeout',
          )
      // By id: what came to light later than it was written stands where it was written.
      expect(dump(here.service, SCOPES, 'id')).toBe(await refolded(here, SCOPES, 'id'))
      expect(here.unfounded).toEqual([])
      await here.service.close()
    }),
    runs(RUNS),
  )
})

it('every failure of the log is told as such', async () => {
  const here = faultyWorld()
  here.log.failNext('full')
  await expect(here.service.createProposal(SCOPE, request())).rejects.toBeInstanceOf(LogError)
})
