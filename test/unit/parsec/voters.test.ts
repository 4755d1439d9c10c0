import { expect, test } from 'vitest'
import { Voters } from '../../../src/core/parsec/election/voters.ts'

const group = (count: number): Voters => new Voters(Array.from({ length: count }, (_, peer) => peer))

test('the least supermajority is more than two thirds, parsec §5', () => {
  const least = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 16, 33].map((count) => group(count).majority)
  expect(least).toEqual([1, 2, 3, 3, 4, 5, 5, 6, 7, 7, 11, 23])
  expect([group(6).isMajority(4), group(6).isMajority(5)]).toEqual([false, true])
})

test('a third is at least a third, parsec §6', () => {
  const least = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 16, 33].map((count) => group(count).third)
  expect(least).toEqual([1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 6, 11])
})

test('seats are places in the order of ids, and sets of seats hold them all', () => {
  const voters = new Voters([7, 2, 5])
  expect([7, 2, 5, 0, 9].map((peer) => voters.seatOf(peer))).toEqual([0, 1, 2, -1, -1])
  expect([voters.words, voters.everybody[0]]).toEqual([1, 0b111])
  expect(group(33).words).toBe(2)
})
