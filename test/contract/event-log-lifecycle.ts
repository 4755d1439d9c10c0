import { describe, expect, it } from 'vitest'
import { type LogError, NO_STREAM } from '../../src/ports/event-log.ts'
import type { LogUnderTest } from './event-log.ts'
import { collect, contents, fact, facts, failureOf, range, revisions } from './event-log-support.ts'

export function describeLifecycle({ log, harness }: LogUnderTest): void {
  describe('close', () => {
    it('is idempotent, and every later call fails with LogClosed', async () => {
      await log().append('s', facts(3), NO_STREAM)
      await Promise.all([log().close(), log().close()])
      await log().close()
      const closed = { code: 'LogClosed' }
      expect(await failureOf(log().append('s', facts(1), 2))).toEqual(closed)
      expect(await failureOf(log().lastRevision('s'))).toEqual(closed)
      expect(await failureOf(() => collect(log().read('s')))).toEqual(closed)
      expect(await failureOf(() => collect(log().readAll()))).toEqual(closed)
      expect(await failureOf(() => collect(log().subscribe('s')))).toEqual(closed)
      expect(await failureOf(() => collect(log().subscribeAll()))).toEqual(closed)
    })

    it('waits for appends under way', async () => {
      const isDone = Array.from({ length: 20 }, () => false)
      const answers = isDone.map((_, i) =>
        log()
          .append(`s${i}`, facts(20), NO_STREAM)
          .then((revision) => {
            isDone[i] = true
            return revision
          }),
      )
      await log().close()
      expect(isDone.every(Boolean)).toBe(true)
      expect(await Promise.all(answers)).toEqual(isDone.map(() => 19))
    })

    it('ends waiting subscriptions quietly', async () => {
      await log().append('s', facts(3), NO_STREAM)
      const subscribers = [collect(log().subscribe('s')), collect(log().subscribeAll()), collect(log().subscribe('t'))]
      await new Promise((resolve) => setTimeout(resolve, 20))
      await log().close()
      expect((await Promise.all(subscribers)).map((recorded) => recorded.length)).toEqual([3, 3, 0])
    })

    it('ends a read under way with LogClosed or with all its facts, never with a part that looks whole', async () => {
      for (let n = 0; n < 4000; n += 500) await log().append('s', facts(500, n), n - 1)
      const reading = Promise.allSettled([collect(log().read('s'))])
      const subscribing = collect(log().subscribe('s'))
      await log().close()
      const [result] = await reading
      const isWhole = result.status === 'fulfilled' && result.value.length === 4000
      const isRefused = result.status === 'rejected' && (result.reason as LogError).code === 'LogClosed'
      expect(isWhole || isRefused).toBe(true)
      const seen = revisions(await subscribing)
      expect(seen).toEqual(range(0, seen.length))
    })

    it('leaves durable logs to be opened again, with everything in place', async () => {
      await log().append('s', facts(5), NO_STREAM)
      await log().append('t', facts(2), NO_STREAM)
      const before = await collect(log().readAll())
      await log().close()
      const again = await harness().open()
      try {
        const kept = harness().isDurable ? before : []
        expect(await collect(again.readAll())).toEqual(kept)
        const count = kept.filter(({ stream }) => stream === 's').length
        expect(await again.lastRevision('s')).toBe(count - 1)
        expect(await again.append('s', [fact(count)], count - 1)).toBe(count)
        expect(contents(await collect(again.read('s')))).toEqual(facts(count + 1))
        const newest = await collect(again.readAll({ direction: 'backward', maxCount: 2 }))
        expect((newest[0]?.position ?? -1n) > (newest[1]?.position ?? -1n)).toBe(true)
      } finally {
        await again.close()
      }
    })
  })
}
