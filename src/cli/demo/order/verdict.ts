/**
 * @module cli/demo/order/verdict
 *
 * Judges the order from the outside: each peer's log is opened after its process has ended, every block is derived again
 * from the gossip events alone and held against the logged one, and the orders of all peers are compared.
 */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { sha256 } from '@noble/hashes/sha2.js'
import { utf8 } from '../../../base/bytes.ts'
import { fromHex, toHex } from '../../../base/text.ts'
import { ed25519Signer, systemRandom } from '../../../crypto/index.ts'
import { History } from '../../../engine/peer/history.ts'
import { groupOf } from '../../../engine/peer/options.ts'
import { PeerStore } from '../../../engine/peer/store.ts'
import { embeddedLog } from '../../../log/index.ts'
import { Ledger, ORDER_PEERS, type OrderPeer, paymentCodec } from './ledger.ts'
import type { OrderRun } from './run.ts'

export interface PeerOrder {
  readonly peer: OrderPeer
  readonly facts: number
  readonly blocks: number
  /** Over position, hash and kind of every block. */
  readonly orderHash: string
  /** Balances, after every payment. */
  readonly ledgerHash: string
}

export interface OrderVerdict {
  readonly agreed: boolean
  readonly peers: readonly PeerOrder[]
  readonly payments: number
}

export async function judgeOrder(run: OrderRun): Promise<OrderVerdict> {
  const replays = await Promise.all(ORDER_PEERS.map((peer) => replay(peer, run.folderOf(peer), run.members)))
  const longest = replays.reduce((a, b) => (b.blockHashes.length > a.blockHashes.length ? b : a))
  const arePrefixes = replays.every(({ blockHashes }) =>
    blockHashes.every((hash, i) => hash === longest.blockHashes[i]),
  )
  const orders = [...run.ordered.values()]
  const said = new Map(orders.flatMap((ordered) => [...ordered]))
  const isOneOrder = orders.every((ordered) => [...ordered].every(([position, text]) => said.get(position) === text))
  // Eve left before the last blocks: hers is the beginning of the same order.
  const full = replays.filter(({ peer }) => peer !== 'eve')
  const isComplete = new Set(full.map(({ orderHash, ledgerHash }) => orderHash + ledgerHash)).size === 1
  return { agreed: arePrefixes && isOneOrder && isComplete, peers: replays, payments: said.size }
}

async function replay(
  peer: OrderPeer,
  folder: string,
  members: readonly string[],
): Promise<PeerOrder & { readonly blockHashes: readonly string[] }> {
  const signer = ed25519Signer(fromHex(readFileSync(join(folder, 'key'), 'utf8').trim()))
  const group = groupOf({ members: members.map(fromHex) })
  const log = await embeddedLog({ folder: join(folder, 'log') })
  try {
    const store = new PeerStore(log, group, signer, systemRandom)
    const recovered = await store.recover({ isAudit: true })
    const ledger = new Ledger()
    const blockHashes: string[] = []
    for await (const block of new History(log, store.blockStream, group.format).allBlocks()) {
      blockHashes.push(`${block.position} ${block.hash}`)
      for (const payload of block.payloads) ledger.apply(paymentCodec.decode(payload))
    }
    const orderHash = toHex(sha256(utf8(blockHashes.join('\n'))))
    return {
      peer,
      facts: recovered?.facts ?? 0,
      blocks: blockHashes.length,
      orderHash,
      ledgerHash: ledger.hash(),
      blockHashes,
    }
  } finally {
    await log.close()
  }
}
