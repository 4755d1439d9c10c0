/**
 * @module testing
 *
 * What tests and simulations of code on witan need: time and randomness that repeat.
 */

export { SeededRandom } from './seeded-random.ts'
export { VirtualClock } from './virtual-clock.ts'
