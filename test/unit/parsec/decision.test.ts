import { describe, expect, test } from 'vitest'
import { orderOfDecided } from '../../../src/core/parsec/election/decision.ts'

const rules = { stronger: true, compareKeys: (a: number, b: number) => a - b }

describe('order of decided payloads, parsec §5(e)', () => {
  test('the lowest position first', () => {
    const order = orderOfDecided(
      [
        [9, 1],
        [1, 9, 5],
      ],
      rules,
    )
    expect(order).toEqual([1, 9, 5])
  })

  test('then the one in more lists, whatever its hash', () => {
    expect(orderOfDecided([[7, 1], [7, 2], [3]], rules)).toEqual([7, 3, 1, 2])
  })

  test('then by hash', () => {
    expect(orderOfDecided([[4], [2], [3]], rules)).toEqual([2, 3, 4])
  })

  test('nothing gives nothing', () => {
    expect(orderOfDecided([], rules)).toEqual([])
  })
})
