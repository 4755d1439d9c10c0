/**
 * @module bench/ballots
 *
 * Ballots: incoming votes beside the crate `hashgraph-like-consensus`, and how costs grow.
 */

import { bySessions, byVotes, memory, replay } from './ballots/growth.ts'
import { throughput } from './ballots/throughput.ts'
import type { Suite } from './support/report.ts'
import { RustTimers } from './support/rust-timer.ts'

export const suite: Suite = async function* (options) {
  const rust = new RustTimers('ballots-bench', options.say)
  yield await throughput(options, rust)
  yield await byVotes(options, rust)
  yield await bySessions(options)
  yield await replay(options)
  yield await memory(options)
}
