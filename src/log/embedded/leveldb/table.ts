/**
 * @module log/embedded/leveldb/table
 *
 * Checks every block of a sorted table (leveldb/doc/table_format.md) against its checksum. LevelDB itself does not,
 * unless asked, and then merges what is damaged into new tables, or stops the process on a failed assertion.
 */

import { ByteReader, Damage, uint32At } from './byte-reader.ts'
import { crc32c, masked } from './crc32c.ts'
import { expandSnappy } from './snappy.ts'

const FOOTER_BYTES = 48
const MAGIC = [0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb]
/** Behind each block: how it is compressed, and its checksum. */
const TRAILER_BYTES = 5

interface Handle {
  readonly offset: number
  readonly size: number
}

function readHandle(reader: ByteReader): Handle {
  return { offset: reader.varint(), size: reader.varint() }
}

class TableBlocks {
  readonly #file: Uint8Array
  readonly #end: number
  #checkedBytes = 0

  constructor(file: Uint8Array) {
    this.#file = file
    this.#end = file.length - FOOTER_BYTES
  }

  get checkedBytes(): number {
    return this.#checkedBytes
  }

  check({ offset, size }: Handle): Uint8Array {
    const end = offset + size
    if (end + TRAILER_BYTES > this.#end) throw new Damage(`a block beyond its end, at ${offset}`)
    const sum = masked(crc32c(this.#file, offset, end + 1))
    if (uint32At(this.#file, end + 1) !== sum) throw new Damage(`the block at ${offset} does not match its checksum`)
    this.#checkedBytes += size + TRAILER_BYTES
    return this.#file.subarray(offset, end)
  }

  /** The handles that an index block holds as values. */
  handles(at: Handle): readonly Handle[] {
    const stored = this.check(at)
    const block = this.#file[at.offset + at.size] === 1 ? expandSnappy(stored) : stored
    if (block.length < 4) throw new Damage(`the index at ${at.offset} is too short`)
    const restarts = uint32At(block, block.length - 4)
    const reader = new ByteReader(block, 0, Math.max(0, block.length - 4 * (restarts + 1)))
    const handles: Handle[] = []
    while (!reader.isAtEnd) {
      reader.varint()
      const keyBytes = reader.varint()
      const valueBytes = reader.varint()
      reader.skip(keyBytes)
      handles.push(readHandle(new ByteReader(block, reader.at, reader.at + valueBytes)))
      reader.skip(valueBytes)
    }
    return handles
  }
}

export function checkTable(file: Uint8Array): void {
  if (file.length < FOOTER_BYTES) throw new Damage('is too short for a table')
  const footer = new ByteReader(file, file.length - FOOTER_BYTES, file.length - MAGIC.length)
  const end = file.subarray(file.length - MAGIC.length)
  if (!MAGIC.every((byte, i) => end[i] === byte)) throw new Damage('does not end as a table')
  const blocks = new TableBlocks(file)
  const filters = blocks.handles(readHandle(footer))
  const data = blocks.handles(readHandle(footer))
  for (const handle of [...filters, ...data]) blocks.check(handle)
  const bytes = file.length - FOOTER_BYTES
  if (blocks.checkedBytes !== bytes) throw new Damage(`its blocks make ${blocks.checkedBytes} of ${bytes} bytes`)
}
