/**
 * @module cli/demo/order/protocol
 *
 * What the parent tells the peers' processes, and what they report. Gossip does not pass here: the peers talk over TCP.
 */

import type { OrderPeer, Payment } from './ledger.ts'

export interface Address {
  /** Hex of the peer's id. */
  readonly id: string
  readonly port: number
}

export type ToPeer =
  /** Makes or reads the key. */
  | { readonly type: 'open'; readonly name: OrderPeer; readonly folder: string }
  | {
      readonly type: 'start'
      readonly members: readonly string[]
      readonly isJoiner: boolean
      readonly others: readonly Address[]
    }
  | { readonly type: 'address'; readonly address: Address }
  | { readonly type: 'pay'; readonly payments: readonly Payment[] }
  | { readonly type: 'add' | 'remove'; readonly id: string }
  | { readonly type: 'leave' }
  | { readonly type: 'finish' }

export type FromPeer =
  | { readonly type: 'opened'; readonly id: string }
  | {
      readonly type: 'started'
      readonly port: number
      readonly facts: number
      readonly blocks: number
      readonly elapsedMs: number
    }
  | { readonly type: 'state'; readonly state: string; readonly voters: readonly string[] }
  | { readonly type: 'ordered'; readonly position: number; readonly payment: Payment; readonly isHonoured: boolean }
  | { readonly type: 'finished'; readonly blocks: number }
