/**
 * @module wire/protobuf/reader
 *
 * The fields of a protobuf message one after the other. Refused (ballots §1): a varint beyond 64 bits, a tag beyond 32
 * bits, field 0, the wire types 6 and 7, a group that is not closed by its own end, truncation, and more than the usual
 * 100 levels of nesting. The reader of the protobuf library passes some of these over, which would make two peers judge
 * one message differently.
 */

import { fromUtf8 } from '../../base/bytes.ts'

const VARINT = 0
const BIT64 = 1
const DELIMITED = 2
const GROUP = 3
const GROUP_END = 4
const BIT32 = 5

const MAX_DEPTH = 100

export class FieldReader {
  readonly #bytes: Uint8Array
  readonly #end: number
  /** Levels of messages and groups that may still be opened. */
  readonly #depth: number
  #at: number
  #field = 0
  #wireType = VARINT
  /** The last varint, as two unsigned halves. */
  #low = 0
  #high = 0

  constructor(bytes: Uint8Array, start = 0, end: number = bytes.length, depth: number = MAX_DEPTH) {
    this.#bytes = bytes
    this.#at = start
    this.#end = end
    this.#depth = depth
  }

  /** The number of the next field, 0 at the end. Its value must be taken, or skipped, before the next call. */
  next(): number {
    if (this.#at === this.#end) return 0
    this.#tag()
    return this.#field
  }

  number(): number {
    this.#expect(VARINT)
    this.#varint()
    return this.#low
  }

  time(): bigint {
    this.#expect(VARINT)
    this.#varint()
    return this.#high === 0 ? BigInt(this.#low) : (BigInt(this.#high) << 32n) | BigInt(this.#low)
  }

  flag(): boolean {
    this.#expect(VARINT)
    this.#varint()
    return this.#low !== 0 || this.#high !== 0
  }

  /** A copy. */
  bytes(): Uint8Array {
    const start = this.#delimited()
    return this.#bytes.slice(start, this.#at)
  }

  text(): string {
    const start = this.#delimited()
    return fromUtf8(this.#bytes.subarray(start, this.#at))
  }

  message(): FieldReader {
    const start = this.#delimited()
    return new FieldReader(this.#bytes, start, this.#at, this.#depth - 1)
  }

  skip(): void {
    this.#skip(this.#depth)
  }

  #skip(depth: number): void {
    if (depth === 0) throw new RangeError('too many levels')
    switch (this.#wireType) {
      case VARINT:
        this.#varint()
        return
      case BIT64:
        this.#advance(8)
        return
      case DELIMITED:
        this.#delimited()
        return
      case BIT32:
        this.#advance(4)
        return
      case GROUP:
        this.#skipGroup(this.#field, depth)
        return
      default:
        throw new RangeError(`the end of group ${this.#field}, which is not open`)
    }
  }

  #skipGroup(group: number, depth: number): void {
    for (;;) {
      this.#tag()
      if (this.#wireType === GROUP_END) break
      this.#skip(depth - 1)
    }
    if (this.#field !== group) throw new RangeError(`group ${group} ends as ${this.#field}`)
  }

  #tag(): void {
    this.#varint()
    if (this.#high !== 0) throw new RangeError('a tag beyond 32 bits')
    this.#field = this.#low >>> 3
    this.#wireType = this.#low & 7
    if (this.#field === 0) throw new RangeError('field 0')
    if (this.#wireType > BIT32) throw new RangeError(`wire type ${this.#wireType}`)
  }

  /** Where the value begins; it ends where the reader is now. */
  #delimited(): number {
    this.#expect(DELIMITED)
    this.#varint()
    const start = this.#at
    if (this.#high !== 0) throw new RangeError('a length beyond the end')
    this.#advance(this.#low)
    return start
  }

  #advance(count: number): void {
    if (count > this.#end - this.#at) throw new RangeError('cut short')
    this.#at += count
  }

  #varint(): void {
    let low = 0
    let high = 0
    for (let shift = 0; shift < 70; shift += 7) {
      if (this.#at === this.#end) throw new RangeError('cut short')
      const byte = this.#bytes[this.#at] as number
      this.#at += 1
      const bits = byte & 0x7f
      if (shift < 32) low |= bits << shift
      if (shift > 28) high |= bits << (shift - 32)
      else if (shift === 28) high |= bits >> 4
      if (byte < 0x80) {
        // The tenth byte has room for one bit.
        if (shift === 63 && byte > 1) break
        this.#low = low >>> 0
        this.#high = high >>> 0
        return
      }
    }
    throw new RangeError('a varint beyond 64 bits')
  }

  #expect(wireType: number): void {
    if (this.#wireType !== wireType)
      throw new TypeError(`field ${this.#field} has wire type ${this.#wireType}, not ${wireType}`)
  }
}
