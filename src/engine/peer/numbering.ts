/**
 * @module engine/peer/numbering
 *
 * Gives the blocks of core their places: an index to each, and positions to their payloads (see blocks.ts). From 0, or from where a base says.
 */

import type { Parsec } from '../../core/parsec/index.ts'
import { type AgreedBlock, agreedBlock, positionsOf } from './blocks.ts'

/** What comes next. */
export interface Place {
  readonly index: number
  readonly position: number
}

export class Numbering {
  #next: Place = { index: 0, position: 0 }

  get next(): Place {
    return this.#next
  }

  goOn(from: Place): void {
    this.#next = from
  }

  /** Polls core until it has none, each as it is asked for. */
  *polled(parsec: Parsec): Generator<AgreedBlock> {
    for (let block = parsec.poll(); block !== undefined; block = parsec.poll()) {
      const { index, position } = this.#next
      const agreed = agreedBlock(block, index, position)
      this.#next = { index: index + 1, position: position + positionsOf(agreed) }
      yield agreed
    }
  }
}
