/**
 * @module log/embedded/positions
 *
 * The last position of the log, and the checks at its opening.
 *
 * Guarantees when `open` resolves: as many facts are there as the head file says were acknowledged, and every position
 * from the last verified one on is in place. That covers all that LevelDB may drop from its write-ahead log without a
 * word: a record that does not match its checksum, with those behind it in the same block, and a tail cut off.
 * Positions before it lie in sorted files, whose loss LevelDB reports; damage inside them shows when they are read, or
 * with `verify: 'all'` at once.
 */

import { logCorrupted } from '../errors.ts'
import { HeadFile } from './head-file.ts'
import { decodeIndexEntry, type IndexEntry, POSITIONS, placeKey } from './layout.ts'
import { type LevelStore, WRITE_BUFFER_BYTES } from './level-store.ts'

/** After so much more, LevelDB has sorted what came before: it holds two buffers in memory at most. */
const SORTED_AFTER = 8 * WRITE_BUFFER_BYTES
const INDEX_CHUNK = 4096

/** The entries of the index from `from` on, at most `limit`, each checked to be at its place. */
export async function readIndex(
  store: LevelStore,
  from: number,
  to: number,
  limit: number,
): Promise<readonly (IndexEntry & { readonly position: number })[]> {
  const isBackward = to < from
  const step = isBackward ? -1 : 1
  const range = [placeKey(POSITIONS, Math.min(from, to)), placeKey(POSITIONS, Math.max(from, to))] as const
  const entries = await store.entries(...range, isBackward, limit)
  return entries.map(([key, text], i) => {
    const position = from + i * step
    if (key !== placeKey(POSITIONS, position)) throw logCorrupted(`position ${position} is missing`)
    return { position, ...decodeIndexEntry(position, text) }
  })
}

export class Positions {
  readonly #store: LevelStore
  readonly #file: HeadFile
  #committed: number
  #last: number | undefined
  #failures = 0
  #verified: number
  /** Becomes `#verified` when `SORTED_AFTER` more was written. */
  #nextVerified: number
  #writtenSince = 0

  private constructor(store: LevelStore, file: HeadFile, last: number) {
    this.#store = store
    this.#file = file
    this.#committed = last
    this.#last = last
    this.#verified = last + 1
    this.#nextVerified = last + 1
  }

  static async open(store: LevelStore, headPath: string): Promise<Positions> {
    const last = await store.head(POSITIONS)
    const file = HeadFile.open(headPath, last === -1)
    try {
      const { acknowledged, verified } = file.head
      if (last + 1 < acknowledged) {
        throw logCorrupted(`${store.folder} holds ${last + 1} facts, but ${acknowledged} were acknowledged`)
      }
      for (let from = verified; from <= last; ) {
        const entries = await readIndex(store, from, last, INDEX_CHUNK)
        if (entries.length === 0) throw logCorrupted(`position ${from} is missing`)
        from += entries.length
      }
      file.record({ acknowledged: last + 1, verified: last + 1 })
    } catch (error) {
      file.close()
      throw error
    }
    return new Positions(store, file, last)
  }

  /** Durable; -1 for none. */
  get committed(): number {
    return this.#committed
  }

  /** With the facts that wait to be written; unknown after a failure, until `load`. */
  get last(): number | undefined {
    return this.#last
  }

  advance(count: number): void {
    this.#last = (this.#last ?? 0) + count
  }

  /** From storage, after a failure. */
  async load(): Promise<void> {
    while (this.#last === undefined) {
      const failures = this.#failures
      const last = await this.#store.head(POSITIONS)
      // What was looked up before another failure may be older than what that one left behind.
      if (failures !== this.#failures || this.#last !== undefined) continue
      this.#committed = last
      this.#last = last
    }
  }

  forget(): void {
    this.#failures += 1
    this.#last = undefined
  }

  /** After the facts up to `last` are durable, before anybody learns of it. */
  commit(last: number, size: number): void {
    this.#committed = last
    this.#writtenSince += size
    if (this.#writtenSince >= SORTED_AFTER) {
      this.#verified = this.#nextVerified
      this.#nextVerified = last + 1
      this.#writtenSince = 0
    }
    this.#file.record({ acknowledged: last + 1, verified: this.#verified })
  }

  close(): void {
    this.#file.close()
  }
}
