/**
 * @module log/embedded/leveldb/snappy
 *
 * Expands one block in the raw Snappy format (google/snappy, format_description.txt). LevelDB compresses index blocks too,
 * and the index says where the other blocks are.
 */

import { ByteReader, Damage } from './byte-reader.ts'

const MAX_BLOCK = 64 * 1024 * 1024

function littleEndian(reader: ByteReader, bytes: number): number {
  let value = 0
  for (let i = 0; i < bytes; i += 1) value += reader.byte() * 256 ** i
  return value
}

export function expandSnappy(block: Uint8Array): Uint8Array {
  const reader = new ByteReader(block)
  const size = reader.varint()
  if (size > MAX_BLOCK) throw new Damage(`a block of ${size} bytes`)
  const output = new Uint8Array(size)
  let at = 0
  while (!reader.isAtEnd) {
    const tag = reader.byte()
    if ((tag & 3) === 0) {
      const inTag = tag >>> 2
      const length = 1 + (inTag < 60 ? inTag : littleEndian(reader, inTag - 59))
      if (length > size - at) throw new Damage('a literal beyond the end of its block')
      const from = reader.at
      reader.skip(length)
      output.set(block.subarray(from, from + length), at)
      at += length
    } else {
      const kind = tag & 3
      const length = kind === 1 ? 4 + ((tag >>> 2) & 7) : 1 + (tag >>> 2)
      const offset = kind === 1 ? ((tag >>> 5) << 8) + reader.byte() : littleEndian(reader, kind === 2 ? 2 : 4)
      if (offset === 0 || offset > at || length > size - at) throw new Damage('a copy from outside its block')
      // Byte by byte: a copy may overlap what it makes.
      for (const end = at + length; at < end; at += 1) output[at] = output[at - offset] as number
    }
  }
  if (at !== size) throw new Damage(`${at} bytes where ${size} should be`)
  return output
}
