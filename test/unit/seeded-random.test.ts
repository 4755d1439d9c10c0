import fc from 'fast-check'
import { expect, it } from 'vitest'
import { SeededRandom } from '../../src/testing/seeded-random.ts'

it('repeats itself for a seed and differs for another', () => {
  fc.assert(
    fc.property(fc.string(), fc.nat(100), (seed, count) => {
      expect(new SeededRandom(seed).bytes(count)).toEqual(new SeededRandom(seed).bytes(count))
      expect(new SeededRandom(seed).bytes(16)).not.toEqual(new SeededRandom(`${seed}!`).bytes(16))
      expect(new SeededRandom(seed).fork('a').bytes(16)).not.toEqual(new SeededRandom(seed).fork('b').bytes(16))
    }),
  )
})

it('draws evenly and within its bounds', () => {
  const random = new SeededRandom('evenly')
  const counts = [0, 0, 0, 0, 0, 0]
  for (let i = 0; i < 60_000; i += 1) {
    const drawn = random.int(0, 5)
    counts[drawn] = (counts[drawn] ?? 0) + 1
  }
  for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(500)
  const hits = Array.from({ length: 20_000 }, () => random.chance(0.1)).filter(Boolean).length
  expect(Math.abs(hits - 2000)).toBeLessThan(200)
  expect(random.chance(0)).toBe(false)
  expect(random.chance(1)).toBe(true)
})

it('shuffles without losing or inventing an item', () => {
  fc.assert(
    fc.property(fc.integer(), fc.array(fc.nat(20), { minLength: 1 }), (seed, items) => {
      const random = new SeededRandom(seed)
      expect(random.shuffle(items).toSorted((a, b) => a - b)).toEqual(items.toSorted((a, b) => a - b))
      expect(items).toContain(random.pick(items))
    }),
  )
})

it('is xoshiro128**: a second implementation, in another language, gave these words', () => {
  const random = new SeededRandom('witan')
  expect(Array.from({ length: 4 }, () => random.uint32())).toEqual([2373323357, 3115604700, 2000579921, 85376293])
})
