/** ballots §8.4: what Close makes of the votes before it. */
import { describe, expect, it } from 'vitest'
import { outcomeAtClose } from '../../../src/core/ballot/safe/ordered/close.ts'
import { quorumOf } from '../../../src/core/ballot/safe/roster.ts'

describe('the outcome at Close', () => {
  it.each([
    // yes, no, n, threshold, silence is yes, outcome
    [0, 0, 1, 2 / 3, false, 'no'],
    [0, 0, 1, 2 / 3, true, 'yes'],
    [1, 0, 2, 2 / 3, false, 'failed'],
    [1, 0, 2, 2 / 3, true, 'yes'],
    [0, 1, 2, 2 / 3, true, 'failed'],
    [2, 0, 3, 2 / 3, false, 'yes'],
    [1, 0, 3, 2 / 3, false, 'no'],
    [1, 1, 3, 2 / 3, true, 'yes'],
    [2, 1, 4, 2 / 3, false, 'failed'],
    [2, 1, 4, 2 / 3, true, 'yes'],
    [2, 2, 4, 2 / 3, true, 'yes'],
    [2, 2, 4, 2 / 3, false, 'no'],
    [2, 1, 4, 1 / 2, false, 'failed'],
    [1, 2, 4, 1 / 2, true, 'failed'],
    [0, 2, 4, 1 / 2, true, 'failed'],
    [3, 2, 5, 2 / 3, false, 'failed'],
    [3, 2, 5, 1 / 2, false, 'yes'],
    [4, 1, 5, 1, true, 'failed'],
    [0, 0, 3, 0, false, 'no'],
    [6667, 0, 10_000, 2 / 3, false, 'yes'],
    [6666, 0, 10_000, 2 / 3, false, 'failed'],
  ] as const)(
    '%i yes, %i no of %i, threshold %f, silence yes: %s: %s',
    (yes, no, rosterSize, threshold, flag, outcome) => {
      expect(outcomeAtClose({ yes, no, rosterSize, threshold, livenessCriteriaYes: flag })).toBe(outcome)
    },
  )
})

describe('the quorum (ballots §8.3)', () => {
  it('is two thirds at least, rounded up in whole numbers, more if the threshold says so, all of one or two', () => {
    expect([1, 2, 3, 4, 5, 6, 7, 10, 9999, 10_000].map((n) => quorumOf(n, 2 / 3))).toEqual([
      1, 2, 2, 3, 4, 4, 5, 7, 6666, 6667,
    ])
    expect([3, 4, 10, 10_000].map((n) => quorumOf(n, 0))).toEqual([2, 3, 7, 6667])
    expect([3, 4, 10, 10_000].map((n) => quorumOf(n, 0.9))).toEqual([3, 4, 9, 9000])
    expect([1, 2, 3, 10_000].map((n) => quorumOf(n, 1))).toEqual([1, 2, 3, 10_000])
  })

  it('of two choices shares more owners than can be faulty', () => {
    const sizes = Array.from({ length: 10_000 }, (_, i) => i + 1)
    expect(sizes.filter((n) => 3 * (2 * quorumOf(n, 0) - n) < n)).toEqual([])
  })
})
