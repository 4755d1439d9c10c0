/**
 * @module engine/peer/store
 *
 * A peer's two streams: `gossip-<peer>`, the truth, and `block-<peer>`, derived from it for consumers and audit.
 *
 * Recovery folds the first, derives every block again, and holds it against the second, byte for byte. Blocks that a
 * crash kept out of the second are completed.
 */

import type { Bytes } from '../../base/bytes.ts'
import { toHex } from '../../base/text.ts'
import {
  type GossipEventAccepted,
  type Group,
  PARSEC_SCHEMA_VERSION,
  Parsec,
  type ParsecFact,
  parsecFactFromJson,
  parsecFactToJson,
  Starts,
} from '../../core/parsec/index.ts'
import {
  APPEND_LIMITS,
  type EventLog,
  type NewFact,
  NO_STREAM,
  type RecordedFact,
  type Revision,
} from '../../ports/event-log.ts'
import type { Random } from '../../ports/random.ts'
import type { Signer } from '../../ports/signature-scheme.ts'
import { nodeBase64Url } from '../base64url.ts'
import { Envelopes } from '../envelope.ts'
import { factSize } from '../fact-size.ts'
import { StreamWriter } from '../stream-writer.ts'
import { streamName } from '../streams.ts'
import { type AgreedBlock, BLOCK_FACT, blockToJson, isSameBlock } from './blocks.ts'
import { fenced, PeerError } from './errors.ts'
import { Numbering } from './numbering.ts'

export interface Recovered {
  readonly parsec: Parsec
  readonly facts: number
  /** The index after the last block. */
  readonly blocks: number
  /** The position after the last block. */
  readonly nextPosition: number
  /** Those from the index asked for. */
  readonly newBlocks: readonly AgreedBlock[]
}

/** Who else is rebuilt from this peer's log. */
export interface Replayed {
  event(event: GossipEventAccepted): void
  block(block: AgreedBlock, parsec: Parsec): void
}

export const NOBODY_ELSE: Replayed = { event: () => undefined, block: () => undefined }

export interface RecoverOptions {
  readonly signal?: AbortSignal
  /** Give the blocks from this index. Default: none. */
  readonly blocksFrom?: number
  /** Told of every event and block of the log, in order. */
  readonly replayed?: Replayed
  /** Write nothing: the log may be another process's. Default: false. */
  readonly isAudit?: boolean
}

export class PeerStore {
  readonly gossipStream: string
  readonly blockStream: string
  readonly #log: EventLog
  readonly #group: Group<Bytes>
  readonly #signer: Signer
  readonly #envelopes: Envelopes
  #gossip: StreamWriter
  #blocks: StreamWriter

  constructor(log: EventLog, group: Group<Bytes>, signer: Signer, random: Random) {
    const peer = toHex(signer.identity)
    this.gossipStream = streamName({ category: 'gossip', peer })
    this.blockStream = streamName({ category: 'block', peer })
    this.#log = log
    this.#group = group
    this.#signer = signer
    this.#envelopes = new Envelopes(random, PARSEC_SCHEMA_VERSION)
    this.#gossip = new StreamWriter(log, this.gossipStream, NO_STREAM)
    this.#blocks = new StreamWriter(log, this.blockStream, NO_STREAM)
  }

