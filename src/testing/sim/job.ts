/**
 * @module testing/sim/job
 *
 * One run as a message to a worker, and its result as a message back: plain data.
 */

import type { SimCounts } from './counts.ts'
import type { PlantName } from './plants.ts'
import { PLANTS, type Plant } from './plants.ts'
import { simulate } from './run.ts'
import type { Scenario, WorkloadName } from './scenario.ts'
import type { Rule } from './violation.ts'

export interface SimJob {
  readonly seed: number
  /** Where the seed is not to draw it. */
  readonly idleHours?: number
  readonly plant?: PlantName
  /** Default: `payloads`. */
  readonly workload?: WorkloadName
  readonly scenario?: Partial<Scenario>
  /** Default: false, since it looks at all that was logged. */
  readonly wantsDigest?: boolean
}

export interface SimOutcome {
  readonly job: SimJob
  readonly counts: SimCounts
  readonly convergedAfterMs: number
  readonly digest?: string
  readonly scenario: Scenario
  readonly violation?: { readonly rule: Rule; readonly what: string }
}

export async function runJob(job: SimJob): Promise<SimOutcome> {
  const plant: Partial<Plant> = job.plant === undefined ? {} : PLANTS[job.plant]
  const { seed, idleHours, workload } = job
  const result = await simulate({
    ...plant,
    seed,
    ...(workload === undefined ? {} : { workload }),
    scenario: { ...plant.scenario, ...job.scenario, ...(idleHours === undefined ? {} : { idleHours }) },
  })
  const { counts, convergedAfterMs, scenario, violation } = result
  return {
    job,
    counts,
    convergedAfterMs,
    scenario,
    ...(job.wantsDigest === true ? { digest: await result.digest() } : {}),
    ...(violation === undefined ? {} : { violation: { rule: violation.code, what: violation.message } }),
  }
}
