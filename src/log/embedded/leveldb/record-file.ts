/**
 * @module log/embedded/leveldb/record-file
 *
 * Reads LevelDB's record files, the write-ahead log and the manifest (leveldb/doc/log_format.md).
 *
 * The writer of a record file may die at any moment, so that an unfinished end is no damage. What cannot come from that
 * is a bad place with a whole record behind it: each record was synced before the next was begun.
 */

import { Damage, uint32At } from './byte-reader.ts'
import { crc32c, masked } from './crc32c.ts'

const BLOCK_BYTES = 32 * 1024
const HEADER_BYTES = 7
const FULL = 1
const FIRST = 2
const LAST = 4

interface Fragment {
  readonly kind: number
  readonly from: number
  readonly to: number
}

export interface Records {
  readonly records: readonly Uint8Array[]
  /** Where the first bad place is, if there is any; no whole record stands behind it. */
  readonly damagedAt: number | undefined
}

/** The fragment at `at`; `undefined` where there is none that could be believed. */
function fragmentAt(file: Uint8Array, at: number, blockEnd: number): Fragment | undefined {
  const from = at + HEADER_BYTES
  if (from > blockEnd) return undefined
  const to = from + (file[at + 4] as number) + 256 * (file[at + 5] as number)
  const kind = file[at + 6] as number
  if (to > blockEnd || kind < FULL || kind > LAST) return undefined
  // The checksum covers the kind and the contents.
  return uint32At(file, at) === masked(crc32c(file, at + 6, to)) ? { kind, from, to } : undefined
}

/** Everything up to the end, or up to an unfinished end. Throws `Damage` where a record stands behind a bad place. */
export function readRecords(file: Uint8Array): Records {
  const records: Uint8Array[] = []
  let parts: Uint8Array[] | undefined
  let damagedAt: number | undefined
  let at = 0
  while (at < file.length) {
    const blockEnd = Math.min(file.length, at - (at % BLOCK_BYTES) + BLOCK_BYTES)
    const fragment = blockEnd - at < HEADER_BYTES ? 'none fits' : fragmentAt(file, at, blockEnd)
    if (fragment === 'none fits') {
      at = blockEnd
      continue
    }
    if (fragment === undefined) {
      damagedAt ??= at
      parts = undefined
      at = blockEnd
      continue
    }
    const { kind, from, to } = fragment
    const isStart = kind === FULL || kind === FIRST
    if (isStart) {
      if (parts !== undefined) damagedAt ??= at
      parts = []
    } else if (parts === undefined) {
      damagedAt ??= at
    }
    parts?.push(file.subarray(from, to))
    if (parts !== undefined && (kind === FULL || kind === LAST)) {
      if (damagedAt !== undefined) throw new Damage(`is damaged at ${damagedAt}, and goes on at ${at}`)
      records.push(parts.length === 1 ? (parts[0] as Uint8Array) : Buffer.concat(parts))
      parts = undefined
    }
    at = to
  }
  return { records, damagedAt }
}
