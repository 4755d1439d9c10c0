import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { BUDGET_DEFAULTS, Budget, type Cost } from '../../../src/core/parsec/index.ts'

const nothing: Cost = {}
const SMALL = {
  bytes: { capacity: 1000, perSecond: 100 },
  given: { capacity: 1000, perSecond: 100 },
  events: { capacity: 10, perSecond: 1 },
  invalid: { capacity: 2, perSecond: 0.1 },
  lost: { capacity: 100, perSecond: 10 },
  slowMs: 250,
}

/** One message after the other, as the engine does; gives what became of each. */
function run(budget: Budget, cost: Cost, times: readonly number[]): ('taken' | 'lost' | 'accused')[] {
  return times.map((at) => {
    const taken = budget.takes('Eve', at)
    if (budget.charge('Eve', cost, at)) return 'accused'
    return taken ? 'taken' : 'lost'
  })
}

describe('a peer over budget, parsec §9', () => {
  test.each(['bytes', 'given', 'events', 'invalid', 'lost'] as const)(
    '%s: is answered more slowly, then not at all, then accused',
    (kind) => {
      const cost = { ...nothing, [kind]: SMALL[kind].capacity / 10 }
      const every10Ms = Array.from({ length: 60 }, (_, i) => i * 10)
      const became = run(new Budget(SMALL), cost, every10Ms)
      expect(became.slice(0, 10)).toEqual(Array.from({ length: 10 }, () => 'taken'))
      // The second ten fill it from 1 to 2: one in 250 ms is taken.
      const slow = became.slice(11, 21)
      expect(slow.filter((it) => it === 'taken')).toHaveLength(1)
      expect(became.slice(22, 38)).toEqual(Array.from({ length: 16 }, () => 'lost'))
      expect(became.at(-1)).toBe('accused')
    },
  )

  test('that is answered slowly has one message taken in so long, to the millisecond', () => {
    const budget = new Budget(SMALL)
    run(budget, { ...nothing, events: 15 }, [0])
    expect([1, 250, 251, 500, 501].map((at) => budget.takes('Eve', at))).toEqual([true, false, true, false, true])
  })

  test('is forgiven with time', () => {
    const budget = new Budget(SMALL)
    run(budget, { ...nothing, events: 15 }, [0])
    expect(budget.takes('Eve', 1)).toBe(true)
    expect(budget.takes('Eve', 2)).toBe(false)
    expect(budget.takes('Eve', 5001)).toBe(true)
    expect(budget.takes('Eve', 5002)).toBe(true)
  })

  test('does not cost others anything', () => {
    const budget = new Budget(SMALL)
    run(budget, { ...nothing, invalid: 9 }, [0])
    expect([budget.takes('Eve', 0), budget.takes('Alice', 0)]).toEqual([false, true])
  })

  test('a clock that is set back accuses nobody, and drains nothing', () => {
    const budget = new Budget(SMALL)
    expect(budget.charge('Eve', { ...nothing, events: 25 }, 10_000)).toBe(false)
    expect(budget.takes('Eve', 0)).toBe(false)
    expect(budget.takes('Eve', 4_000)).toBe(false)
    expect(budget.takes('Eve', 16_000)).toBe(true)
  })
})

/** Times of so many messages, one in so many seconds. */
const each = (seconds: number, count: number) => Array.from({ length: count }, (_, i) => i * seconds * 1000)

describe('messages that no correct peer sends, docs/malice.md', () => {
  const invalid = { ...nothing, invalid: 1 }

  test('one a minute is forgiven for ever, one in 50 seconds is not', () => {
    expect(new Set(run(new Budget(), invalid, each(60, 500)))).toEqual(new Set(['taken']))
    expect(run(new Budget(), invalid, each(50, 500))).toContain('accused')
  })

  test('of a crowd at once eight are free, and more than four times as many are spam', () => {
    const crowd = run(new Budget(), invalid, each(0, 33))
    expect([crowd.indexOf('lost'), crowd.indexOf('accused')]).toEqual([10, 32])
  })
})

describe('a correct peer, parsec §9', () => {
  test('that is slow or silent costs nothing', () => {
    const budget = new Budget(SMALL)
    for (let at = 0; at < 1_000_000; at += 50_000) expect(run(budget, nothing, [at])).toEqual(['taken'])
  })

  test('that keeps within the rates is never held back, whatever its pace', () => {
    const { bytes, events } = BUDGET_DEFAULTS
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 5_000 }), { minLength: 1, maxLength: 200 }), (pauses) => {
        const budget = new Budget()
        let at = 0
        for (const pause of pauses) {
          at += pause
          const cost = {
            ...nothing,
            bytes: (bytes.perSecond * pause) / 1000,
            events: (events.perSecond * pause) / 1000,
          }
          expect(run(budget, cost, [at])).toEqual(['taken'])
        }
      }),
    )
  })
})
