/**
 * @module testing/sim/sweep
 *
 * A crash at every dealing of a peer with the outside: a short quiet run in which the first correct peer crashes at its
 * n-th dealing, and its next life again early on.
 */

import type { SimJob } from './job.ts'
import type { Scenario } from './scenario.ts'

/** Dealings of the second life in which it may crash: its recovery, and a little more. */
const AGAIN_WITHIN = 12

/** Short, and without any fault of its own. */
const QUIET: Partial<Scenario> = {
  peers: 4,
  adversaries: [],
  faults: [],
  chaosMs: 1_500,
  minEvents: 0,
  minElections: 3,
  voteEveryMs: 150,
  votesAtOnce: 2,
  idleHours: 0.01,
}

export const sweepJob = (seed: number, dealing: number): SimJob => ({
  seed,
  scenario: { ...QUIET, crashAt: [dealing, 1 + (dealing % AGAIN_WITHIN)] },
})
