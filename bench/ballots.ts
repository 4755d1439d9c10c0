/**
 * @module bench/ballots
 *
 * Ballots: incoming votes beside the crate `hashgraph-like-consensus`, and how costs grow.
 */

import { bySessions, byVotes, memory, replay } from './ballots/growth.ts'
import { throughput } from './ballots/throughput.ts'
import type { Suite } from './support/report.ts'
import { RustTimers } from './support/rust-timer.ts'

export const suite: Suite = async (options) => {
  const rust = new RustTimers('ballots-bench', options.say)
  return [
    await throughput(options, rust),
    await byVotes(options, rust),
    await bySessions(options),
    await replay(options),
    await memory(options),
  ]
}
