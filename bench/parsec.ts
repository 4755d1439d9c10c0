/**
 * @module bench/parsec
 *
 * PARSEC: recorded gossip beside the crate `parsec`, and whether costs stay flat. The path is a transcript or a folder.
 */

import { besideCrate } from './parsec/beside-crate.ts'
import { flatCost, memoryPerEvent } from './parsec/flat.ts'
import type { Suite } from './support/report.ts'
import { RustTimers } from './support/rust-timer.ts'

export const suite: Suite = async function* (options) {
  const rust = new RustTimers('parsec-bench', options.say)
  yield await besideCrate(options, rust)
  yield flatCost(options)
  yield memoryPerEvent(options)
}
