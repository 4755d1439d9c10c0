/**
 * @module testing/sim/checks
 *
 * All that is checked of a correct peer while it runs. A further check is one more line in `others`.
 */

import type { Bytes } from '../../../base/bytes.ts'
import type { AgreedBlock } from '../../../engine/peer/blocks.ts'
import type { DurableAppend } from '../disk.ts'
import { BallotLog } from './ballot-log.ts'
import { Blame } from './blame.ts'
import { BlockLog } from './block-log.ts'
import type { Check, LifeCheck, Subject } from './check.ts'
import { CheckpointLog } from './checkpoint-log.ts'
import { GossipLog } from './gossip-log.ts'

const others: readonly ((subject: Subject) => Check)[] = [
  (subject) => new BallotLog(subject),
  (subject) => new CheckpointLog(subject),
]

/** All checks of one peer as one. */
export class PeerChecks implements Check {
  readonly gossip: GossipLog
  readonly blocks: BlockLog
  readonly blame: Blame
  readonly #all: readonly Check[]

  constructor(subject: Subject) {
    this.gossip = new GossipLog(subject)
    this.blocks = new BlockLog(subject)
    this.blame = new Blame(subject)
    this.#all = [this.gossip, this.blocks, this.blame, ...others.map((make) => make(subject))]
  }

  appended(append: DurableAppend): void {
    for (const check of this.#all) check.appended?.(append)
  }

  sent(message: Bytes): void {
    for (const check of this.#all) check.sent?.(message)
  }

  life(): Required<LifeCheck> {
    const lives = this.#all.flatMap((check) => check.life?.() ?? [])
    return {
      recovered: (blocks) => {
        for (const life of lives) life.recovered?.(blocks)
      },
      shows: (block) => {
        for (const life of lives) life.shows?.(block)
      },
      showsEvent: (bytes) => {
        for (const life of lives) life.showsEvent?.(bytes)
      },
      showsEvidence: (evidence) => {
        for (const life of lives) life.showsEvidence?.(evidence)
      },
    }
  }

  async history(read: () => AsyncIterable<AgreedBlock>): Promise<void> {
    for (const check of this.#all) await check.history?.(read)
  }
}
