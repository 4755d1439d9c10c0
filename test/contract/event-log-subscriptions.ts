import { describe, expect, it } from 'vitest'
import { NO_STREAM, type RecordedFact, type SubscribeOptions } from '../../src/ports/event-log.ts'
import type { LogUnderTest } from './event-log.ts'
import { collect, contents, fact, facts, failureOf, range, revisions } from './event-log-support.ts'

export function describeSubscriptions({ log }: LogUnderTest): void {
  describe('subscribe', () => {
    it('catches up, then stays live, without gap or repeat', async () => {
      await log().append('s', facts(500), NO_STREAM)
      const subscriber = collect(log().subscribe('s'), 560)
      for (let n = 500; n < 560; n += 1) {
        await log().append('s', [fact(n)], n - 1)
        await log().append('noise', [fact(n)], n - 501)
      }
      const recorded = await subscriber
      expect(revisions(recorded)).toEqual(range(0, 560))
      expect(contents(recorded)).toEqual(facts(560))
    })

    it('waits for a stream that is not there yet', async () => {
      const subscriber = collect(log().subscribe('later'), 2)
      await log().append('sooner', facts(3), NO_STREAM)
      await log().append('later', facts(2), NO_STREAM)
      expect(revisions(await subscriber)).toEqual([0, 1])
    })

    it('begins after the given place', async () => {
      await log().append('a', facts(3), NO_STREAM)
      await log().append('s', facts(10), NO_STREAM)
      const from = async (after: number | bigint, count: number) =>
        revisions(await collect(log().subscribe('s', { after }), count))
      expect(await from(NO_STREAM, 2)).toEqual([0, 1])
      expect(await from(0, 3)).toEqual([1, 2, 3])
      expect(await from(8n, 1)).toEqual([9])
      const late = collect(log().subscribe('s', { after: 9 }), 1)
      await log().append('s', [fact(10)], 9)
      expect(revisions(await late)).toEqual([10])
      const all = await collect(log().readAll())
      for (const [i, { position }] of all.slice(0, -1).entries()) {
        const rest = all.length - 1 - i
        expect(await collect(log().subscribeAll({ after: position }), rest)).toEqual(all.slice(i + 1))
      }
    })

    it('follows all streams', async () => {
      const subscriber = collect(log().subscribeAll(), 40)
      for (let n = 0; n < 20; n += 1) {
        await Promise.all([log().append('a', [fact(n)], n - 1), log().append('b', [fact(n)], n - 1)])
      }
      expect(await subscriber).toEqual(await collect(log().readAll()))
    })

    it('resumes where a subscriber left off', async () => {
      await log().append('s', facts(30), NO_STREAM)
      const seen: RecordedFact[] = []
      while (seen.length < 60) {
        if (seen.length === 30) await log().append('s', facts(30, 30), 29)
        const last = seen.at(-1)
        const options = last === undefined ? {} : { after: last.revision }
        seen.push(...(await collect(log().subscribe('s', options), 10)))
      }
      expect(contents(seen)).toEqual(facts(60))
    })

    it('neither loses nor holds back anything for a slow subscriber', async () => {
      const slow = (async () => {
        let next = 0
        for await (const { revision } of log().subscribe('s')) {
          expect(revision).toBe(next)
          next += 1
          if (next % 250 === 0) await new Promise((resolve) => setTimeout(resolve, 5))
          if (next === 2000) return next
        }
        return next
      })()
      const quick = collect(log().subscribe('s'), 2000)
      for (let n = 0; n < 2000; n += 50) await log().append('s', facts(50, n), n - 1)
      expect(revisions(await quick)).toEqual(range(0, 2000))
      expect(await slow).toBe(2000)
    })

    it('serves many subscribers', async () => {
      const subscribers = range(0, 100).map((i) => collect(log().subscribe(`s${i % 10}`), 20))
      for (let n = 0; n < 20; n += 1) {
        await Promise.all(range(0, 10).map((i) => log().append(`s${i}`, [fact(n)], n - 1)))
      }
      for (const recorded of await Promise.all(subscribers)) expect(contents(recorded)).toEqual(facts(20))
    })

    it('ends quietly when aborted: before, while catching up, and while waiting', async () => {
      await log().append('s', facts(100), NO_STREAM)
      expect(await collect(log().subscribe('s', { signal: AbortSignal.abort() }))).toEqual([])
      for (const stopAt of [1, 50, 100]) {
        const controller = new AbortController()
        const seen: number[] = []
        for await (const { revision } of log().subscribe('s', { signal: controller.signal })) {
          seen.push(revision)
          if (seen.length === stopAt) controller.abort()
        }
        expect(seen).toEqual(range(0, stopAt))
      }
      const controller = new AbortController()
      let seen = 0
      for await (const _ of log().subscribeAll({ signal: controller.signal })) {
        seen += 1
        // Aborted once it waits for what is not there, however long catching up took.
        if (seen === 100) setTimeout(() => controller.abort(), 20)
      }
      expect(seen).toBe(100)
    })

    it('lets a waiting subscriber leave by return()', async () => {
      const iterator = log().subscribe('s')[Symbol.asyncIterator]()
      const pending = iterator.next()
      await new Promise((resolve) => setTimeout(resolve, 10))
      await iterator.return?.()
      expect((await pending).done).toBe(true)
      expect((await iterator.next()).done).toBe(true)
    })

    it('refuses arguments that make no sense', async () => {
      const bad: SubscribeOptions[] = [{ after: -2 }, { after: -2n }, { after: 0.5 }, { after: Number.NaN }]
      for (const options of bad) {
        const one = async () => collect(log().subscribe('s', options), 1)
        const all = async () => collect(log().subscribeAll(options), 1)
        expect(await failureOf(one)).toMatchObject({ code: 'InvalidLogArgument' })
        expect(await failureOf(all)).toMatchObject({ code: 'InvalidLogArgument' })
      }
      expect(await failureOf(async () => collect(log().subscribe(''), 1))).toMatchObject({ code: 'InvalidLogArgument' })
    })
  })
}
