import { describe, expect, it } from 'vitest'
import {
  APPEND_LIMITS,
  type JsonObject,
  type NewFact,
  NO_STREAM,
  STREAM_NAME_LIMIT,
} from '../../src/ports/event-log.ts'
import type { LogUnderTest } from './event-log.ts'
import { collect, contents, fact, facts, failureOf, range, revisions } from './event-log-support.ts'

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

/** One fact of a little more than `length` bytes. */
function large(length: number): NewFact[] {
  return [{ ...fact(0), data: { text: 'x'.repeat(length) } }]
}

export function describeAppends({ log }: LogUnderTest): void {
  describe('append', () => {
    it('numbers the facts of a stream from 0 and gives them back as they were', async () => {
      expect(await log().append('s', facts(3), NO_STREAM)).toBe(2)
      expect(await log().append('s', facts(2, 3), 2)).toBe(4)
      const recorded = await collect(log().read('s'))
      expect(revisions(recorded)).toEqual([0, 1, 2, 3, 4])
      expect(contents(recorded)).toEqual(facts(5))
      expect(recorded.every(({ stream }) => stream === 's')).toBe(true)
    })

    it('gives each fact an id derived from stream, revision and content', async () => {
      const twice = [fact(1), fact(1)]
      await log().append('a', twice, NO_STREAM)
      await log().append('b', twice, NO_STREAM)
      const ids = [...(await collect(log().read('a'))), ...(await collect(log().read('b')))].map(({ id }) => id)
      expect(new Set(ids).size).toBe(4)
      for (const id of ids) expect(id).toMatch(UUID)
      expect((await collect(log().read('a'))).map(({ id }) => id)).toEqual(ids.slice(0, 2))
    })

    it('keeps what JSON can hold, and leaves out what is undefined', async () => {
      const data: JsonObject = {
        nothing: null,
        absent: undefined,
        deep: { list: [1, -0.5, 1e300, 'x', [], {}, [null, false]] },
        text: 'ünï © 漢字 🗳️ \u0000 \u2028 \ud800 "\\/',
        'odd name \u0001': '',
        ['__proto__']: null,
        '': 0,
      }
      await log().append('s', [{ ...fact(0), data }], NO_STREAM)
      const [recorded] = await collect(log().read('s'))
      expect(recorded?.data).toEqual(data)
    })

    it('refuses another expected revision, and writes nothing', async () => {
      await log().append('s', facts(3), NO_STREAM)
      const wrong = { code: 'WrongExpectedRevision', stream: 's', actual: 2 }
      for (const expected of [NO_STREAM, 0, 1, 3, 10]) {
        expect(await failureOf(log().append('s', facts(2, 7), expected))).toEqual({ ...wrong, expected })
      }
      expect(await failureOf(log().append('none', facts(1), 0))).toEqual({
        code: 'WrongExpectedRevision',
        stream: 'none',
        expected: 0,
        actual: NO_STREAM,
      })
      expect(contents(await collect(log().readAll()))).toEqual(facts(3))
    })

    it('lets one of two writers win', async () => {
      const attempts = range(0, 10).map((n) => log().append('s', [fact(n)], NO_STREAM))
      const results = await Promise.allSettled(attempts)
      expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
      expect(await collect(log().read('s'))).toHaveLength(1)
    })

    it('succeeds again on a retry of exactly what stands there, and writes nothing', async () => {
      await log().append('s', facts(5), NO_STREAM)
      expect(await log().append('s', facts(5), NO_STREAM)).toBe(4)
      expect(await log().append('s', facts(2, 1), 0)).toBe(2)
      expect(await log().append('s', [fact(4)], 3)).toBe(4)
      const reordered = { ...fact(4), data: { bytes: 'AAEC_-8', n: 4, absent: undefined, text: 'fact 4' } }
      expect(await log().append('s', [reordered], 3)).toBe(4)
      expect(contents(await collect(log().readAll()))).toEqual(facts(5))
    })

    it('takes a retry that overlaps in part, or differs in anything, for a conflict', async () => {
      await log().append('s', facts(3), NO_STREAM)
      const conflict = { code: 'WrongExpectedRevision', stream: 's', actual: 2 }
      const one = fact(2)
      const different = [
        { ...one, type: 'Other' },
        { ...one, data: { ...one.data, n: 3 } },
        { ...one, data: { ...one.data, more: null } },
        { ...one, data: { n: 2, text: 'fact 2' } },
        { ...one, metadata: { ...one.metadata, schemaVersion: 2 } },
        { ...one, metadata: { ...one.metadata, $causationId: 'other' } },
      ]
      for (const changed of different) {
        expect(await failureOf(log().append('s', [changed], 1))).toEqual({ ...conflict, expected: 1 })
      }
      expect(await failureOf(log().append('s', facts(2, 2), 1))).toEqual({ ...conflict, expected: 1 })
      expect(contents(await collect(log().readAll()))).toEqual(facts(3))
    })

    it('takes a retry while the first try is under way', async () => {
      const tries = [1, 2, 3].map(() => log().append('s', facts(4), NO_STREAM))
      expect(await Promise.all(tries)).toEqual([3, 3, 3])
      expect(contents(await collect(log().readAll()))).toEqual(facts(4))
    })

    it('takes appends that follow on one under way, in order', async () => {
      const answers = range(0, 50).map((n) => log().append('s', facts(2, 2 * n), 2 * n - 1))
      expect(await Promise.all(answers)).toEqual(range(0, 50).map((n) => 2 * n + 1))
      expect(contents(await collect(log().read('s')))).toEqual(facts(100))
    })

    it('answers an empty append with the expected revision', async () => {
      expect(await log().append('s', [], NO_STREAM)).toBe(NO_STREAM)
      expect(await log().append('s', [], 7)).toBe(7)
      expect(await collect(log().readAll())).toEqual([])
    })

    it('refuses appends above the limits whole, and takes those at the limit', async () => {
      const many = facts(APPEND_LIMITS.maxFacts + 1)
      expect(await failureOf(log().append('s', many, NO_STREAM))).toMatchObject({
        code: 'AppendTooLarge',
        facts: many.length,
      })
      const tooLarge = large(APPEND_LIMITS.maxBytes)
      expect(await failureOf(log().append('s', tooLarge, NO_STREAM))).toMatchObject({
        code: 'AppendTooLarge',
        facts: 1,
      })
      const wide = [{ ...fact(0), data: { text: '漢'.repeat(Math.ceil(APPEND_LIMITS.maxBytes / 3)) } }]
      expect(await failureOf(log().append('s', wide, NO_STREAM))).toMatchObject({ code: 'AppendTooLarge' })
      expect(await collect(log().readAll())).toEqual([])
      expect(await log().append('s', large(APPEND_LIMITS.maxBytes - 200), NO_STREAM)).toBe(0)
      expect(await log().append('s', many.slice(1), 0)).toBe(APPEND_LIMITS.maxFacts)
      expect(contents(await collect(log().read('s')))).toEqual([
        ...large(APPEND_LIMITS.maxBytes - 200),
        ...many.slice(1),
      ])
    })

    it('refuses arguments that make no sense', async () => {
      const invalid = async (stream: string, expected: number, data: unknown = {}, type = 'T') => {
        const bad = { ...fact(0), type, data: data as JsonObject }
        expect(await failureOf(log().append(stream, [bad], expected))).toMatchObject({ code: 'InvalidLogArgument' })
      }
      for (const name of ['', '$streams', 'a\u0000b', 'a\nb', '\ud800', 'x'.repeat(STREAM_NAME_LIMIT + 1)]) {
        await invalid(name, NO_STREAM)
      }
      for (const expected of [-2, 0.5, Number.NaN, Number.POSITIVE_INFINITY]) await invalid('s', expected)
      const holes: unknown[] = []
      holes.length = 2
      for (const value of [Number.NaN, Number.POSITIVE_INFINITY, 1n, new Date(0), new Uint8Array(1), () => 1, holes]) {
        await invalid('s', NO_STREAM, { value })
      }
      for (const data of [null, [], 'text', 1]) await invalid('s', NO_STREAM, data)
      for (const type of ['', '$type', '\ud800', 'x'.repeat(201)]) await invalid('s', NO_STREAM, {}, type)
      let deep: JsonObject = {}
      for (let i = 0; i < 100; i += 1) deep = { deep }
      await invalid('s', NO_STREAM, deep)
      expect(await collect(log().readAll())).toEqual([])
    })

    it('keeps streams with odd names apart', async () => {
      const longest = '漢'.repeat(Math.floor(STREAM_NAME_LIMIT / 3))
      const names = [
        'a',
        'a-',
        'a-1',
        'a 1',
        'a!',
        'A',
        'ä',
        'a\u0308',
        '漢字',
        '🗳️',
        'a/b',
        '../a',
        'a%2F',
        'a.b',
        '0',
        '~',
        longest,
      ]
      for (const [n, name] of names.entries()) await log().append(name, facts(n + 1, n), NO_STREAM)
      for (const [n, name] of names.entries()) {
        const recorded = await collect(log().read(name))
        expect(contents(recorded)).toEqual(facts(n + 1, n))
        expect(recorded.every(({ stream }) => stream === name)).toBe(true)
        expect(await log().lastRevision(name)).toBe(n)
      }
    })
  })
}
