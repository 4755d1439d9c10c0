/**
 * @module testing
 *
 * What tests and simulations of code on witan need: time and randomness that repeat.
 */

export type { AppendFault } from './append-fault.ts'
export { type FaultPlan, FaultyLog } from './faulty-log.ts'
export { insecureAlwaysValid, insecureSigner } from './insecure-scheme.ts'
export { SeededRandom } from './seeded-random.ts'
export { VirtualClock } from './virtual-clock.ts'
