/**
 * @module cli/demo/order/ledger
 *
 * The application of the demonstration: accounts and payments. A payment is honoured when its account still covers it at
 * its place in the order; so peers that see one order honour the same payments.
 */

import { sha256 } from '@noble/hashes/sha2.js'
import { fromUtf8, utf8 } from '../../../base/bytes.ts'
import { toHex } from '../../../base/text.ts'

export const ORDER_PEERS = ['alice', 'bob', 'carol', 'eve', 'dave'] as const
export type OrderPeer = (typeof ORDER_PEERS)[number]

/** Those of the genesis; dave joins later. */
export const FOUNDERS: readonly OrderPeer[] = ['alice', 'bob', 'carol', 'eve']

export interface Payment {
  readonly from: OrderPeer
  readonly to: OrderPeer
  readonly cents: number
  readonly memo: string
}

const OPENING_CENTS: Readonly<Record<OrderPeer, number>> = {
  alice: 50_000,
  bob: 30_000,
  carol: 20_000,
  eve: 10_000,
  dave: 0,
}

export const paymentCodec = {
  encode: (payment: Payment): Uint8Array => utf8(JSON.stringify(payment)),
  decode: (bytes: Uint8Array): Payment => JSON.parse(fromUtf8(bytes)) as Payment,
}

export class Ledger {
  readonly #cents = new Map<OrderPeer, number>(ORDER_PEERS.map((peer) => [peer, OPENING_CENTS[peer]]))

  /** Whether the payment is honoured. */
  apply({ from, to, cents }: Payment): boolean {
    const has = this.#cents.get(from) ?? 0
    if (cents <= 0 || has < cents) return false
    this.#cents.set(from, has - cents)
    this.#cents.set(to, (this.#cents.get(to) ?? 0) + cents)
    return true
  }

  balance(peer: OrderPeer): number {
    return this.#cents.get(peer) ?? 0
  }

  hash(): string {
    return toHex(sha256(utf8(JSON.stringify([...this.#cents]))))
  }
}
