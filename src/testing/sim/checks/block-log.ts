/**
 * @module testing/sim/checks/block-log
 *
 * A peer's blocks: on its disk, as it shows them, and as its history gives them. They follow the one order of all correct
 * peers, each once, at its position, shown when durable and never lost; and somebody asked for each. A peer from a checkpoint has them from there on.
 */

import { fromBase64Url } from '../../../base/text.ts'
import { decodeObservation } from '../../../core/parsec/index.ts'
import type { AgreedBlock } from '../../../engine/peer/blocks.ts'
import { decodePayload } from '../../../wire/payload.ts'
import type { DurableAppend } from '../disk.ts'
import { factText } from '../fact-text.ts'
import { violation } from '../violation.ts'
import { loggedBlock, shownBlock } from './agreed-order.ts'
import type { Check, LifeCheck, Subject } from './check.ts'

export class BlockLog implements Check {
  readonly #subject: Subject
  /** The index after the last block on the disk. */
  #durableBlocks = 0
  /** Of the first block; `undefined` where it has a base and no block yet. */
  #first: number | undefined = 0
  /** Blocks shown to the application, in all lives. */
  #shown = 0
  /** Appends to the block stream: groups of blocks, as far as they were not written together. */
  appends = 0
  changesOfVoters = 0

  constructor(subject: Subject) {
    this.#subject = subject
  }

  get durableBlocks(): number {
    return this.#durableBlocks
  }

  /** An append is durable. */
  appended({ stream, facts }: DurableAppend): void {
    if (facts.some(({ type }) => type === 'BaseTaken') && this.#durableBlocks === 0) this.#first = undefined
    if (!stream.startsWith('block-')) return
    this.appends += 1
    const { name, order, format, ordered } = this.#subject
    for (const { data } of facts) {
      if (this.#first === undefined) {
        this.#first = Number(data['index'])
        this.#durableBlocks = this.#first
      }
      order.check(name, this.#durableBlocks, loggedBlock(data))
      if (Number(data['index']) !== this.#durableBlocks) {
        throw violation('positions', name, `block ${Number(data['index'])} is logged at ${this.#durableBlocks}`)
      }
      this.#durableBlocks += 1
      const observation = decodeObservation(fromBase64Url(factText(data, 'observation')), format)
      if (observation.type === 'Add' || observation.type === 'Remove') this.changesOfVoters += 1
      if (observation.type !== 'OpaquePayload') continue
      if (!ordered(decodePayload(observation.payload))) {
        throw violation('validity', name, `nobody voted for ${Buffer.from(observation.payload).toString()}`)
      }
    }
  }

  life(): LifeCheck {
    return new BlocksShown(this, this.#subject, this.#shown)
  }

  /** So many blocks were shown to the application by some life. */
  noteShown(blocks: number): void {
    this.#shown = Math.max(this.#shown, blocks)
  }

  async history(read: () => AsyncIterable<AgreedBlock>): Promise<void> {
    const { name, order } = this.#subject
    const first = this.#first ?? 0
    let index = first
    for await (const block of read()) {
      if (block.index !== index) throw violation('history', name, `block ${block.index} comes where ${index} belongs`)
      order.check(name, index, shownBlock(block))
      index += 1
    }
    if (index !== this.#durableBlocks)
      throw violation('history', name, `it gives ${index - first} blocks of ${this.#durableBlocks - first}`)
  }
}

/** What one life shows. */
class BlocksShown implements LifeCheck {
  readonly #peer: BlockLog
  readonly #subject: Subject
  /** By earlier lives, when this one began. */
  readonly #shownBefore: number
  #next: number | undefined

  constructor(peer: BlockLog, subject: Subject, shownBefore: number) {
    this.#peer = peer
    this.#subject = subject
    this.#shownBefore = shownBefore
  }

  recovered(blocks: number): void {
    const { name } = this.#subject
    if (blocks < this.#shownBefore) {
      throw violation('blocks-lost', name, `it recovers ${blocks} blocks, it showed ${this.#shownBefore}`)
    }
    this.#next ??= blocks
    if (this.#next < blocks) throw violation('positions', name, `it shows block ${this.#next}, its log had ${blocks}`)
  }

  shows(block: AgreedBlock): void {
    const { name, order } = this.#subject
    const { index } = block
    const next = this.#next ?? 0
    if (index !== next) {
      throw violation(index < next ? 'block-twice' : 'positions', name, `block ${index} shown where ${next} belongs`)
    }
    if (index >= this.#peer.durableBlocks) {
      throw violation('durable-before-signal', name, `block ${index} shown, not on disk`)
    }
    order.check(name, index, shownBlock(block))
    this.#next = next + 1
    this.#peer.noteShown(this.#next)
  }
}
