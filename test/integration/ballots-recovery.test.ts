import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ConsensusService } from '../../src/engine/ballots/consensus-service.ts'
import { parseStreamName } from '../../src/engine/streams.ts'
import { memoryLog } from '../../src/log/index.ts'
import { type EventLog, LogError } from '../../src/ports/event-log.ts'
import { codeOf, dump, factsOf, request, voteBy, world } from '../support/ballots.ts'

const SCOPES = ['treasury', 'council']

const idsOf = (service: ConsensusService, scope: string): number[] =>
  service
    .storage()
    .sessions(scope)
    .map(({ proposalId }) => proposalId)

/** Ids of the sessions of a scope that the log holds and that did not end, in the order in which they began there. */
async function loggedIds(log: EventLog, scope: string): Promise<number[]> {
  const ids = new Set<number>()
  for (const { stream, type } of await factsOf(log)) {
    const name = parseStreamName(stream)
    if (name?.category !== 'ballot' || name.scope !== scope) continue
    if (type === 'ProposalCreated' || type === 'ProposalReceived') ids.add(Number(name.proposal))
    if (type === 'SessionEvicted' || type === 'SessionDeleted') ids.delete(Number(name.proposal))
  }
  return [...ids]
}

describe('a restart', () => {
  it('gives the sessions in the order of the log', async () => {
    const opening = fc.record({ id: fc.integer({ min: 1, max: 6 }), scope: fc.constantFrom(...SCOPES), at: fc.nat(3) })
    await fc.assert(
      fc.asyncProperty(fc.array(opening, { minLength: 1, maxLength: 20 }), async (openings) => {
        const { log, clock, service, start } = world({ maxSessionsPerScope: 3 })
        // Some together, some one by one; an id whose session was evicted comes again and is the newest then.
        const underWay = openings.map(async ({ id, scope, at }) => {
          for (let turn = 0; turn < at; turn += 1) await Promise.resolve()
          await codeOf(service.createProposal(scope, request(), { id }))
        })
        await clock.advance(1_000)
        await Promise.all(underWay)
        for (const { id, scope } of openings) await codeOf(service.createProposal(scope, request(), { id }))
        const restarted = start()
        await restarted.recover()
        for (const scope of SCOPES) expect(idsOf(restarted, scope)).toEqual(await loggedIds(log, scope))
      }),
    )
  })
})

describe('a recovery that fails', () => {
  it.each([1, 4, 7])('leaves nothing behind after %i facts, and may be tried again', async (readable) => {
    const inner = memoryLog()
    const { clock, service, start } = world({ log: inner })
    for (const scope of SCOPES) {
      const proposal = await service.createProposal(scope, request(), { id: 1 })
      for (const voter of ['ann', 'ben']) await service.processIncomingVote(scope, voteBy(voter, proposal, true))
      await service.createProposal(scope, request(), { id: 2 })
    }
    const before = dump(service, SCOPES)
    await service.close()
    let isBroken = true
    const log: EventLog = {
      append: (...append) => inner.append(...append),
      read: (...read) => inner.read(...read),
      async *readAll(options) {
        let given = 0
        for await (const fact of inner.readAll(options)) {
          if (isBroken && given === readable)
            throw new LogError({ code: 'LogUnavailable', operation: 'read' }, 'it breaks off')
          given += 1
          yield fact
        }
      },
      subscribe: (...subscription) => inner.subscribe(...subscription),
      subscribeAll: (...subscription) => inner.subscribeAll(...subscription),
      lastRevision: (stream) => inner.lastRevision(stream),
      close: () => inner.close(),
    }
    const restarted = start({ log })
    expect(await codeOf(restarted.recover())).toBe('LogUnavailable')
    expect(restarted.listScopes()).toEqual([])
    for (const scope of SCOPES) expect(idsOf(restarted, scope)).toEqual([])
    // Nor a deadline of half a history.
    expect(clock.scheduledCount).toBe(0)
    isBroken = false
    await restarted.recover()
    expect(dump(restarted, SCOPES)).toBe(before)
  })
})
