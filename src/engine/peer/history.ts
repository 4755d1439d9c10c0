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

export interface HistoryOptions {
  /** The first position wanted. Default: 0. */
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

  /** Every block, from the one that holds `from`. */
  async *allBlocks(options: HistoryOptions = {}): AsyncGenerator<AgreedBlock> {
    const { from = 0, live = false, signal } = options
    const first = await this.#indexOf(from)
    const signalled = signal === undefined ? {} : { signal }
    const facts = live
      ? this.#log.subscribe(this.#stream, { ...signalled, ...(first === 0 ? {} : { after: first - 1 }) })
      : this.#log.read(this.#stream, { ...signalled, from: first })
    for await (const fact of facts) yield this.#read(fact)
  }

  /** One block, by its index; `undefined` where it is not logged. */
  async blockAt(index: number): Promise<AgreedBlock | undefined> {
    for await (const fact of this.#log.read(this.#stream, { from: index, maxCount: 1 })) return this.#read(fact)
    return undefined
  }

  /** Every application payload, from position `from`. */
  async *payloads(options: HistoryOptions = {}): AsyncGenerator<PayloadBlock> {
    const { from = 0 } = options
    for await (const block of this.allBlocks(options)) {
      for (const payloadBlock of payloadBlocks(block)) if (payloadBlock.position >= from) yield payloadBlock
    }
  }

  /** The index of the block that holds a position, by halving: positions rise with indexes. */
  async #indexOf(position: number): Promise<number> {
    let low = 0
    let high = (await this.#log.lastRevision(this.#stream)) + 1
    while (low < high) {
      const middle = (low + high) >> 1
      if ((await this.#endOf(middle)) <= position) low = middle + 1
      else high = middle
    }
    return low
  }

  /** The first position after a block. */
  async #endOf(index: number): Promise<number> {
    const block = await this.blockAt(index)
    return block === undefined ? 0 : block.position + positionsOf(block)
  }

  #read(fact: RecordedFact): AgreedBlock {
    return readBlock(fact.data, this.#format)
  }
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
