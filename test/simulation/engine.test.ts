/**
 * The production engine in the simulator: no violation over some seeds, one seed replays exactly, and each planted bug of
 * the engine is found. `npm run sim -- --seeds 500` runs more.
 */
import { describe, expect, it } from 'vitest'
import { PLANTS, type Plant, type PlantName } from '../../src/testing/sim/plants.ts'
import { simulate } from '../../src/testing/sim/run.ts'

const SEEDS = [1, 3, 4, 6, 31]
/** Some planted bugs need several tries, as the others make up for them. */
const TRIES = 8

describe('groups of peers under every fault', () => {
  it.each(SEEDS)('keep all rules with seed %d', async (seed) => {
    const { violation } = await simulate({ seed, idleHours: 1 })
    expect(violation?.message, `again: npm run sim -- --seed ${seed} --idle-hours 1`).toBeUndefined()
  })

  it('stay quiet for 24 idle hours', async () => {
    const { violation } = await simulate({ seed: 3, idleHours: 24, scenario: { chaosMs: 1_000 } })
    expect(violation?.message).toBeUndefined()
  })

  it('do the same again with the same seed', async () => {
    const once = await simulate({ seed: 7, idleHours: 0 })
    const again = await simulate({ seed: 7, idleHours: 0 })
    expect(await again.digest()).toBe(await once.digest())
    expect(again.counts).toEqual(once.counts)
  })
})

describe('a planted bug is found', () => {
  it.each(Object.keys(PLANTS) as PlantName[])('%s', async (name) => {
    const plant: Plant = PLANTS[name]
    for (let seed = 1; seed <= TRIES; seed += 1) {
      const { violation } = await simulate({ ...plant, seed, idleHours: 0 })
      if (violation === undefined) continue
      expect(plant.finds).toContain(violation.code)
      return
    }
    expect.fail(`${name} was not found with ${TRIES} seeds`)
  })
})
