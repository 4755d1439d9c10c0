/** Reads and subscriptions of EventStoreDB when things go wrong: resumed without gap or repeat, or a typed error. */
import { status } from '@grpc/grpc-js'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { EventLog } from '../../src/ports/event-log.ts'
import { collect, fact, facts, failureOf, range, revisions } from '../contract/event-log-support.ts'
import { openLog, startNode, until } from '../support/eventstoredb/harness.ts'
import { ACCESS_DENIED, CONSUMER_TOO_SLOW, type Fault, type Node, UNAVAILABLE } from '../support/eventstoredb/index.ts'

const failing = (code: status): Fault => ({ kind: 'status', code, details: `status ${code}` })

async function filled(count: number, options = {}): Promise<{ node: Node; log: EventLog }> {
  const node = await startNode()
  const log = openLog(node.url, options)
  for (let n = 0; n < count; n += 50) await log.append('s', facts(Math.min(50, count - n), n), n - 1)
  return { node, log }
}

describe('a read of EventStoreDB', () => {
  const faults: Fault[] = [
    { kind: 'drop', when: 'after', events: 30 },
    { kind: 'drop', when: 'before' },
    { kind: 'hang', when: 'after', events: 70 },
    { kind: 'status', code: status.UNAVAILABLE, details: 'Server Is Not Ready', events: 99 },
    { kind: 'status', code: status.CANCELLED, details: 'consumer too slow', events: 1 },
  ]
  it.each(faults)('is resumed without gap or repeat: $kind after $events', async (fault) => {
    const { node, log } = await filled(150)
    const all = await collect(log.readAll())
    const strike = (): void => node.faults.next('read', fault, fault)
    strike()
    expect(await collect(log.read('s'))).toEqual(all)
    strike()
    expect(await collect(log.read('s', { direction: 'backward', maxCount: 120 }))).toEqual(
      all.toReversed().slice(0, 120),
    )
    strike()
    expect(await collect(log.readAll({ from: all[5]?.position ?? 0n }))).toEqual(all.slice(5))
    strike()
    const from = all[120]?.position ?? 0n
    expect(await collect(log.readAll({ from, direction: 'backward' }))).toEqual(all.slice(0, 121).reverse())
    await until(() => node.openReads === 0)
  })

  it('fails with LogTimeout in silence, with LogUnavailable while the server is down', async () => {
    const { node, log } = await filled(10, { timeoutMs: 300, attemptTimeoutMs: 100 })
    node.faults.next('read', { kind: 'hang', when: 'after', events: 4 })
    node.faults.always('read', { kind: 'hang', when: 'before' })
    const seen: number[] = []
    const reading = async (): Promise<void> => {
      for await (const { revision } of log.read('s')) seen.push(revision)
    }
    expect(await failureOf(reading)).toEqual({ code: 'LogTimeout', timeoutMs: 300, operation: 'read "s"' })
    expect(seen).toEqual([0, 1, 2, 3])
    node.faults.clear()
    await node.wire.down()
    expect(await failureOf(collect(log.read('s')))).toEqual({ code: 'LogUnavailable', operation: 'read "s"' })
    expect(await failureOf(log.lastRevision('s'))).toMatchObject({ code: 'LogUnavailable' })
    await node.wire.up()
    expect(await log.lastRevision('s')).toBe(9)
  })

  it('frees its call on the wire when the loop is left', async () => {
    const { node, log } = await filled(500)
    for (const source of [log.read('s'), log.readAll(), log.subscribe('s'), log.subscribeAll()]) {
      expect(await collect(source, 3)).toHaveLength(3)
    }
    const iterator = log.subscribe('s', { after: 499 })[Symbol.asyncIterator]()
    const pending = iterator.next()
    await until(() => node.openReads > 0)
    await iterator.return?.()
    expect((await pending).done).toBe(true)
    await until(() => node.openReads === 0)
  })

  it('holds the server back where the reader is slow', async () => {
    const node = await startNode()
    const log = openLog(node.url)
    const large = { ...fact(0), data: { text: 'x'.repeat(100_000) } }
    for (let n = 0; n < 200; n += 5)
      await log.append(
        's',
        Array.from({ length: 5 }, () => large),
        n - 1,
      )
    const iterator = log.read('s')[Symbol.asyncIterator]()
    await iterator.next()
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(node.sentEvents).toBeLessThan(120)
    await iterator.return?.()
  })

  it('fails with AccessDenied, once', async () => {
    const { node, log } = await filled(1)
    node.faults.always('read', ACCESS_DENIED)
    expect(await failureOf(collect(log.read('s')))).toEqual({ code: 'AccessDenied', operation: 'read "s"' })
    expect(node.calls.read).toBe(1)
  })

  it('takes a deleted stream, and a stranger in a stream of ours, for corruption; among all it skips strangers', async () => {
    const { node, log } = await filled(2)
    const stranger = { id: crypto.randomUUID(), type: 'OrderPlaced', contentType: 'application/json' }
    const data = new TextEncoder().encode('{"total":1}')
    node.store.append('orders', 'any', [{ ...stranger, data, metadata: new Uint8Array() }])
    node.store.append('pictures', 'any', [
      { ...stranger, contentType: 'application/octet-stream', data, metadata: data },
    ])
    expect(await failureOf(collect(log.read('orders')))).toMatchObject({ code: 'LogCorrupted' })
    expect(await failureOf(collect(log.subscribe('pictures')))).toMatchObject({ code: 'LogCorrupted' })
    expect(revisions(await collect(log.readAll()))).toEqual([0, 1])
    expect(revisions(await collect(log.subscribeAll(), 2))).toEqual([0, 1])
    const metadata = { exception: 'stream-deleted', 'stream-name': 's' }
    node.faults.next('read', { kind: 'status', code: status.FAILED_PRECONDITION, details: 'deleted', metadata })
    expect(await failureOf(collect(log.read('s')))).toEqual({ code: 'LogCorrupted', where: 's' })
  })
})

