/**
 * @module engine/peer/history
 *
 * The agreed order as a cold read with a position: what a consumer that keeps its position needs to see each payload
 * exactly once. It ends at the newest block, or goes on live from there, without gap or repeat.
 */

import type { Bytes } from '../../base/bytes.ts'
import { assert } from '../../base/errors.ts'
import { type CanonicalFormat, decodeObservation } from '../../core/parsec/index.ts'
import type { EventLog, JsonObject, RecordedFact } from '../../ports/event-log.ts'
import { nodeBase64Url } from '../base64url.ts'
import { type AgreedBlock, agreedBlock, type PayloadBlock, positionsOf, proofsFromJson } from './blocks.ts'
import { PeerError } from './errors.ts'

export interface HistoryOptions {
  /** The first position wanted. Default: the first that this peer has, 0 unless it started from a checkpoint. */
  readonly from?: number
  /** Go on with what is agreed from now on, until aborted or closed. Default: false. */
  readonly live?: boolean
  readonly signal?: AbortSignal
}

export class History {
  readonly #log: EventLog
  readonly #stream: string
  readonly #format: CanonicalFormat<Bytes>

  constructor(log: EventLog, stream: string, format: CanonicalFormat<Bytes>) {
    this.#log = log
    this.#stream = stream
    this.#format = format
  }

  /**
   * Every block, from the one that holds `from`. Throws `BlocksMissing` where some were never here, since the peer started from a checkpoint after
   * them: with `from` before the first, and at each further gap. Reading goes on `from` the position that it names.
   */
  async *allBlocks(options: HistoryOptions = {}): AsyncGenerator<AgreedBlock> {
    const { from, live = false, signal } = options
    const first =
      from === undefined
        ? 0
        : await this.#revisionOf(({ position, payloads }) => position + positionsOf({ payloads }) > from)
    const signalled = signal === undefined ? {} : { signal }
    const facts = live
      ? this.#log.subscribe(this.#stream, { ...signalled, ...(first === 0 ? {} : { after: first - 1 }) })
      : this.#log.read(this.#stream, { ...signalled, from: first })
    let next = from
    for await (const fact of facts) {
      const block = this.#read(fact)
      if (next !== undefined && block.position > next) throw missing(next, block.position)
      next = block.position + positionsOf(block)
      yield block
    }
  }

  /** The first position that is here; `undefined` while there is none. */
  async firstPosition(): Promise<number | undefined> {
    return (await this.#blockOf(0))?.position
  }

  /** One block, by its index; `undefined` where it is not logged. */
  async blockAt(index: number): Promise<AgreedBlock | undefined> {
    // A log that begins at Genesis holds it there.
    const usual = await this.#blockOf(index)
    if (usual?.index === index) return usual
    const block = await this.#blockOf(await this.#revisionOf((it) => it.index >= index))
    return block?.index === index ? block : undefined
  }

  /** The blocks from one index to before another; what is not here is left out. */
  async *blocksBetween(from: number, to: number): AsyncGenerator<AgreedBlock> {
    const first = await this.#revisionOf(({ index }) => index >= from)
    for await (const fact of this.#log.read(this.#stream, { from: first, maxCount: to - from })) {
      const block = this.#read(fact)
      if (block.index >= to) return
      yield block
    }
  }

  /** Every application payload, from position `from`. */
  async *payloads(options: HistoryOptions = {}): AsyncGenerator<PayloadBlock> {
    const { from = 0 } = options
    for await (const block of this.allBlocks(options)) {
      for (const payloadBlock of payloadBlocks(block)) if (payloadBlock.position >= from) yield payloadBlock
    }
  }

  /** The first revision at which this is so, by halving: what rises with positions must. */
  async #revisionOf(isSo: (block: AgreedBlock) => boolean): Promise<number> {
    let low = 0
    let high = (await this.#log.lastRevision(this.#stream)) + 1
    while (low < high) {
      const middle = (low + high) >> 1
      const block = await this.#blockOf(middle)
      if (block !== undefined && isSo(block)) high = middle
      else low = middle + 1
    }
    return low
  }

  async #blockOf(revision: number): Promise<AgreedBlock | undefined> {
    for await (const fact of this.#log.read(this.#stream, { from: revision, maxCount: 1 })) return this.#read(fact)
    return undefined
  }

  #read(fact: RecordedFact): AgreedBlock {
    return readBlock(fact.data, this.#format)
  }
}

function missing(from: number, to: number): PeerError {
  return new PeerError(
    { code: 'BlocksMissing', from, to },
    `positions ${from} to ${to - 1} are not here: this peer started from a checkpoint after them. Read on from ${to}, or ask a peer that has them`,
  )
}

export function readBlock(json: JsonObject, format: CanonicalFormat<Bytes>): AgreedBlock {
  const payload = decodeObservation(nodeBase64Url.toBytes(textOf(json, 'observation')), format)
  const block = agreedBlock(
    { payload, hash: new Uint8Array(0), proofs: [] },
    Number(json['index']),
    Number(json['position']),
  )
  return { ...block, hash: textOf(json, 'hash'), proofs: proofsFromJson(json) }
}

function textOf(json: JsonObject, name: string): string {
  const value = json[name]
  assert(typeof value === 'string', `a logged block has ${name}`)
  return value
}

export function payloadBlocks(block: AgreedBlock): PayloadBlock[] {
  return block.payloads.map((payload, place) => ({ position: block.position + place, payload, block }))
}
