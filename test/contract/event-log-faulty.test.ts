import { expect, it } from 'vitest'
import { memoryLog, NO_STREAM } from '../../src/log/index.ts'
import { FaultyLog } from '../../src/testing/faulty-log.ts'
import { describeEventLog } from './event-log.ts'
import { collect, contents, fact, facts, failureOf } from './event-log-support.ts'

describeEventLog('faulty, told nothing', () => ({
  open: () => Promise.resolve(new FaultyLog(memoryLog())),
  isDurable: false,
  dispose: () => Promise.resolve(),
}))

it('fails as told, writes as told, and recovers', async () => {
  const log = new FaultyLog(memoryLog())
  log.failNext('full')
  expect(await failureOf(log.append('s', [fact(0)], NO_STREAM))).toEqual({ code: 'LogFull' })
  log.failNext('unavailable', 2)
  expect(await failureOf(log.append('s', [fact(0)], NO_STREAM))).toMatchObject({ code: 'LogUnavailable' })
  expect(await failureOf(log.append('s', [fact(0)], NO_STREAM))).toMatchObject({ code: 'LogUnavailable' })
  log.failNext('lost')
  expect(await failureOf(log.append('s', [fact(0)], NO_STREAM))).toMatchObject({ code: 'LogTimeout' })
  expect(await log.lastRevision('s')).toBe(NO_STREAM)
  log.failNext('unanswered')
  expect(await failureOf(log.append('s', [fact(0)], NO_STREAM))).toMatchObject({ code: 'LogTimeout' })
  expect(await log.append('s', [fact(0)], NO_STREAM)).toBe(0)
  log.plan(({ stream, facts: some }) => (stream === 't' && some.length > 1 ? 'full' : undefined))
  expect(await failureOf(log.append('t', facts(2), NO_STREAM))).toEqual({ code: 'LogFull' })
  expect(await log.append('t', [fact(0)], NO_STREAM)).toBe(0)
  log.failReads()
  expect(await failureOf(() => collect(log.read('s')))).toMatchObject({ code: 'LogUnavailable' })
  log.heal()
  const release = log.hold()
  const waiting = [log.append('s', [fact(1)], 0), log.append('s', [fact(2)], 1)]
  await new Promise((resolve) => setImmediate(resolve))
  expect(await log.lastRevision('s')).toBe(0)
  release()
  expect(await Promise.all(waiting)).toEqual([1, 2])
  expect(contents(await collect(log.read('s')))).toEqual(facts(3))
  expect(log.attempts).toBe(10)
})
