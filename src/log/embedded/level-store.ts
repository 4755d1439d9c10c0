/**
 * @module log/embedded/level-store
 *
 * LevelDB as the embedded log needs it: synced batches, reads in chunks, and every failure as a `LogError`.
 *
 * Guarantees: after a failed write the database is closed and opened again before anything else is written. LevelDB
 * itself would go on behind a half-written record of its write-ahead log, and lose at the next start what it
 * acknowledged since. Reads that such a reopening cuts off are done again.
 * Assumes: one `write` at a time (log/embedded/group-commit).
 */

import { join } from 'node:path'
import { ClassicLevel } from 'classic-level'
import { LogError } from '../../ports/event-log.ts'
import { logClosed, logCorrupted, logFull, logLocked, logUnavailable } from '../errors.ts'
import { decodeHead, headKey } from './layout.ts'
import { checkLevelFiles } from './leveldb/check-files.ts'

export type Put = readonly [key: string, value: string]
/** What is used of LevelDB; tests put a failing one in its place. */
export interface Level extends Pick<ClassicLevel, 'open' | 'close' | 'iterator' | 'values' | 'getMany'> {
  batch(): LevelBatch
}
export interface LevelBatch {
  put(key: string, value: string): unknown
  write(options: { readonly sync: true }): Promise<void>
}
export type OpenLevel = (folder: string) => Level

/** Beside it lies the head file. */
const FACTS_FOLDER = 'facts'

/** Size of LevelDB's table in memory; at most two of them are not in sorted files yet. */
export const WRITE_BUFFER_BYTES = 4 * 1024 * 1024
/** What one chunk reads at most, give or take one record. */
export const CHUNK_BYTES = 2 * 1024 * 1024

export const openClassicLevel: OpenLevel = (folder) =>
  new ClassicLevel(folder, { keyEncoding: 'utf8', valueEncoding: 'utf8', writeBufferSize: WRITE_BUFFER_BYTES })

/** The innermost error says what happened; those around it only that opening failed. */
function rootCause(error: unknown): { readonly code: string; readonly message: string } {
  let root = error
  while (root instanceof Error && root.cause instanceof Error) root = root.cause
  const { code, message } = root as { readonly code?: unknown; readonly message?: unknown }
  return { code: String(code), message: String(message) }
}

const NO_SPACE = /No space left|File too large|quota exceeded|ENOSPC|EFBIG|EDQUOT/i
const NO_ACCESS = /Permission denied|Read-only|Operation not permitted|EACCES|EROFS|EPERM/i
/** LevelDB reports a file that is gone or cut short as an I/O error. */
const NO_FILE = /No such file|Invalid argument|too short|missing files/i

export function asLogError(error: unknown, folder: string, operation: string): LogError {
  if (error instanceof LogError) return error
  const { code, message } = rootCause(error)
  if (code === 'LEVEL_LOCKED') return logLocked(folder, error)
  if (NO_SPACE.test(message)) return logFull(error)
  if (NO_ACCESS.test(message)) {
    const text = `${operation}: no access to ${folder}: ${message}`
    return new LogError({ code: 'AccessDenied', operation }, text, { cause: error })
  }
  if (code === 'LEVEL_CORRUPTION' || NO_FILE.test(message)) return logCorrupted(`${folder}: ${message}`, error)
  return logUnavailable(operation, `${folder}: ${message}`, error)
}

/** Whether a process has the database open. Changes nothing: LevelDB refuses to go on once it has looked at the lock. */
async function isLocked(path: string): Promise<boolean> {
  const probe = new ClassicLevel(path, { createIfMissing: false, errorIfExists: true })
  try {
    await probe.open()
    await probe.close()
    return false
  } catch (error) {
    return rootCause(error).code === 'LEVEL_LOCKED'
  }
}

export class LevelStore {
  readonly folder: string
  readonly #level: Level
  #isClosed = false
  /** A write failed: what LevelDB has in memory must not be built upon. */
  #isBroken = false
  #reopening: Promise<void> | undefined
  #openings = 0

