/**
 * @module core/parsec/graph/hash-table
 *
 * 32-byte hashes numbered 0, 1, 2, … in the order of their arrival, and found again by value: about 50 bytes each,
 * where a Map keyed by strings takes several hundred.
 */

import type { Bytes } from '../../../base/bytes.ts'

const WIDTH = 32
const CHUNK_BITS = 10
const CHUNK = 1 << CHUNK_BITS

export class HashTable {
  readonly #chunks: Uint8Array[] = []
  #length = 0
  /** Open addressing: number + 1, or 0 where free. */
  #slots = new Int32Array(64)

  get length(): number {
    return this.#length
  }

  /** A view, good for as long as the table. */
  at(index: number): Bytes {
    const start = (index & (CHUNK - 1)) * WIDTH
    return (this.#chunks[index >> CHUNK_BITS] as Uint8Array).subarray(start, start + WIDTH)
  }

  /** The number of the hash that stands in `bytes` from `offset` on, or -1. */
  find(bytes: Bytes, offset = 0): number {
    const mask = this.#slots.length - 1
    for (let slot = start(bytes, offset) & mask; ; slot = (slot + 1) & mask) {
      const index = (this.#slots[slot] as number) - 1
      if (index < 0) return -1
      if (this.#equals(index, bytes, offset)) return index
    }
  }

  /** Appends a hash that is not here yet. */
  add(hash: Bytes): number {
    const index = this.#length
    if ((index + 1) * 3 > this.#slots.length * 2) this.#grow()
    if (index >> CHUNK_BITS === this.#chunks.length) this.#chunks.push(new Uint8Array(CHUNK * WIDTH))
    ;(this.#chunks[index >> CHUNK_BITS] as Uint8Array).set(hash, (index & (CHUNK - 1)) * WIDTH)
    this.#length += 1
    this.#place(hash, 0, index)
    return index
  }

  /** Byte order. */
  compare(a: number, b: number): number {
    const left = this.#chunks[a >> CHUNK_BITS] as Uint8Array
    const right = this.#chunks[b >> CHUNK_BITS] as Uint8Array
    const from = (a & (CHUNK - 1)) * WIDTH
    const other = (b & (CHUNK - 1)) * WIDTH
    for (let i = 0; i < WIDTH; i += 1) {
      const difference = (left[from + i] as number) - (right[other + i] as number)
      if (difference !== 0) return difference
    }
    return 0
  }

  #equals(index: number, bytes: Bytes, offset: number): boolean {
    const chunk = this.#chunks[index >> CHUNK_BITS] as Uint8Array
    const at = (index & (CHUNK - 1)) * WIDTH
    for (let i = 0; i < WIDTH; i += 1) if (chunk[at + i] !== bytes[offset + i]) return false
    return true
  }

  #place(bytes: Bytes, offset: number, index: number): void {
    const mask = this.#slots.length - 1
    let slot = start(bytes, offset) & mask
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask
    this.#slots[slot] = index + 1
  }

  #grow(): void {
    this.#slots = new Int32Array(this.#slots.length * 2)
    for (let i = 0; i < this.#length; i += 1) {
      this.#place(this.#chunks[i >> CHUNK_BITS] as Uint8Array, (i & (CHUNK - 1)) * WIDTH, i)
    }
  }
}

/** Hashes are uniform, so any four of their bytes spread them. */
function start(bytes: Bytes, offset: number): number {
  return (
    (bytes[offset] as number) |
    ((bytes[offset + 1] as number) << 8) |
    ((bytes[offset + 2] as number) << 16) |
    ((bytes[offset + 3] as number) << 24)
  )
}
