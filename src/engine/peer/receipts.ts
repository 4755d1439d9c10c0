/**
 * @module engine/peer/receipts
 *
 * What a voter gets for its vote: durable now, agreed later.
 */

import type { Bytes } from '../../base/bytes.ts'
import { present } from '../../base/errors.ts'
import type { AgreedBlock, PayloadBlock } from './blocks.ts'

export interface Receipt<Payload = Bytes> {
  /** Hex of the hash of the observation that holds it. */
  readonly hash: string
  /** Resolves with its place in the order; rejects when the peer closes or fails first. */
  readonly agreed: Promise<PayloadBlock<Payload>>
}

interface Waiting {
  /** Which payload of the block. */
  readonly place: number
  readonly resolve: (block: PayloadBlock) => void
  readonly reject: (error: Error) => void
  readonly agreed: Promise<PayloadBlock>
}

/** Votes of ours whose block is not out yet, by hash. */
export class Receipts {
  readonly #waiting = new Map<string, Waiting[]>()
  #count = 0

  get count(): number {
    return this.#count
  }

  expect(hash: string, place: number): Receipt {
    let settled: Pick<Waiting, 'resolve' | 'reject'> | undefined
    const agreed = new Promise<PayloadBlock>((resolve, reject) => {
      settled = { resolve, reject }
    })
    // Nobody is obliged to wait for it.
    agreed.catch(() => undefined)
    const list = this.#waiting.get(hash) ?? []
    list.push({ ...present(settled, 'a promise is made at once'), place, agreed })
    this.#waiting.set(hash, list)
    this.#count += 1
    return { hash, agreed }
  }

  /** A block that we voted for is out. */
  settle(block: AgreedBlock): void {
    const list = this.#waiting.get(block.hash)
    if (list === undefined) return
    this.#waiting.delete(block.hash)
    this.#count -= list.length
    for (const { place, resolve } of list) {
      resolve({ position: block.position + place, payload: block.payloads[place] ?? new Uint8Array(0), block })
    }
  }

  /** The vote was refused: nothing will come of these. An earlier vote for the same may still wait for its block. */
  forget(hash: string, receipts: readonly Receipt[], error: Error): void {
    const list = this.#waiting.get(hash) ?? []
    const isRefused = ({ agreed }: Waiting): boolean => receipts.some((receipt) => receipt.agreed === agreed)
    const rest = list.filter((waiting) => !isRefused(waiting))
    if (rest.length === 0) this.#waiting.delete(hash)
    else this.#waiting.set(hash, rest)
    this.#count -= list.length - rest.length
    for (const waiting of list) if (isRefused(waiting)) waiting.reject(error)
  }

  rejectAll(error: Error): void {
    for (const list of this.#waiting.values()) for (const { reject } of list) reject(error)
    this.#waiting.clear()
    this.#count = 0
  }
}
