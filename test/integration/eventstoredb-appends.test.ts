/** Appends to EventStoreDB when things go wrong, one test for each trap of the client and each fault of the server. */
import { status } from '@grpc/grpc-js'
import { describe, expect, it } from 'vitest'
import { type JsonObject, NO_STREAM } from '../../src/ports/event-log.ts'
import { collect, contents, fact, facts, failureOf, range } from '../contract/event-log-support.ts'
import { later, openLog, startNode, until } from '../support/eventstoredb/harness.ts'
import { ACCESS_DENIED, type Fault, UNAVAILABLE } from '../support/eventstoredb/index.ts'

const stored = (node: Awaited<ReturnType<typeof startNode>>, stream: string): number =>
  node.store.stream(stream)?.length ?? 0

describe('an append to EventStoreDB', () => {
  it('fails with a typed error while the server is down, and works when it is up', async () => {
    const node = await startNode()
    await node.wire.down()
    const log = openLog(node.url, { timeoutMs: 300 })
    const failure = await failureOf(log.append('s', facts(1), NO_STREAM))
    expect(failure).toEqual({ code: 'LogUnavailable', operation: 'append to "s"' })
    await node.wire.up()
    expect(await log.append('s', facts(1), NO_STREAM)).toBe(0)
  })

  it('waits for a server that is on its way up', async () => {
    const node = await startNode()
    await node.wire.down()
    const log = openLog(node.url)
    const appends = range(0, 20).map((n) => log.append(`s${n}`, facts(2), NO_STREAM))
    await new Promise((resolve) => setTimeout(resolve, 100))
    await node.wire.up()
    expect(await Promise.all(appends)).toEqual(range(0, 20).map(() => 1))
    expect(range(0, 20).map((n) => stored(node, `s${n}`))).toEqual(range(0, 20).map(() => 2))
  })

  const unanswered: Fault[] = [
    { kind: 'drop', when: 'before' },
    { kind: 'drop', when: 'after' },
    { kind: 'hang', when: 'before' },
    { kind: 'hang', when: 'after' },
    { kind: 'delay', delayMs: 400 },
    UNAVAILABLE,
    { kind: 'status', code: status.CANCELLED, details: 'Server shuts down' },
    { kind: 'status', code: status.DEADLINE_EXCEEDED, details: 'Timeout' },
    { kind: 'status', code: status.ABORTED, details: 'Prepare phase timeout' },
    { kind: 'status', code: status.UNKNOWN, details: 'Exception was thrown by handler.' },
    { kind: 'status', code: status.INTERNAL, details: 'Received RST_STREAM with code 2' },
  ]
  it.each(unanswered)(
    'writes its facts once, whether they were written or not: $kind $when $details',
    async (fault) => {
      const node = await startNode()
      const log = openLog(node.url)
      await log.append('s', facts(2), NO_STREAM)
      node.faults.next('append', fault, fault)
      expect(await log.append('s', facts(3, 2), 1)).toBe(4)
      expect(node.calls.append).toBe(4)
      expect(contents(await collect(log.read('s')))).toEqual(facts(5))
      expect(await log.append('s', facts(1, 5), 4)).toBe(5)
    },
  )

  it('fails with LogTimeout when no answer comes, and does not hang', async () => {
    const node = await startNode()
    const log = openLog(node.url, { timeoutMs: 400, attemptTimeoutMs: 100 })
    node.faults.always('append', { kind: 'hang', when: 'after' })
    const failure = await failureOf(log.append('s', facts(2), NO_STREAM))
    expect(failure).toEqual({ code: 'LogTimeout', timeoutMs: 400, operation: 'append to "s"' })
    expect(stored(node, 's')).toBe(2)
    node.faults.clear()
    expect(await log.append('s', facts(2), NO_STREAM)).toBe(1)
    expect(stored(node, 's')).toBe(2)
  })

  it('fails with LogTimeout when the other side is gone without a word, and works when it is back', async () => {
    const node = await startNode()
    const log = openLog(node.url, { timeoutMs: 400, attemptTimeoutMs: 100 })
    await log.append('s', facts(1), NO_STREAM)
    node.wire.freeze(true)
    expect(await failureOf(log.append('s', facts(1, 1), 0))).toMatchObject({ code: 'LogTimeout' })
    node.wire.freeze(false)
    expect(await log.append('s', facts(1, 1), 0)).toBe(1)
    expect(stored(node, 's')).toBe(2)
  })

  it('is never part of a batch, though the server offers batches', async () => {
    const node = await startNode()
    const log = openLog(node.url)
    await Promise.all(range(0, 10).map((n) => log.append(`s${n}`, facts(3), NO_STREAM)))
    expect(node.calls).toMatchObject({ append: 10, batchAppend: 0, features: 0 })
  })

  it('goes on while another connection of the process fails', async () => {
    const [healthy, failing] = await Promise.all([startNode(), startNode()])
    const log = openLog(healthy.url, { attemptTimeoutMs: 2000 })
    const other = openLog(failing.url, { timeoutMs: 300 })
    healthy.faults.next('append', { kind: 'delay', delayMs: 200 })
    failing.faults.always('append', { kind: 'drop', when: 'before' })
    const [mine, theirs] = await Promise.allSettled([
      log.append('s', facts(1), NO_STREAM),
      other.append('s', facts(1), NO_STREAM),
    ])
    expect(theirs).toMatchObject({ status: 'rejected', reason: { code: 'LogUnavailable' } })
    expect(mine).toEqual({ status: 'fulfilled', value: 0 })
    expect(healthy.calls.append).toBe(1)
  })

  it('says "no stream" in words where it expects none, and nothing else is disturbed', async () => {
    const node = await startNode()
    const log = openLog(node.url)
    const others = range(0, 5).map((n) => log.append(`other-${n}`, facts(1), NO_STREAM))
    expect(await log.append('s', facts(1), -1)).toBe(0)
    expect(node.lastExpected).toBe('no_stream')
    expect(await failureOf(log.append('s', facts(1), -2))).toMatchObject({ code: 'InvalidLogArgument' })
    expect(await Promise.all(others)).toEqual([0, 0, 0, 0, 0])
  })

  it('refuses what JSON cannot hold before it sends anything', async () => {
    const node = await startNode()
    const log = openLog(node.url)
    const circle: Record<string, unknown> = {}
    circle['circle'] = circle
    for (const data of [{ amount: 1n }, circle, { at: new Date(0) }] as unknown as JsonObject[]) {
      const failure = await failureOf(log.append('s', [{ ...fact(0), data }], NO_STREAM))
      expect(failure).toMatchObject({ code: 'InvalidLogArgument', argument: 'facts' })
    }
    expect(node.calls.append).toBe(0)
  })

  it('reports a conflict at once, with both revisions, and does not try again', async () => {
    const node = await startNode()
    const log = openLog(node.url)
    await log.append('s', facts(3), NO_STREAM)
    const failure = await failureOf(log.append('s', facts(1, 9), 0))
    expect(failure).toEqual({ code: 'WrongExpectedRevision', stream: 's', expected: 0, actual: 2 })
    expect(node.calls.append).toBe(2)
  })

  it('takes its own facts for a success after a lost answer, even if others wrote after them', async () => {
    const node = await startNode()
    const [log, other] = [openLog(node.url), openLog(`${node.url}&connectionName=other`)]
    node.faults.next('append', { kind: 'hang', when: 'after' })
    const mine = log.append('s', facts(2), NO_STREAM)
    await until(() => stored(node, 's') === 2)
    expect(await other.append('s', [fact(7)], 1)).toBe(2)
    expect(await mine).toBe(1)
    expect(stored(node, 's')).toBe(3)
  })

  it('trusts the stream, not the answer, where a server names another revision', async () => {
    const node = await startNode()
    const log = openLog(node.url)
    node.faults.next('append', { kind: 'answer-revision', revision: 0 })
    expect(await log.append('s', facts(3), NO_STREAM)).toBe(2)
    node.faults.next('append', { kind: 'answer-revision', revision: 40 })
    expect(await log.append('s', facts(1, 3), 2)).toBe(3)
    expect(contents(await collect(log.read('s')))).toEqual(facts(4))
  })

  it('lets what waits behind an unanswered append fail with it, not as a conflict', async () => {
    const node = await startNode()
    const log = openLog(node.url, { timeoutMs: 300, attemptTimeoutMs: 100 })
    await log.append('s', facts(1), NO_STREAM)
    node.faults.always('append', { kind: 'hang', when: 'before' })
    const [first, second, third] = [
      failureOf(log.append('s', facts(1, 1), 0)),
      failureOf(log.append('s', facts(1, 2), 1)),
      failureOf(log.append('s', facts(1, 3), 2)),
    ]
    for (const failure of [first, second, third]) expect(await failure).toMatchObject({ code: 'LogTimeout' })
    node.faults.clear()
    expect(await log.append('s', facts(1, 1), 0)).toBe(1)
  })

  it('fails with AccessDenied, once', async () => {
    const node = await startNode()
    const log = openLog(node.url)
    node.faults.always('append', ACCESS_DENIED)
    const failure = await failureOf(log.append('s', facts(1), NO_STREAM))
    expect(failure).toEqual({ code: 'AccessDenied', operation: 'append to "s"' })
    expect(node.calls.append).toBe(1)
  })

  it('fails with AppendTooLarge where the server takes less than we do', async () => {
    const node = await startNode()
    const log = openLog(node.url)
    const metadata = { exception: 'maximum-append-size-exceeded', 'maximum-append-size': '1000' }
    node.faults.always('append', { kind: 'status', code: status.INVALID_ARGUMENT, details: 'Maximum', metadata })
    expect(await failureOf(log.append('s', facts(2), NO_STREAM))).toMatchObject({ code: 'AppendTooLarge', facts: 2 })
    expect(node.calls.append).toBe(1)
  })

  it('fails at once where the server will never do it', async () => {
    const node = await startNode()
    const log = openLog(node.url)
    node.faults.always('append', { kind: 'status', code: status.UNIMPLEMENTED, details: 'no such method' })
    expect(await failureOf(log.append('s', facts(1), NO_STREAM))).toMatchObject({ code: 'LogUnavailable' })
    expect(node.calls.append).toBe(1)
  })

  it('has its end before close() has', async () => {
    const node = await startNode()
    const log = openLog(node.url, { timeoutMs: 300 })
    await node.wire.down()
    let isOver = false
    const append = failureOf(log.append('s', facts(1), NO_STREAM)).finally(() => {
      isOver = true
    })
    await log.close()
    expect(isOver).toBe(true)
    expect(await append).toMatchObject({ code: 'LogUnavailable' })
  })
})

describe('the connection', () => {
  it('is one for all logs of a connection string, and is closed with the last', async () => {
    const node = await startNode()
    const [first, second] = [openLog(node.url), openLog(node.url)]
    await first.append('a', facts(1), NO_STREAM)
    await second.append('b', facts(1), NO_STREAM)
    expect(node.wire.accepted).toBe(1)
    await first.close()
    await first.close()
    expect(await second.append('b', facts(1, 1), 0)).toBe(1)
    expect(node.wire.accepted).toBe(1)
    await second.close()
    await until(() => node.wire.open === 0)
    const third = openLog(node.url)
    later(() => third.close())
    expect(await third.lastRevision('b')).toBe(1)
    expect(node.wire.accepted).toBe(2)
  })
})
