/**
 * @module testing/sim/checker
 *
 * Watches one correct peer from outside, through all its lives: its disk, its messages, and what it shows to its
 * application. It trusts none of them, and throws a `Violation` at the first rule broken.
 */

import type { Bytes } from '../../base/bytes.ts'
import { fromBase64Url } from '../../base/text.ts'
import { type CanonicalFormat, decodeObservation } from '../../core/parsec/index.ts'
import type { AgreedBlock } from '../../engine/peer/blocks.ts'
import { decodePayload } from '../../wire/payload.ts'
import { type AgreedOrder, loggedBlock, shownBlock } from './agreed-order.ts'
import type { DurableAppend } from './disk.ts'
import { DurableEvents, eventKey, type ForkWatch } from './durable-events.ts'
import { factText } from './fact-text.ts'
import { violation } from './violation.ts'

export interface CheckerOptions extends ForkWatch {
  readonly name: string
  readonly id: Bytes
  readonly format: CanonicalFormat<Bytes>
  readonly order: AgreedOrder
  /** This payload is ordered. `false`: nobody ever asked for it. */
  readonly ordered: (payload: string) => boolean
}

export class PeerChecker {
  readonly #options: CheckerOptions
  readonly events: DurableEvents
  /** Blocks on the disk. */
  #durableBlocks = 0
  /** Blocks shown to the application, in all lives. */
  #shown = 0
  /** Appends to the block stream: groups of blocks, as far as they were not written together. */
  blockAppends = 0
  changesOfVoters = 0

  constructor(options: CheckerOptions) {
    this.#options = options
    this.events = new DurableEvents(options.name, options.id, options.format, options)
  }

  get durableBlocks(): number {
    return this.#durableBlocks
  }

  /** An append is durable. */
  appended(append: DurableAppend): void {
    if (append.stream.startsWith('gossip-')) {
      this.events.appended(append)
      return
    }
    if (!append.stream.startsWith('block-')) return
    this.blockAppends += 1
    const { name, order, format, ordered } = this.#options
    for (const { data } of append.facts) {
      order.check(name, this.#durableBlocks, loggedBlock(data))
      if (Number(data['index']) !== this.#durableBlocks) {
        throw violation('positions', name, `block ${Number(data['index'])} is logged at ${this.#durableBlocks}`)
      }
      this.#durableBlocks += 1
      const observation = decodeObservation(fromBase64Url(factText(data, 'observation')), format)
      if (observation.type === 'Add' || observation.type === 'Remove') this.changesOfVoters += 1
      if (observation.type !== 'OpaquePayload') continue
      const payload = Buffer.from(decodePayload(observation.payload).body).toString()
      if (!ordered(payload)) throw violation('validity', name, `nobody voted for ${payload}`)
    }
  }

  sent(message: Bytes): void {
    this.events.sent(message)
  }

  life(): LifeChecker {
    return new LifeChecker(this, this.#options, this.#shown)
  }

  /** So many blocks were shown to the application by some life. */
  noteShown(blocks: number): void {
    this.#shown = Math.max(this.#shown, blocks)
  }

  /** The whole history, at the end. */
  async history(blocks: AsyncIterable<AgreedBlock>): Promise<void> {
    const { name, order } = this.#options
    let index = 0
    for await (const block of blocks) {
      if (block.index !== index) throw violation('history', name, `block ${block.index} comes where ${index} belongs`)
      order.check(name, index, shownBlock(block))
      index += 1
    }
    if (index !== this.#durableBlocks)
      throw violation('history', name, `it gives ${index} blocks of ${this.#durableBlocks}`)
  }
}

/** What one life shows. */
export class LifeChecker {
  readonly #peer: PeerChecker
  readonly #options: CheckerOptions
  /** By earlier lives, when this one began. */
  readonly #shownBefore: number
  #next: number | undefined

  constructor(peer: PeerChecker, options: CheckerOptions, shownBefore: number) {
    this.#peer = peer
    this.#options = options
    this.#shownBefore = shownBefore
  }

  /** Its log held so many blocks. */
  recovered(blocks: number): void {
    const { name } = this.#options
    if (blocks < this.#shownBefore) {
      throw violation('blocks-lost', name, `it recovers ${blocks} blocks, it showed ${this.#shownBefore}`)
    }
    this.#next ??= blocks
    if (this.#next < blocks) throw violation('positions', name, `it shows block ${this.#next}, its log had ${blocks}`)
  }

  shows(block: AgreedBlock): void {
    const { name, order } = this.#options
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

  showsEvent(bytes: Bytes): void {
    if (this.#peer.events.has(eventKey(bytes))) return
    throw violation('durable-before-signal', this.#options.name, 'an event shown is not on disk')
  }
}
