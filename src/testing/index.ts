/**
 * @module testing
 *
 * What tests and simulations of code on witan need: time and randomness that repeat, logs that fail, and whole groups of
 * peers under every fault.
 */

export type { AppendFault } from './append-fault.ts'
export { type FaultPlan, FaultyLog } from './faulty-log.ts'
export { insecureAlwaysValid, insecureSigner } from './insecure-scheme.ts'
export { SeededRandom } from './seeded-random.ts'
export type { SimCounts } from './sim/counts.ts'
export { type SimOptions, type SimResult, simulate } from './sim/run.ts'
export { drawScenario, type FaultKind, type Scenario } from './sim/scenario.ts'
export { type Rule, Violation } from './sim/violation.ts'
export { VirtualClock } from './virtual-clock.ts'
