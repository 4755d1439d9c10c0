import { Buffer } from 'node:buffer'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ByteReader, Damage } from '../../src/log/embedded/leveldb/byte-reader.ts'
import { crc32c, masked } from '../../src/log/embedded/leveldb/crc32c.ts'
import { readRecords } from '../../src/log/embedded/leveldb/record-file.ts'
import { expandSnappy } from '../../src/log/embedded/leveldb/snappy.ts'

const BLOCK = 32 * 1024
const HEADER = 7

function fragment(kind: number, body: Uint8Array): Buffer {
  const header = Buffer.alloc(HEADER)
  header.writeUInt32LE(masked(crc32c(Buffer.concat([Buffer.of(kind), body]))))
  header.writeUInt16LE(body.length, 4)
  header.writeUInt8(kind, 6)
  return Buffer.concat([header, body])
}

/** A record file as LevelDB writes it (leveldb/doc/log_format.md). */
function recordFile(records: readonly Uint8Array[]): Buffer {
  const parts: Buffer[] = []
  let at = 0
  const add = (part: Buffer): void => {
    parts.push(part)
    at += part.length
  }
  for (const record of records) {
    for (let from = 0, isFirst = true; isFirst || from < record.length; isFirst = false) {
      if (BLOCK - (at % BLOCK) < HEADER) add(Buffer.alloc(BLOCK - (at % BLOCK)))
      const to = Math.min(record.length, from + BLOCK - (at % BLOCK) - HEADER)
      const isLast = to === record.length
      const [whole, part] = isLast ? [1, 4] : [2, 3]
      add(fragment(isFirst ? whole : part, record.subarray(from, to)))
      from = to
    }
  }
  return Buffer.concat(parts)
}

function outcomeOf(file: Uint8Array): 'damaged' | 'unfinished' | 'whole' {
  try {
    return readRecords(file).damagedAt === undefined ? 'whole' : 'unfinished'
  } catch (error) {
    if (error instanceof Damage) return 'damaged'
    throw error
  }
}

/** The length that a block says it has, or that it is damaged. */
function expandedLength(block: Uint8Array): number | 'damaged' {
  try {
    return expandSnappy(block).length
  } catch (error) {
    if (error instanceof Damage) return 'damaged'
    throw error
  }
}

const literal = (text: string): readonly number[] => [(text.length - 1) << 2, ...Buffer.from(text)]
const expand = (...bytes: readonly number[]): string => Buffer.from(expandSnappy(Uint8Array.from(bytes))).toString()

const size = fc.oneof(fc.nat(50), fc.nat(3 * BLOCK), fc.integer({ min: BLOCK - 20, max: BLOCK + 20 }))
const record = size.map((length) => Buffer.alloc(length, `${length}.`))
const records = fc.array(record, { minLength: 1, maxLength: 6 })

describe('record files', () => {
  it('are read as written', () => {
    fc.assert(
      fc.property(records, (written) => {
        const { records: read, damagedAt } = readRecords(recordFile(written))
        expect(damagedAt).toBe(undefined)
        expect(read.length === written.length && read.every((one, i) => written[i]?.equals(one))).toBe(true)
      }),
    )
  })

  it('give a prefix of whole records when cut off anywhere', () => {
    fc.assert(
      fc.property(records, fc.double({ min: 0, max: 1, noNaN: true }), (written, share) => {
        const file = recordFile(written)
        const { records: read } = readRecords(file.subarray(0, Math.floor(share * file.length)))
        expect(read.length <= written.length && read.every((one, i) => written[i]?.equals(one))).toBe(true)
      }),
    )
  })

  it('are damaged where a bad place has a whole record behind it, and unfinished where it has none', () => {
    const written = [1, 2, 3].map((n) => Buffer.alloc(1.5 * BLOCK, n))
    const file = recordFile(written)
    for (let at = 3; at < file.length; at += 997) {
      const bad = Buffer.from(file)
      bad.writeUInt8(bad.readUInt8(at) ^ 0x10, at)
      // The third record begins a little behind the third block.
      const isInLast = at >= file.length - 1.5 * BLOCK - 3 * HEADER
      expect(outcomeOf(bad)).toBe(isInLast ? 'unfinished' : 'damaged')
    }
  })
})

describe('CRC-32C', () => {
  it('gives the values of RFC 3720 §B.4, from any start', () => {
    const ascending = Buffer.from(Array.from({ length: 32 }, (_, i) => i))
    expect(crc32c(Buffer.alloc(32))).toBe(0x8a9136aa)
    expect(crc32c(Buffer.alloc(32, 0xff))).toBe(0x62a8ab43)
    expect(crc32c(ascending)).toBe(0x46dd794e)
    expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283)
    for (let from = 0; from < 9; from += 1) {
      expect(crc32c(Buffer.concat([Buffer.alloc(from, 7), ascending]), from, from + 32)).toBe(0x46dd794e)
    }
  })
})

describe('Snappy', () => {
  it('expands literals and copies, those that overlap what they make too', () => {
    expect(expand(5, ...literal('witan'))).toBe('witan')
    expect(expand(12, ...literal('ab'), ((10 - 1) << 2) | 2, 2, 0)).toBe('abababababab')
    expect(expand(8, ...literal('abcd'), 0 | 1, 4)).toBe('abcdabcd')
    expect(expand(8, ...literal('abcd'), ((4 - 1) << 2) | 3, 4, 0, 0, 0)).toBe('abcdabcd')
    const long = 'x'.repeat(300)
    expect(expand((300 & 0x7f) | 0x80, 300 >> 7, 61 << 2, 299 & 0xff, 299 >> 8, ...Buffer.from(long))).toBe(long)
  })

  it('refuses what is no block, whatever it is', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const length = expandedLength(bytes)
        expect(length === 'damaged' || length === new ByteReader(bytes).varint()).toBe(true)
      }),
    )
  })
})
