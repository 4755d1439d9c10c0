import { describe, expect, it } from 'vitest'
import { P2P_CONFIG } from '../../src/core/ballot/index.ts'
import { memoryLog } from '../../src/log/index.ts'
import { FaultyLog } from '../../src/testing/faulty-log.ts'
import { codeOf, factsOf, request, START_SEC, settle, voteBy, type World, world } from '../support/ballots.ts'

const SCOPE = 'treasury'

const typesOf = async (here: World): Promise<string[]> => (await factsOf(here.log)).map(({ type }) => type)

/** What the log tells of the time at which a deadline passed. */
async function passedAt(here: World): Promise<unknown> {
  return (await factsOf(here.log)).find(({ type }) => type === 'DeadlinePassed')?.data['nowSec']
}

describe('a deadline', () => {
  it('is kept by the engine itself, and the outcome follows from who was silent', async () => {
    const here = world()
    const events: unknown[] = []
    here.service.decisions$.subscribe(({ event }) => events.push(event))
    await here.service.createProposal(SCOPE, request(), { id: 1 })
    await here.service.createProposal(SCOPE, request({ livenessCriteriaYes: false }), { id: 2 })
    // Two of three are not enough, and silence is neither: p2p with nobody heard of four, and a threshold of 1.
    await here.service.createProposalWithConfig(
      SCOPE,
      request({ expectedVotersCount: 4, livenessCriteriaYes: false }),
      { ...P2P_CONFIG, threshold: 1, timeoutNs: 60_000_000_000n },
      { id: 3 },
    )
    await here.service.castVote(SCOPE, 3, true)
    await here.clock.advance(59_999)
    expect(events).toEqual([])
    await here.clock.advance(1)
    const timestamp = START_SEC + 60n
    expect(events).toEqual([
      { type: 'ConsensusReached', proposalId: 1, result: true, timestamp },
      { type: 'ConsensusReached', proposalId: 2, result: false, timestamp },
      { type: 'ConsensusFailed', proposalId: 3, timestamp },
    ])
    expect(here.service.getScopeStats(SCOPE)).toEqual({
      totalSessions: 3,
      activeSessions: 0,
      failedSessions: 1,
      consensusReached: 2,
    })
    expect(here.clock.scheduledCount).toBe(0)
  })

  it('is the timeout after the start where an override gave one', async () => {
    const here = world()
    await here.service.createProposalWithConfig(
      SCOPE,
      request(),
      { ...P2P_CONFIG, timeoutNs: 5_500_000_000n },
      { id: 1 },
    )
    await here.clock.advance(5_999)
    expect(here.service.getScopeStats(SCOPE).activeSessions).toBe(1)
    await here.clock.advance(1)
    expect(here.service.getConsensusResult(SCOPE, 1)).toBe(true)
  })

  it('stands after a restart', async () => {
    const here = world()
    await here.service.createProposal(SCOPE, request(), { id: 1 })
    await here.clock.advance(20_000)
    await here.service.close()
    expect(here.clock.scheduledCount).toBe(0)
    const reborn = here.start()
    await reborn.recover()
    expect(here.clock.nextAtMs).toBe((Number(START_SEC) + 60) * 1_000)
    await here.clock.advance(40_000)
    expect(reborn.getConsensusResult(SCOPE, 1)).toBe(true)
    expect(await passedAt(here)).toBe(String(START_SEC + 60n))
  })

  it('that passed while nobody ran passes at recovery, once', async () => {
    const here = world()
    await here.service.createProposal(SCOPE, request(), { id: 1 })
    await here.service.close()
    await here.clock.advance(600_000)
    const reborn = here.start()
    const seen: unknown[] = []
    reborn.decisions$.subscribe(({ event }) => seen.push(event.type))
    await reborn.recover()
    await here.clock.advance(0)
    expect(seen).toEqual(['ConsensusReached'])
    expect(await passedAt(here)).toBe(String(START_SEC + 600n))
    await reborn.close()
    const again = here.start()
    await again.recover()
    await here.clock.advance(600_000)
    expect(await typesOf(here)).toEqual(['ProposalCreated', 'DeadlinePassed', 'ConsensusReached'])
  })

  it.each([
    ['decided', async ({ service }: World) => void (await service.handleConsensusTimeout(SCOPE, 1))],
    ['deleted', async ({ service }: World) => service.deleteScope(SCOPE)],
    ['failed', async ({ service }: World) => void (await codeOf(service.castVote(SCOPE, 1, true)))],
    [
      'evicted',
      async ({ service }: World) => void (await service.createProposal(SCOPE, request({ expirationSec: 999n }))),
    ],
  ])('of a session that is %s before is not waited for', async (how, end) => {
    const here = world({ maxSessionsPerScope: 1 })
    const config = { ...P2P_CONFIG, networkType: 'gossipsub', maxRounds: how === 'failed' ? 1 : 2 } as const
    await here.service.createProposalWithConfig(SCOPE, request(), { ...config, timeoutNs: 60_000_000_000n }, { id: 1 })
    expect(here.clock.scheduledCount).toBe(1)
    await end(here)
    expect(here.clock.nextAtMs).toBe(how === 'evicted' ? (Number(START_SEC) + 999) * 1_000 : undefined)
  })

  it('beyond the reach of numbers is no trouble', async () => {
    const here = world()
    await here.service.createProposal(SCOPE, request({ expirationSec: 2n ** 64n }), { id: 1 })
    await here.clock.advance(1e15)
    expect(here.service.getScopeStats(SCOPE).activeSessions).toBe(1)
  })

  it('that cannot be logged is tried again until it can', async () => {
    const log = new FaultyLog(memoryLog())
    const here = world({ log })
    await here.service.createProposal(SCOPE, request(), { id: 1 })
    log.plan(() => 'full')
    await here.clock.advance(65_000)
    expect(log.attempts).toBeGreaterThan(3)
    expect(here.service.getScopeStats(SCOPE).activeSessions).toBe(1)
    log.heal()
    await here.clock.advance(2_000)
    expect(here.service.getConsensusResult(SCOPE, 1)).toBe(true)
    expect(await typesOf(here)).toEqual(['ProposalCreated', 'DeadlinePassed', 'ConsensusReached'])
    expect(here.clock.scheduledCount).toBe(0)
  })

  it('has no say in a session that is being decided', async () => {
    const log = new FaultyLog(memoryLog())
    const here = world({ log })
    const events: unknown[] = []
    here.service.decisions$.subscribe(({ event }) => events.push(event))
    const proposal = await here.service.createProposal(SCOPE, request(), { id: 1 })
    await here.service.castVote(SCOPE, 1, false)
    const release = log.hold()
    const late = here.service.processIncomingVote(SCOPE, voteBy('ann', proposal, false))
    await settle()
    await here.clock.advance(60_000)
    release()
    await late
    await settle()
    expect(events).toEqual([{ type: 'ConsensusReached', proposalId: 1, result: false, timestamp: START_SEC }])
  })

  it('does nothing after close', async () => {
    const log = new FaultyLog(memoryLog())
    const here = world({ log })
    await here.service.createProposal(SCOPE, request(), { id: 1 })
    const release = log.hold()
    // Under way while the service closes: done, but nothing begins from it.
    const opening = here.service.createProposal(SCOPE, request(), { id: 2 })
    await settle()
    let isClosed = false
    const closed = here.service.close().finally(() => {
      isClosed = true
    })
    expect(await codeOf(here.service.castVote(SCOPE, 1, true))).toBe('ServiceClosed')
    expect(await codeOf(here.service.createProposal(SCOPE, request()))).toBe('ServiceClosed')
    await settle()
    expect(isClosed).toBe(false)
    release()
    await closed
    expect(await codeOf(opening)).toBe('accepted')
    expect(here.clock.scheduledCount).toBe(0)
    await here.clock.advance(600_000)
    expect(await typesOf(here)).toEqual(['ProposalCreated', 'ProposalCreated'])
  })
})
