/**
 * @module core/parsec/graph/byte-arena
 *
 * Byte strings one after the other in large chunks: twelve bytes each besides their own.
 */

import type { Bytes } from '../../../base/bytes.ts'
import { Int32List } from './lists.ts'

const CHUNK_BYTES = 1 << 18

export class ByteArena {
  readonly #chunks: Uint8Array[] = []
  #free = 0
  readonly #chunkOf = new Int32List()
  readonly #startOf = new Int32List()
  readonly #lengthOf = new Int32List()

  /** Copies `bytes` and numbers them 0, 1, 2, … */
  push(bytes: Bytes): void {
    const current = this.#chunks.at(-1)
    if (current === undefined || this.#free + bytes.length > current.length) {
      this.#chunks.push(new Uint8Array(Math.max(this.#chunks.length === 0 ? 4096 : CHUNK_BYTES, bytes.length)))
      this.#free = 0
    }
    const chunk = this.#chunks.at(-1) as Uint8Array
    chunk.set(bytes, this.#free)
    this.#chunkOf.push(this.#chunks.length - 1)
    this.#startOf.push(this.#free)
    this.#lengthOf.push(bytes.length)
    this.#free += bytes.length
  }

  /** A view. */
  at(index: number): Bytes {
    const start = this.#startOf.at(index)
    return (this.#chunks[this.#chunkOf.at(index)] as Uint8Array).subarray(start, start + this.#lengthOf.at(index))
  }

  /** Whether the byte string stands in `bytes` from `offset` on, before `end`. */
  standsIn(index: number, bytes: Bytes, offset: number, end: number): boolean {
    const length = this.#lengthOf.at(index)
    if (offset + length > end) return false
    const chunk = this.#chunks[this.#chunkOf.at(index)] as Uint8Array
    const start = this.#startOf.at(index)
    for (let i = 0; i < length; i += 1) if (chunk[start + i] !== bytes[offset + i]) return false
    return true
  }

  lengthAt(index: number): number {
    return this.#lengthOf.at(index)
  }
}
