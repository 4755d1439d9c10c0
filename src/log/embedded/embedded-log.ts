/**
 * @module log/embedded/embedded-log
 *
 * The default log: a folder, nothing to install or run. LevelDB stores, group commit makes it quick.
 *
 * Guarantees, besides those of ports/event-log:
 * - What was acknowledged survives the death of the process at any moment, and, where the disk keeps what it synced, a
 *   power cut. What was not may be there or not, but an append is there whole or not at all.
 * - The folder belongs to one process: a second one gets `LogLocked`.
 * - Facts that are damaged or missing are `LogCorrupted`, when the log is opened (log/embedded/positions) or when they
 *   are read (log/embedded/layout); never other facts, never a shorter log that passes for whole.
 * - A failed write (`LogFull`, `LogUnavailable`) closes and opens LevelDB and looks whether it was written after all;
 *   later calls go on from what is durable. Where opening fails too (the disk is full), each later call tries again.
 * Bounds: 64 MiB of records wait to be written; a chunk of about 2 MiB for each reader.
 */

import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type EventLog,
  type NewFact,
  NO_STREAM,
  type ReadOptions,
  type RecordedFact,
  type Revision,
} from '../../ports/event-log.ts'
import { checkExpectedRevision, checkFacts, checkStreamName } from '../check.ts'
import { invalidArgument, logClosed, logCorrupted, wrongExpectedRevision } from '../errors.ts'
import { type ChunkRequest, pull } from '../pull.ts'
import { PulledLog } from '../pulled-log.ts'
import { sameContent } from '../same-content.ts'
import { ALL } from '../wakeups.ts'
import { type CommitTarget, GroupCommit, type PendingAppend } from './group-commit.ts'
import {
  decodeRecord,
  encodeHead,
  encodeIndexEntry,
  encodeRecord,
  headKey,
  POSITIONS,
  placeKey,
  type RawRecord,
  streamPrefix,
} from './layout.ts'
import { asLogError, CHUNK_BYTES, LevelStore, type OpenLevel, openClassicLevel, type Put } from './level-store.ts'
import { Positions, readIndex } from './positions.ts'
import { StreamHeads } from './stream-heads.ts'

export interface EmbeddedLogOptions {
  /** Made where it is missing. */
  readonly folder: string
  /**
   * What to check while opening: `recent`, all that a crash can have touched (default, some 0.1 s); or `all`, every fact
   * in the log, for a copy that was restored or a disk that is not trusted.
   */
  readonly verify?: 'recent' | 'all'
}

class EmbeddedLog extends PulledLog<RawRecord> implements EventLog, CommitTarget {
  readonly #store: LevelStore
  readonly #positions: Positions
  readonly #heads: StreamHeads
  readonly #commits = new GroupCommit(this)
  readonly #underWay = new Set<Promise<Revision>>()
  #isClosed = false
  #closing: Promise<void> | undefined

