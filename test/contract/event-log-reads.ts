import { describe, expect, it } from 'vitest'
import { type EventLog, NO_STREAM, type ReadOptions } from '../../src/ports/event-log.ts'
import type { LogUnderTest } from './event-log.ts'
import { collect, contents, fact, facts, failureOf, range, revisions } from './event-log-support.ts'

/** Two streams whose facts alternate. */
async function fillTwo(log: EventLog): Promise<void> {
  for (let n = 0; n < 5; n += 1) {
    await log.append('even', [fact(2 * n)], n - 1)
    await log.append('odd', [fact(2 * n + 1)], n - 1)
  }
}

async function fillLong(log: EventLog, count: number): Promise<void> {
  for (let n = 0; n < count; n += 500) await log.append('long', facts(500, n), n - 1)
}

export function describeReads({ log }: LogUnderTest): void {
  describe('read', () => {
    it('gives nothing for a stream that is not there, and knows its revision', async () => {
      expect(await collect(log().read('none'))).toEqual([])
      expect(await collect(log().read('none', { direction: 'backward' }))).toEqual([])
      expect(await collect(log().readAll())).toEqual([])
      expect(await collect(log().readAll({ direction: 'backward' }))).toEqual([])
      expect(await log().lastRevision('none')).toBe(NO_STREAM)
      await log().append('s', facts(3), NO_STREAM)
      expect(await log().lastRevision('s')).toBe(2)
      expect(await collect(log().read('none'))).toEqual([])
    })

    it('reads from a revision, forward and backward, inclusive', async () => {
      await log().append('before', facts(2), NO_STREAM)
      await log().append('s', facts(10), NO_STREAM)
      await log().append('t', facts(2), NO_STREAM)
      const read = async (options: ReadOptions) => revisions(await collect(log().read('s', options)))
      expect(await read({})).toEqual(range(0, 10))
      expect(await read({ from: 0 })).toEqual(range(0, 10))
      expect(await read({ from: 4 })).toEqual(range(4, 10))
      expect(await read({ from: 4n })).toEqual(range(4, 10))
      expect(await read({ from: 9 })).toEqual([9])
      expect(await read({ from: 10 })).toEqual([])
      expect(await read({ from: 2n ** 60n })).toEqual([])
      expect(await read({ from: 3, maxCount: 4 })).toEqual([3, 4, 5, 6])
      expect(await read({ maxCount: 0 })).toEqual([])
      expect(await read({ maxCount: 1 })).toEqual([0])
      expect(await read({ direction: 'backward' })).toEqual(range(0, 10).reverse())
      expect(await read({ direction: 'backward', from: 4 })).toEqual([4, 3, 2, 1, 0])
      expect(await read({ direction: 'backward', from: 0 })).toEqual([0])
      expect(await read({ direction: 'backward', from: 99 })).toEqual(range(0, 10).reverse())
      expect(await read({ direction: 'backward', maxCount: 1 })).toEqual([9])
      expect(await read({ direction: 'backward', from: 5, maxCount: 2 })).toEqual([5, 4])
    })

    it('gives the facts of all streams in order of position, from any position, both ways', async () => {
      await fillTwo(log())
      const all = await collect(log().readAll())
      expect(contents(all)).toEqual(facts(10))
      expect(all.map(({ stream }) => stream)).toEqual(range(0, 10).map((n) => (n % 2 === 0 ? 'even' : 'odd')))
      for (const [i, { position }] of all.entries()) {
        expect(position > (all[i - 1]?.position ?? -1n)).toBe(true)
        expect(await collect(log().readAll({ from: position }))).toEqual(all.slice(i))
        const back = await collect(log().readAll({ from: position, direction: 'backward' }))
        expect(back).toEqual(all.slice(0, i + 1).reverse())
      }
      expect(await collect(log().readAll({ maxCount: 3 }))).toEqual(all.slice(0, 3))
      expect(await collect(log().readAll({ maxCount: 3, direction: 'backward' }))).toEqual(all.slice(7).reverse())
    })

    it('gives a fact the same position in its stream and among all', async () => {
      await fillTwo(log())
      const all = await collect(log().readAll())
      for (const stream of ['even', 'odd']) {
        expect(await collect(log().read(stream))).toEqual(all.filter((one) => one.stream === stream))
      }
    })

    it('reads streams of 10,000 facts', async () => {
      await fillLong(log(), 10_000)
      const forward = await collect(log().read('long'))
      expect(contents(forward)).toEqual(facts(10_000))
      const backward = await collect(log().read('long', { direction: 'backward' }))
      expect(revisions(backward)).toEqual(range(0, 10_000).reverse())
      expect(revisions(await collect(log().readAll({ direction: 'backward', maxCount: 9000 })))).toEqual(
        range(1000, 10_000).reverse(),
      )
      expect(await collect(log().readAll())).toHaveLength(10_000)
    })

    it('waits for a slow reader, and lets one leave early', async () => {
      await fillLong(log(), 3000)
      let seen = 0
      for await (const { revision } of log().read('long')) {
        expect(revision).toBe(seen)
        seen += 1
        if (seen % 100 === 0) await new Promise((resolve) => setTimeout(resolve, 1))
      }
      expect(seen).toBe(3000)
      for (let i = 0; i < 20; i += 1) {
        expect(revisions(await collect(log().read('long', { from: i }), 2))).toEqual([i, i + 1])
      }
      // Readers that are dropped without a word hold nothing that keeps the log from closing.
      const dropped = log().readAll()[Symbol.asyncIterator]()
      expect((await dropped.next()).value?.revision).toBe(0)
    })

    it('serves many readers at once, beside a writer', async () => {
      await fillLong(log(), 1000)
      const readers = range(0, 20).map((i) => collect(log().read('long', { from: 50 * i })))
      const writer = log().append('long', facts(500, 1000), 999)
      const results = await Promise.all(readers)
      await writer
      for (const [i, recorded] of results.entries()) {
        expect(revisions(recorded).slice(0, 1000 - 50 * i)).toEqual(range(50 * i, 1000))
        expect(revisions(recorded)).toEqual(range(50 * i, 50 * i + recorded.length))
      }
    })

    it('shows an append whole or not at all', async () => {
      const writer = (async () => {
        for (let n = 0; n < 20; n += 1) await log().append('s', facts(100, 100 * n), 100 * n - 1)
      })()
      let last = NO_STREAM
      while (last < 1999) {
        last = await log().lastRevision('s')
        expect((last + 1) % 100).toBe(0)
        await new Promise((resolve) => setImmediate(resolve))
      }
      await writer
    })

    it('ends with Aborted when its signal says so', async () => {
      await fillLong(log(), 3000)
      const before = { signal: AbortSignal.abort() }
      expect(await failureOf(() => collect(log().read('long', before)))).toEqual({ code: 'Aborted' })
      expect(await failureOf(() => collect(log().readAll(before)))).toEqual({ code: 'Aborted' })
      for (const stopAt of [1, 500, 2999]) {
        const controller = new AbortController()
        let seen = 0
        const reading = async () => {
          for await (const one of log().read('long', { signal: controller.signal })) {
            expect(one.revision).toBe(seen)
            seen += 1
            if (seen === stopAt) controller.abort()
          }
        }
        expect(await failureOf(reading)).toEqual({ code: 'Aborted' })
        expect(seen).toBe(stopAt)
      }
    })

    it('refuses arguments that make no sense', async () => {
      const bad: ReadOptions[] = [
        { from: -1 },
        { from: -1n },
        { from: 0.5 },
        { from: Number.NaN },
        { maxCount: -1 },
        { maxCount: 0.5 },
        { direction: 'sideways' as 'forward' },
      ]
      for (const options of bad) {
        expect(await failureOf(async () => collect(log().read('s', options)))).toMatchObject({
          code: 'InvalidLogArgument',
        })
        expect(await failureOf(async () => collect(log().readAll(options)))).toMatchObject({
          code: 'InvalidLogArgument',
        })
      }
      for (const name of ['', '$all', 'a\u0000']) {
        expect(await failureOf(async () => collect(log().read(name)))).toMatchObject({ code: 'InvalidLogArgument' })
        expect(await failureOf(async () => log().lastRevision(name))).toMatchObject({ code: 'InvalidLogArgument' })
      }
    })
  })
}
