/**
 * @module log/embedded/leveldb/byte-reader
 *
 * Reads the encodings that LevelDB's files share. Throws `Damage` where bytes are missing or make no sense.
 */

/** A file of LevelDB is not as LevelDB wrote it. Made into `LogCorrupted`, with the name of the file, by check-files. */
export class Damage extends Error {}

export class ByteReader {
  readonly bytes: Uint8Array
  #at: number
  readonly #end: number

  constructor(bytes: Uint8Array, from = 0, end = bytes.length) {
    this.bytes = bytes
    this.#at = from
    this.#end = end
  }

  get at(): number {
    return this.#at
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#end
  }

  byte(): number {
    if (this.isAtEnd) throw new Damage(`ends at ${this.#end}, within a value`)
    const byte = this.bytes[this.#at] as number
    this.#at += 1
    return byte
  }

  skip(count: number): void {
    if (count > this.#end - this.#at) throw new Damage(`ends at ${this.#end}, within a value`)
    this.#at += count
  }

  /** Seven bits a byte, lowest first. */
  varint(): number {
    let value = 0
    let factor = 1
    for (;;) {
      const byte = this.byte()
      value += (byte & 0x7f) * factor
      if (value > Number.MAX_SAFE_INTEGER) throw new Damage(`number too large before ${this.#at}`)
      if (byte < 0x80) return value
      factor *= 128
    }
  }

  skipPrefixed(): void {
    this.skip(this.varint())
  }
}

/** Four bytes, lowest first; the caller has checked that they are there. */
export function uint32At(bytes: Uint8Array, at: number): number {
  const [a = 0, b = 0, c = 0, d = 0] = bytes.subarray(at, at + 4)
  return (a | (b << 8) | (c << 16) | (d << 24)) >>> 0
}