  constructor(store: LevelStore, positions: Positions) {
    super()
    this.#store = store
    this.#positions = positions
    this.#heads = new StreamHeads((stream) => store.head(streamPrefix(stream)))
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  append(stream: string, facts: readonly NewFact[], expectedRevision: Revision): Promise<Revision> {
    try {
      checkStreamName(stream)
      checkExpectedRevision(expectedRevision)
      checkFacts(facts)
      if (this.#isClosed) throw logClosed()
      if (facts.length === 0) return Promise.resolve(expectedRevision)
      this.#commits.checkRoom()
      return this.#add(stream, facts, expectedRevision) ?? this.#addLater(stream, facts, expectedRevision)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /** At once, where the stream is known to be where the caller expects it. */
  #add(stream: string, facts: readonly NewFact[], expected: Revision): Promise<Revision> | undefined {
    const head = this.#heads.get(stream)
    const { last } = this.#positions
    if (head?.last !== expected || last === undefined) return undefined
    const prefix = streamPrefix(stream)
    const puts: Put[] = []
    let size = 0
    for (const [i, fact] of facts.entries()) {
      const revision = expected + 1 + i
      const position = last + 1 + i
      const record = encodeRecord(stream, revision, position, fact)
      size += record.length
      puts.push([placeKey(prefix, revision), record])
      puts.push([placeKey(POSITIONS, position), encodeIndexEntry(stream, revision, record)])
    }
    head.last += facts.length
    this.#positions.advance(facts.length)
    const lastPosition = last + facts.length
    return this.#commits.add({ stream, puts, size, lastRevision: head.last, lastPosition })
  }

  #addLater(stream: string, facts: readonly NewFact[], expected: Revision): Promise<Revision> {
    const answer = this.#retryOrConflict(stream, facts, expected)
    this.#underWay.add(answer)
    return answer.finally(() => this.#underWay.delete(answer))
  }

  /** The stream is not known yet, or not where the caller expects it: a retry, a conflict, or an early successor. */
  async #retryOrConflict(stream: string, facts: readonly NewFact[], expected: Revision): Promise<Revision> {
    const last = expected + facts.length
    let hasWaited = false
    for (;;) {
      await Promise.all([this.#heads.load(stream), this.#loadPositions()])
      const added = this.#add(stream, facts, expected)
      if (added !== undefined) return added
      const head = this.#heads.get(stream)
      if (head === undefined || this.#positions.last === undefined) continue
      if (last <= head.committed) {
        if (await this.#isStored(stream, facts, expected)) return last
        throw wrongExpectedRevision(stream, expected, head.committed)
      }
      // Appends under way may still fail, and facts that are not written cannot be compared. One wait is enough to
      // tell a conflict; a retry waits until what it repeats is written.
      if (hasWaited && last > head.last) throw wrongExpectedRevision(stream, expected, head.committed)
      await this.#commits.settled()
      hasWaited = true
    }
  }

  async #isStored(stream: string, facts: readonly NewFact[], expected: Revision): Promise<boolean> {
    let revision = expected + 1
    for await (const stored of this.#read(stream, { from: revision, maxCount: facts.length })) {
      const fact = facts[revision - expected - 1]
      if (fact === undefined || !sameContent(stored, fact)) return false
      revision += 1
    }
    return true
  }

  write(group: readonly PendingAppend[]): Promise<void> {
    const puts: Put[] = []
    const heads = new Map<string, Revision>()
    for (const append of group) {
      for (const put of append.puts) puts.push(put)
      heads.set(append.stream, append.lastRevision)
    }
    for (const [stream, revision] of heads) {
      const prefix = streamPrefix(stream)
      puts.push([headKey(prefix), encodeHead(prefix, revision)])
    }
    puts.push([headKey(POSITIONS), encodeHead(POSITIONS, group.at(-1)?.lastPosition ?? -1)])
    return this.#store.write(puts)
  }

  async isWritten(group: readonly PendingAppend[]): Promise<boolean> {
    await this.#store.recover()
    return (await this.#store.head(POSITIONS)) >= (group.at(-1)?.lastPosition ?? -1)
  }

  onWritten(group: readonly PendingAppend[]): void {
    let size = 0
    for (const append of group) {
      size += append.size
      const head = this.#heads.get(append.stream)
      if (head !== undefined) head.committed = append.lastRevision
    }
    this.#positions.commit(group.at(-1)?.lastPosition ?? -1, size)
    this.wakeups.committed(new Set(group.map(({ stream }) => stream)))
  }

  onFailure(): void {
    this.#heads.forgetAll()
    this.#positions.forget()
  }

  chunk(request: ChunkRequest): Promise<readonly RawRecord[]> {
    return request.stream === ALL ? this.#chunkOfAll(request) : this.#chunkOfStream(request.stream, request)
  }

  async #chunkOfStream(stream: string, { from, isBackward, limit }: ChunkRequest): Promise<readonly RawRecord[]> {
    const last = await this.#lastRevision(stream)
    if (last === -1 || (!isBackward && from > last)) return []
    const first = Math.min(from, last)
    const prefix = streamPrefix(stream)
    const range = isBackward ? ([0, first] as const) : ([first, last] as const)
    const texts = await this.#store.values(placeKey(prefix, range[0]), placeKey(prefix, range[1]), isBackward, limit)
    if (texts.length === 0) throw logCorrupted(`${stream}@${first} is missing`)
    const step = isBackward ? -1 : 1
    return texts.map((text, i) => ({ stream, revision: first + i * step, position: undefined, text }))
  }

  async #chunkOfAll({ from, isBackward, limit }: ChunkRequest): Promise<readonly RawRecord[]> {
    await this.#loadPositions()
    const last = this.#positions.committed
    if (last === -1 || (!isBackward && from > last)) return []
    const first = Math.min(from, last)
    const entries = await readIndex(this.#store, first, isBackward ? 0 : last, limit)
    if (entries.length === 0) throw logCorrupted(`position ${first} is missing`)
    let size = 0
    const some = entries.filter(({ length }, i) => {
      size += length
      return i === 0 || size <= CHUNK_BYTES
    })
    const keys = some.map(({ stream, revision }) => placeKey(streamPrefix(stream), revision))
    const texts = await this.#store.getMany(keys)
    return some.map(({ stream, revision, position }, i) => ({ stream, revision, position, text: texts[i] }))
  }

  decode(raw: RawRecord): RecordedFact {
    return decodeRecord(raw)
  }

  async #lastRevision(stream: string): Promise<Revision> {
    for (;;) {
      const head = this.#heads.get(stream)
      if (head !== undefined) return head.committed
      await this.#heads.load(stream)
    }
  }

  async #loadPositions(): Promise<void> {
    if (this.#positions.last !== undefined) return
    const { committed } = this.#positions
    await this.#positions.load()
    // A write whose outcome was unknown is there: its subscribers have not heard of it.
    if (this.#positions.committed > committed) this.wakeups.wakeEverybody()
  }

  /** For its own use, which a closing log waits for. */
  #read(stream: string, options: ReadOptions): AsyncIterable<RecordedFact> {
    return pull({ chunk: (request) => this.chunk(request), decode: decodeRecord, isClosed: false }, stream, options)
  }

  async lastRevision(stream: string): Promise<Revision> {
    checkStreamName(stream)
    if (this.#isClosed) throw logClosed()
    return this.#lastRevision(stream)
  }

  close(): Promise<void> {
    this.#isClosed = true
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    this.wakeups.wakeEverybody()
    await Promise.allSettled(this.#underWay)
    await this.#commits.settled()
    try {
      await this.#store.close()
    } finally {
      this.#positions.close()
    }
  }
}

/** Reads everything, and checks that each stream has all of its facts, up to the end that its head names. */
async function verifyAll(log: EventLog): Promise<void> {
  const lastRevisions = new Map<string, Revision>()
  for await (const { stream, revision } of log.readAll()) {
    const before = lastRevisions.get(stream) ?? NO_STREAM
    if (revision !== before + 1) throw logCorrupted(`${stream}@${before + 1} is missing`)
    lastRevisions.set(stream, revision)
  }
  for (const [stream, revision] of lastRevisions) {
    const last = await log.lastRevision(stream)
    if (last !== revision) throw logCorrupted(`${stream} ends at ${last}, and should at ${revision}`)
  }
}

/** Opens with a LevelDB of the caller's: the seam at which tests put failing ones. */
export async function openEmbeddedLog(options: EmbeddedLogOptions, openLevel: OpenLevel): Promise<EventLog> {
  const { folder, verify = 'recent' } = options
  if (typeof folder !== 'string' || folder === '') throw invalidArgument('folder', folder, 'a path is needed')
  if (verify !== 'recent' && verify !== 'all') throw invalidArgument('verify', verify, 'recent or all')
  let opened: { close(): Promise<void> } | undefined
  try {
    await mkdir(folder, { recursive: true })
    const store = await LevelStore.open(folder, openLevel)
    opened = store
    const log = new EmbeddedLog(store, await Positions.open(store, join(folder, 'head')))
    opened = log
    if (verify === 'all') await verifyAll(log)
    return log
  } catch (error) {
    // What made opening fail says more than what may now fail while closing.
    await opened?.close().catch(() => undefined)
    throw asLogError(error, folder, 'open')
  }
}

/**
 * Opens the log in a folder. Fails with `LogLocked` where a process has it open, `LogCorrupted` where facts are damaged
 * or missing, `AccessDenied`, `LogFull`.
 */
export function embeddedLog(options: EmbeddedLogOptions): Promise<EventLog> {
  return openEmbeddedLog(options, openClassicLevel)
}