describe('a subscription to EventStoreDB', () => {
  const drops: (readonly [string, Fault])[] = [
    ['cut', { kind: 'drop', when: 'after' }],
    ['ended', { kind: 'end' }],
    ['too slow a consumer', CONSUMER_TOO_SLOW],
    ['aborted', failing(status.ABORTED)],
    ['unknown', failing(status.UNKNOWN)],
    ['not ready', UNAVAILABLE],
  ]
  it.each(drops)('is resumed after a drop: %s', async (_, fault) => {
    const { node, log } = await filled(100)
    const stream = collect(log.subscribe('s'), 300)
    const all = collect(log.subscribeAll(), 300)
    for (let n = 100; n < 300; n += 10) {
      await log.append('s', facts(10, n), n - 1)
      if (n % 40 === 0) {
        await until(() => node.subscriptions.size > 0)
        node.dropSubscriptions(fault)
      }
    }
    expect(revisions(await stream)).toEqual(range(0, 300))
    expect(revisions(await all)).toEqual(range(0, 300))
    expect(node.calls.subscribe).toBeGreaterThan(4)
  })

  it('is resumed when the server was down for a while', async () => {
    const { node, log } = await filled(10)
    const seen: number[] = []
    const subscriber = (async () => {
      for await (const { revision } of log.subscribe('s')) if (seen.push(revision) === 20) return
    })()
    await until(() => seen.length === 10)
    await node.wire.down()
    await new Promise((resolve) => setTimeout(resolve, 100))
    await node.wire.up()
    await log.append('s', facts(10, 10), 9)
    await subscriber
    expect(seen).toEqual(range(0, 20))
  })

  it('is begun again where the server does not confirm it', async () => {
    const { node, log } = await filled(5)
    node.faults.next('subscribe', { kind: 'hang', when: 'before' }, { kind: 'drop', when: 'before' })
    expect(revisions(await collect(log.subscribe('s'), 5))).toEqual(range(0, 5))
    expect(node.calls.subscribe).toBe(3)
  })

  it('fails where it may not read, and where the stream was deleted', async () => {
    const { node, log } = await filled(5)
    node.faults.next('subscribe', ACCESS_DENIED)
    expect(await failureOf(collect(log.subscribe('s')))).toMatchObject({ code: 'AccessDenied' })
    node.faults.next('subscribe', failing(status.UNIMPLEMENTED))
    expect(await failureOf(collect(log.subscribeAll()))).toMatchObject({ code: 'LogUnavailable' })
  })

  it('ends quietly while the server is down: aborted, left or closed', async () => {
    const { node, log } = await filled(3)
    await node.wire.down()
    const controller = new AbortController()
    const aborted = collect(log.subscribe('s', { signal: controller.signal }))
    const iterator = log.subscribe('s')[Symbol.asyncIterator]()
    const left = iterator.next()
    const closed = collect(log.subscribeAll())
    await new Promise((resolve) => setTimeout(resolve, 30))
    controller.abort()
    await iterator.return?.()
    expect((await left).done).toBe(true)
    expect(await aborted).toEqual([])
    await log.close()
    expect(await closed).toEqual([])
  })

  it('gives every fact once, whatever is broken in whatever order', { timeout: 120_000 }, async () => {
    const drop = fc.constantFrom<Fault>(...drops.map(([, fault]) => fault))
    const schedule = fc.array(fc.record({ facts: fc.integer({ min: 1, max: 9 }), drop: fc.option(drop) }), {
      minLength: 1,
      maxLength: 12,
    })
    const early = fc.array(
      fc.tuple(drop, fc.integer({ min: 0, max: 12 })).map(([fault, events]): Fault => ({ ...fault, events }) as Fault),
      { maxLength: 4 },
    )
    await fc.assert(
      fc.asyncProperty(schedule, early, async (steps, faults) => {
        const node = await startNode()
        const log = openLog(node.url)
        node.faults.next('subscribe', ...faults)
        const total = steps.reduce((sum, step) => sum + step.facts, 0)
        const readers = [collect(log.subscribe('s'), total), collect(log.subscribeAll(), total)]
        let next = 0
        for (const step of steps) {
          await log.append('s', facts(step.facts, next), next - 1)
          next += step.facts
          if (step.drop !== null) node.dropSubscriptions(step.drop)
        }
        for (const reader of readers) expect(revisions(await reader)).toEqual(range(0, total))
        await log.close()
        await node.stop()
      }),
      { numRuns: 25 },
    )
  })
})