  /** What the log answered when somebody else wrote one of our streams; nothing while nobody did. */
  get fence(): unknown {
    return [this.#gossip, this.#blocks].find(({ isFenced }) => isFenced)?.failure
  }

  /** When everything handed over is durable or has failed. */
  async settled(): Promise<void> {
    await this.#gossip.settled()
    await this.#blocks.settled()
  }

  /**
   * Appends the facts of one step; resolves when all are durable. What we made ourselves at its end stands in
   * one append, unless it is more than an append takes: then a crash in between may leave accusations without their sync
   * event, which recovery drops (parsec §9). The events before it may take several, since an accepted prefix is valid.
   */
  async appendFacts(facts: readonly ParsecFact[], isOurs: (fact: ParsecFact) => boolean): Promise<void> {
    const metadata = this.#envelopes.next()
    const records = facts.map(
      (fact): NewFact => ({ type: fact.type, data: parsecFactToJson(fact, nodeBase64Url), metadata }),
    )
    const received = facts.findLastIndex((fact) => !isOurs(fact)) + 1
    const appended: Promise<Revision>[] = []
    let start = 0
    while (start < records.length) {
      const end = pieceEnd(records, start, start < received ? received : records.length)
      appended.push(this.#gossip.append(records.slice(start, end)))
      start = end
    }
    await Promise.all(appended)
  }

  async appendBlocks(blocks: readonly AgreedBlock[]): Promise<void> {
    if (blocks.length === 0) return
    const metadata = this.#envelopes.next()
    const { format } = this.#group
    const records = blocks.map((block): NewFact => ({ type: BLOCK_FACT, data: blockToJson(block, format), metadata }))
    const appended: Promise<Revision>[] = []
    for (let start = 0, end = 0; start < records.length; start = end) {
      end = pieceEnd(records, start, records.length)
      appended.push(this.#blocks.append(records.slice(start, end)))
    }
    await Promise.all(appended)
  }

  /** `undefined` where the log holds nothing of this peer yet. */
  async recover({
    signal,
    blocksFrom = Number.POSITIVE_INFINITY,
    isAudit = false,
    replayed: others,
  }: RecoverOptions = {}): Promise<Recovered | undefined> {
    const newBlocks: AgreedBlock[] = []
    const check = new BlockCheck(
      this.#log.read(this.blockStream, signalled(signal)),
      this.blockStream,
      this.#group.format,
    )
    const starts = new Starts((fact) => this.#begin(fact))
    let revision = NO_STREAM
    const numbering = new Numbering()
    for await (const fact of this.#log.read(this.gossipStream, signalled(signal))) {
      const replayed = parsecFactFromJson(fact.type, fact.data, nodeBase64Url)
      const parsec = starts.of(replayed)
      parsec.evolve(replayed)
      revision = fact.revision
      if (replayed.type === 'BaseTaken' && replayed.isLast) {
        const index = parsec.blockCount
        numbering.goOn({ index, position: replayed.hostPosition ?? index })
      }
      if (replayed.type === 'GossipEventAccepted' && replayed.forNext !== true) others?.event(replayed)
      // Of a start that does not hold yet, the blocks are those of the one that does, and more.
      if (parsec !== starts.current) continue
      if (replayed.type === 'GraphTaken') skipBlocks(parsec, numbering.next.index - replayed.blocksBefore)
      for (const agreed of numbering.polled(parsec)) {
        if (agreed.index >= blocksFrom) newBlocks.push(agreed)
        others?.block(agreed, parsec)
        await check.derive(agreed)
      }
    }
    const { logged, missing, surplus } = await check.finish()
    // Unless somebody wrote on since we read the end of the gossip log.
    if (surplus !== undefined) {
      if ((await this.#log.lastRevision(this.gossipStream)) <= revision) throw surplus
      if (!isAudit) throw fenced(this.gossipStream, this.#signer.identity)
    }
    const parsec = starts.current
    if (parsec === null) return undefined
    this.#gossip = new StreamWriter(this.#log, this.gossipStream, revision)
    this.#blocks = new StreamWriter(this.#log, this.blockStream, logged - 1)
    if (!isAudit) await this.appendBlocks(missing)
    const { index: blocks, position: nextPosition } = numbering.next
    return { parsec, facts: revision + 1, blocks, nextPosition, newBlocks }
  }

  #begin(fact: ParsecFact): Parsec {
    const wrong = new PeerError(
      { code: 'WrongLog', stream: this.gossipStream },
      `the stream ${this.gossipStream} belongs to another group, or does not begin as a peer's does; a peer keeps its genesis for life`,
    )
    if (fact.type !== 'PeerStarted') throw wrong
    const { genesis } = this.#group
    const isSameGroup =
      toHex(fact.relatedInfo) === toHex(genesis.relatedInfo) &&
      fact.members.map(toHex).join() === this.#group.members.map(toHex).join()
    if (!isSameGroup || toHex(fact.self) !== toHex(this.#signer.identity)) throw wrong
    return Parsec.fromFacts(this.#group, this.#signer, [fact])
  }
}

/** Those that the former start gave. */
function skipBlocks(parsec: Parsec, count: number): void {
  for (let i = 0; i < count; i += 1) parsec.poll()
}

const signalled = (signal: AbortSignal | undefined): { signal?: AbortSignal } =>
  signal === undefined ? {} : { signal }

/** Where a piece that begins at `start` ends, within the bounds of one append. */
function pieceEnd(records: readonly NewFact[], start: number, limit: number): number {
  let bytes = 0
  let end = start
  while (end < limit && end - start < APPEND_LIMITS.maxFacts) {
    bytes += factSize(records[end] as NewFact)
    if (bytes > APPEND_LIMITS.maxBytes && end > start) break
    end += 1
  }
  return end
}

/** Logged blocks against derived ones, one by one. */
class BlockCheck {
  readonly #logged: AsyncIterator<RecordedFact>
  readonly #stream: string
  readonly #format: Group<Bytes>['format']
  readonly #missing: AgreedBlock[] = []
  #isAtEnd = false
  count = 0

  constructor(logged: AsyncIterable<RecordedFact>, stream: string, format: Group<Bytes>['format']) {
    this.#logged = logged[Symbol.asyncIterator]()
    this.#stream = stream
    this.#format = format
  }

  async derive(block: AgreedBlock): Promise<void> {
    const index = this.count
    this.count += 1
    const next = this.#isAtEnd ? undefined : await this.#logged.next()
    if (next === undefined || next.done === true) {
      this.#isAtEnd = true
      this.#missing.push(block)
    } else if (!isSameBlock(next.value.data, block, this.#format)) {
      throw this.#differs(index)
    }
  }

  /** `surplus`: there are logged blocks that were not derived. */
  async finish(): Promise<{
    readonly logged: number
    readonly missing: readonly AgreedBlock[]
    readonly surplus: PeerError | undefined
  }> {
    const next = this.#isAtEnd ? undefined : await this.#logged.next()
    const surplus = next === undefined || next.done === true ? undefined : this.#differs(this.count)
    return { logged: this.count - this.#missing.length, missing: this.#missing, surplus }
  }

  #differs(index: number): PeerError {
    return new PeerError(
      { code: 'ReplayDiffers', index, stream: this.#stream },
      `block ${index} of ${this.#stream} is not the one that follows from the gossip log: the log was changed, or written by another version`,
    )
  }
}
