/**
 * @module wire/canonical/reader
 *
 * Strict reading of the canonical encoding (parsec §11): little-endian, fixed width, no padding.
 *
 * Guarantees: nothing is allocated for a length before the bytes that are left could hold it; byte strings are views of
 * the input, not copies. Every refusal is a `CodecError`.
 * The caller owes: `finish()` at the end, and not to change the input while views of it are in use.
 */

import type { Bytes } from '../../base/bytes.ts'
import { CodecError } from './errors.ts'

export class CanonicalReader {
  readonly bytes: Bytes
  readonly end: number
  offset: number

  constructor(bytes: Bytes, offset = 0, end: number = bytes.length) {
    this.bytes = bytes
    this.offset = offset
    this.end = end
  }

  get left(): number {
    return this.end - this.offset
  }

  #advance(count: number): number {
    const start = this.offset
    if (count > this.end - start) throw new CodecError({ code: 'UnexpectedEnd', offset: start, needed: count })
    this.offset = start + count
    return start
  }

  u8(): number {
    return this.bytes[this.#advance(1)] as number
  }

  u32(): number {
    const at = this.#advance(4)
    const { bytes } = this
    return (
      ((bytes[at] as number) |
        ((bytes[at + 1] as number) << 8) |
        ((bytes[at + 2] as number) << 16) |
        ((bytes[at + 3] as number) << 24)) >>>
      0
    )
  }

  /** A u64 below 2^53; more cannot be a count of anything. */
  u64(): number {
    const at = this.offset
    const low = this.u32()
    const high = this.u32()
    if (high >= 0x20_00_00) throw new CodecError({ code: 'InvalidValue', offset: at, what: 'u64 beyond 2^53' })
    return high * 0x1_00_00_00_00 + low
  }

  bool(): boolean {
    const at = this.offset
    const value = this.u8()
    if (value > 1) throw new CodecError({ code: 'InvalidValue', offset: at, what: 'bool' })
    return value === 1
  }

  /** Over `count` bytes; gives where they begin. */
  skip(count: number): number {
    return this.#advance(count)
  }

  /** `count` bytes without a length before them: hashes, keys, signatures. */
  fixed(count: number): Bytes {
    const at = this.#advance(count)
    return this.bytes.subarray(at, at + count)
  }

  /** A length, then so many bytes. */
  byteString(maxBytes: number, what: string): Bytes {
    return this.fixed(this.count(1, maxBytes, what))
  }

  /** The length of a sequence whose items take at least `minItemBytes` each. */
  count(minItemBytes: number, maxItems: number, what: string): number {
    const at = this.offset
    const count = this.u64()
    if (count > maxItems) throw new CodecError({ code: 'LimitExceeded', what, limit: maxItems, actual: count })
    if (count * minItemBytes > this.left) {
      throw new CodecError({ code: 'UnexpectedEnd', offset: at, needed: count * minItemBytes })
    }
    return count
  }

  unknownTag(type: string, tag: number): never {
    throw new CodecError({ code: 'UnknownTag', offset: this.offset - 4, type, tag })
  }

  finish(): void {
    if (this.offset !== this.end) throw new CodecError({ code: 'TrailingBytes', offset: this.offset, left: this.left })
  }
}
