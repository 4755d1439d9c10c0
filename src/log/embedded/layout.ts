/**
 * @module log/embedded/layout
 *
 * How facts lie in LevelDB. Keys are text whose bytes sort as wanted; `#` stands for sixteen decimal digits.
 *
 * | Key | Value |
 * | --- | --- |
 * | `s<stream>NUL#` | the record at that revision: eight hex digits of CRC-32, then JSON `[position, revision, type, data, metadata]` |
 * | `s<stream>NULh` | the last revision of the stream, with its CRC-32 |
 * | `a#` | which record has that position: `<revision>,<characters of the record>,<stream>` |
 * | `ah` | the last position, with its CRC-32 |
 *
 * Guarantees: a record whose bytes changed, or which stands where another should, is `LogCorrupted`, never a fact. The
 * checksum covers the name of the stream; place and content are inside. LevelDB has checksums of its own, but reads
 * tables without looking at them.
 */

import { crc32 } from 'node:zlib'
import type { NewFact, RecordedFact, Revision } from '../../ports/event-log.ts'
import { logCorrupted } from '../errors.ts'
import { recordedFact } from '../recorded.ts'

const DIGITS = 16
const CHECKSUM_DIGITS = 8

/** Everything of one stream, or the index of positions, begins with its prefix; the head sorts behind the numbers. */
export const POSITIONS = 'a'

export function streamPrefix(stream: string): string {
  // No name of a stream holds NUL (log/check), so that no prefix begins another.
  return `s${stream}\0`
}

export function placeKey(prefix: string, place: number): string {
  return prefix + String(place).padStart(DIGITS, '0')
}

export function headKey(prefix: string): string {
  return `${prefix}h`
}

/** Checksums of the names of the streams used last. */
const seeds = new Map<string, number>()
const MAX_SEEDS = 1_000

/** The name goes before what its records hold, so that a record of another stream does not match. */
function seedOf(stream: string): number {
  let seed = seeds.get(stream)
  if (seed === undefined) {
    seed = crc32(stream)
    if (seeds.size >= MAX_SEEDS) seeds.clear()
    seeds.set(stream, seed)
  }
  return seed
}

function checksum(text: string, seed: number): string {
  return crc32(text, seed).toString(16).padStart(CHECKSUM_DIGITS, '0')
}

export function encodeRecord(stream: string, revision: Revision, position: number, fact: NewFact): string {
  const json = JSON.stringify([position, revision, fact.type, fact.data, fact.metadata])
  return checksum(json, seedOf(stream)) + json
}

export interface RawRecord {
  readonly stream: string
  readonly revision: Revision
  /** What the index of positions said, if the record was found through it. */
  readonly position: number | undefined
  readonly text: string | undefined
}

export function decodeRecord({ stream, revision, position, text }: RawRecord): RecordedFact {
  const corrupted = (why: string): Error => logCorrupted(`${stream}@${revision} ${why}`)
  if (text === undefined) throw corrupted('is missing')
  const json = text.slice(CHECKSUM_DIGITS)
  if (text.slice(0, CHECKSUM_DIGITS) !== checksum(json, seedOf(stream))) {
    throw corrupted('does not match its checksum')
  }
  const [recordedPosition, recordedRevision, type, data, metadata] = JSON.parse(json) as [
    number,
    Revision,
    string,
    NewFact['data'],
    NewFact['metadata'],
  ]
  if (recordedRevision !== revision) throw corrupted(`is missing: ${recordedRevision} stands there`)
  if (position !== undefined && position !== recordedPosition) {
    throw corrupted(`has position ${recordedPosition}, the index says ${position}`)
  }
  return recordedFact(stream, revision, BigInt(recordedPosition), { type, data, metadata })
}

export function encodeHead(prefix: string, last: number): string {
  return checksum(String(last), crc32(prefix)) + String(last)
}

/** What the two newest entries under a prefix (newest first) say about the last place there; -1 for none. */
export function decodeHead(prefix: string, newest: readonly (readonly [string, string])[]): number {
  const [head, last] = newest
  if (head === undefined) return -1
  const where = prefix === POSITIONS ? 'the end of the log' : `the end of stream ${prefix.slice(1, -1)}`
  const text = head[1].slice(CHECKSUM_DIGITS)
  const place = Number(text)
  const isHead = head[0] === headKey(prefix) && head[1] === encodeHead(prefix, place)
  if (!isHead || last?.[0] !== placeKey(prefix, place)) throw logCorrupted(`${where} is missing or does not match`)
  return place
}

export function encodeIndexEntry(stream: string, revision: Revision, record: string): string {
  return `${revision},${record.length},${stream}`
}

export interface IndexEntry {
  readonly revision: Revision
  readonly stream: string
  /** UTF-16 units, for bounding what is read at once. */
  readonly length: number
}

export function decodeIndexEntry(position: number, text: string): IndexEntry {
  const match = /^(\d{1,16}),(\d{1,16}),(.+)$/su.exec(text)
  if (match === null) throw logCorrupted(`position ${position} of the index`)
  return { revision: Number(match[1]), length: Number(match[2]), stream: match[3] as string }
}
