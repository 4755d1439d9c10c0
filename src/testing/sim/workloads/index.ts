/**
 * @module testing/sim/workloads
 *
 * What a run can ask of its peers, by the name that a scenario has for it. Changes of membership are in every run.
 */

import type { WorkloadName } from '../scenario.ts'
import type { WorkloadMaker } from '../stage.ts'
import { ballots } from './ballots.ts'
import { payloads } from './payloads.ts'

export const WORKLOADS: Readonly<Record<WorkloadName, WorkloadMaker>> = { payloads, ballots }
