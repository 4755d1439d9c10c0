/**
 * The production engine in the simulator: no violation over some seeds, one seed replays exactly, and each planted bug of
 * the engine is found. `npm run sim -- --seeds 500` runs more.
 */
import { describe, expect, it } from 'vitest'
import { PLANTS, type Plant, type PlantName } from '../../src/testing/sim/plants.ts'
import { simulate } from '../../src/testing/sim/run.ts'
import type { Scenario } from '../../src/testing/sim/scenario.ts'
import { sweepJob } from '../../src/testing/sim/sweep.ts'

const SEEDS = [1, 3, 4, 6, 31]
const SHORT: Partial<Scenario> = { chaosMs: 1_000, minEvents: 0, minElections: 1 }
const JOINING: Scenario['faults'] = [
  'crash',
  'crashAtDealing',
  'crashWhileWriting',
  'join',
  'partition',
  'heal',
  'network',
  'disk',
]
/** Some planted bugs need several tries, as the others make up for them. */
const TRIES = 8

describe('groups of peers under every fault', () => {
  it.each(SEEDS)('keep all rules with seed %d', async (seed) => {
    const { violation } = await simulate({ seed })
    expect(violation?.message, `again: npm run sim -- --seed ${seed}`).toBeUndefined()
  })

  it.each([1, 25])('take in joiners that start from a checkpoint, with seed %d', async (seed) => {
    const scenario: Partial<Scenario> = {
      adversaries: [],
      joinsFrom: 'checkpoint',
      faults: JOINING,
      checkpointInterval: 5,
    }
    const { violation, counts } = await simulate({ seed, scenario })
    expect(violation?.message).toBeUndefined()
    expect(counts.checkpointJoins).toBeGreaterThan(0)
  })

  it('stay quiet for 24 idle hours', async () => {
    const { violation } = await simulate({ seed: 3, scenario: { ...SHORT, idleHours: 24 } })
    expect(violation?.message).toBeUndefined()
  })

  it('do the same again with the same seed', async () => {
    const once = await simulate({ seed: 7, scenario: SHORT })
    const again = await simulate({ seed: 7, scenario: SHORT })
    expect(await again.digest()).toBe(await once.digest())
    expect(again.counts).toEqual(once.counts)
  })
})

/** Dealings of the crashing peer's first life; `npm run sim -- --sweep` takes all. */
const DEALINGS = [1, 2, 3, 5, 8, 13, 21, 55, 144, 377]

describe('a crash at a dealing with the outside, and another one during recovery', () => {
  it.each(DEALINGS)('leaves nothing that breaks a rule: the crash at dealing %d', async (dealing) => {
    const { violation, counts } = await simulate(sweepJob(1, dealing))
    expect(violation?.message).toBeUndefined()
    expect(counts.crashes).toBeGreaterThan(0)
  })
})

describe('a planted bug is found', () => {
  it.each(Object.keys(PLANTS) as PlantName[])('%s', async (name) => {
    const plant: Plant = PLANTS[name]
    for (let seed = 1; seed <= TRIES; seed += 1) {
      const { violation } = await simulate({ ...plant, seed })
      if (violation === undefined) continue
      expect(plant.finds).toContain(violation.code)
      return
    }
    expect.fail(`${name} was not found with ${TRIES} seeds`)
  })
})

describe('ballots of both finalities under every fault', () => {
  it.each([1, 3, 8, 16])('are settled alike on every correct peer, with valid certificates (seed %d)', async (seed) => {
    const { violation, counts } = await simulate({ seed, workload: 'ballots' })
    expect(violation?.message, `again: npm run sim -- --workload ballots --seed ${seed}`).toBeUndefined()
    expect(counts.decisions).toBeGreaterThan(0)
  })
})