  private constructor(folder: string, level: Level) {
    this.folder = folder
    this.#level = level
  }

  /** Looks for damage, then opens. */
  static async open(folder: string, openLevel: OpenLevel): Promise<LevelStore> {
    const path = join(folder, FACTS_FOLDER)
    try {
      await checkLevelFiles(path)
    } catch (error) {
      // To this process, files that another one is writing look damaged.
      if (await isLocked(path)) throw logLocked(folder, error)
      throw asLogError(error, folder, 'open')
    }
    // Not before: LevelDB begins to open as soon as it is made.
    const store = new LevelStore(folder, openLevel(path))
    await store.#open()
    return store
  }

  async #open(): Promise<void> {
    try {
      await this.#level.open()
      this.#openings += 1
    } catch (error) {
      throw asLogError(error, this.folder, 'open')
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true
    try {
      // Whoever asked for it learns how it ended.
      await this.#reopening?.catch(() => undefined)
      await this.#level.close()
    } catch (error) {
      throw asLogError(error, this.folder, 'close')
    }
  }

  /** Atomic; durable when it resolves. When it rejects, `recover` tells whether it was written. */
  async write(puts: readonly Put[]): Promise<void> {
    try {
      await this.recover()
      // A chained batch takes a third of the time of an array of operations: nothing is cloned.
      const batch = this.#level.batch()
      for (const [key, value] of puts) batch.put(key, value)
      await batch.write({ sync: true })
    } catch (error) {
      this.#isBroken = true
      throw asLogError(error, this.folder, 'append')
    }
  }

  /** After it resolves, the database shows exactly what is durable. Costs nothing where no write failed. */
  recover(): Promise<void> {
    if (!this.#isBroken) return Promise.resolve()
    this.#reopening ??= this.#reopen().finally(() => {
      this.#reopening = undefined
    })
    return this.#reopening
  }

  async #reopen(): Promise<void> {
    if (this.#isClosed) throw logClosed()
    await this.#level.close()
    await this.#open()
    this.#isBroken = false
  }

  /** The last place under a prefix, as stored and checked; -1 for none. */
  head(prefix: string): Promise<number> {
    return this.#read(async () => {
      const range = { gte: prefix, lte: headKey(prefix), reverse: true, limit: 2 }
      return decodeHead(prefix, await this.#level.iterator(range).all())
    })
  }

  values(from: string, to: string, isBackward: boolean, limit: number): Promise<readonly string[]> {
    return this.#read(async () => {
      const range = { gte: from, lte: to, reverse: isBackward, limit, highWaterMarkBytes: CHUNK_BYTES }
      const iterator = this.#level.values(range)
      try {
        return await iterator.nextv(limit)
      } finally {
        await iterator.close()
      }
    })
  }

  entries(
    from: string,
    to: string,
    isBackward: boolean,
    limit: number,
  ): Promise<readonly (readonly [string, string])[]> {
    return this.#read(async () => {
      const range = { gte: from, lte: to, reverse: isBackward, limit, highWaterMarkBytes: CHUNK_BYTES }
      const iterator = this.#level.iterator(range)
      try {
        return await iterator.nextv(limit)
      } finally {
        await iterator.close()
      }
    })
  }

  getMany(keys: readonly string[]): Promise<readonly (string | undefined)[]> {
    return this.#read(() => this.#level.getMany([...keys]))
  }

  async #read<T>(read: () => Promise<T>): Promise<T> {
    for (;;) {
      if (this.#isClosed) throw logClosed()
      const openings = this.#openings
      try {
        await this.recover()
        return await read()
      } catch (error) {
        if (this.#isClosed) throw logClosed()
        // Cut off by a reopening, done or under way: once more. It cannot go on so for ever, as each failed write
        // reopens once.
        if (openings === this.#openings && this.#reopening === undefined) throw asLogError(error, this.folder, 'read')
        if (error instanceof LogError && error.code !== 'LogClosed') throw error
      }
    }
  }
}
