/**
 * @module wire/canonical/writer
 *
 * The canonical encoding (parsec §11): little-endian, fixed width, no padding.
 */

import type { Bytes } from '../../base/bytes.ts'

export class CanonicalWriter {
  #bytes: Bytes
  #length = 0

  constructor(capacity = 256) {
    this.#bytes = new Uint8Array(capacity)
  }

  get length(): number {
    return this.#length
  }

  #reserve(count: number): number {
    const start = this.#length
    const needed = start + count
    if (needed > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2))
      grown.set(this.#bytes.subarray(0, start))
      this.#bytes = grown
    }
    this.#length = needed
    return start
  }

  u8(value: number): this {
    // Reserved first: that may put another array in place.
    const at = this.#reserve(1)
    this.#bytes[at] = value
    return this
  }

  u32(value: number): this {
    const at = this.#reserve(4)
    const bytes = this.#bytes
    bytes[at] = value
    bytes[at + 1] = value >>> 8
    bytes[at + 2] = value >>> 16
    bytes[at + 3] = value >>> 24
    return this
  }

  u64(value: number): this {
    return this.u32(value % 0x1_00_00_00_00).u32(Math.floor(value / 0x1_00_00_00_00))
  }

  bool(value: boolean): this {
    return this.u8(value ? 1 : 0)
  }

  fixed(bytes: Bytes): this {
    const at = this.#reserve(bytes.length)
    this.#bytes.set(bytes, at)
    return this
  }

  byteString(bytes: Bytes): this {
    return this.u64(bytes.length).fixed(bytes)
  }

  /** What was written; the writer must not be used again. */
  finish(): Bytes {
    return this.#length === this.#bytes.length ? this.#bytes : this.#bytes.slice(0, this.#length)
  }
}
