import { describe, expect, test } from 'vitest'
import { disagreement } from '../../support/parsec/network.ts'
import { forkedSchedule, removalSchedule } from '../../support/parsec/schedules.ts'

describe('a forker that shows its branches to different peers, parsec §5(b) and §5(c)', () => {
  test.each([278, 680])('makes correct peers of the reference order blocks differently (seed %i)', (seed) => {
    expect(disagreement(forkedSchedule(seed, 'parsec-0.7').correct)).toBeGreaterThanOrEqual(0)
  })

  test.each([278, 680, 1, 2, 3, 4])('and none by default (seed %i)', (seed) => {
    const { correct, errors } = forkedSchedule(seed, 'none')
    expect(disagreement(correct)).toBe(-1)
    expect(Math.min(...correct.map(({ blocks }) => blocks.length))).toBeGreaterThan(5)
    expect(errors).toEqual([])
  })
})

describe('events of a removed peer, parsec §8', () => {
  test.each([6, 8])('make correct peers of the reference refuse each other for ever (seed %i)', (seed) => {
    expect(new Set(removalSchedule(seed, 'parsec-0.7').errors)).toEqual(new Set(['InvalidPeerState']))
  })

  test.each([6, 8, 1, 2])('and are taken inside the messages of others by default (seed %i)', (seed) => {
    const { correct, errors } = removalSchedule(seed, 'none')
    expect(errors).toEqual([])
    expect(disagreement(correct)).toBe(-1)
    expect(new Set(correct.map(({ blocks }) => blocks.length)).size).toBe(1)
    expect(correct.every(({ parsec }) => !parsec.hasUnpolledObservations())).toBe(true)
  })
})
