/**
 * @module testing/network/handling
 *
 * What an instance does with a message that arrived: the engine's part, and the host's: comparing summaries, and serving those that follow.
 */

import { CodecError, type PeerId } from '../../core/parsec/index.ts'
import type { Delivery } from './links.ts'
import type { NetworkNode, Operation } from './node.ts'

/** Of graph, for one question of a peer that follows. */
const FOLLOW_BYTES = 64 * 1024

interface Handled {
  readonly sent: readonly Delivery[]
  /** A summary that goes back to the sender. */
  readonly asks: 'summary' | 'summaryReply' | null
}

export function handle(
  node: NetworkNode,
  kind: Delivery['kind'],
  sender: PeerId,
  bytes: Uint8Array,
  perform: (operation: Operation) => readonly Delivery[],
): Handled {
  switch (kind) {
    case 'request': {
      let isRefused = false
      const sent = perform((parsec) => {
        const step = parsec.handleRequest(sender, bytes)
        isRefused = step.error?.code === 'InvalidPeerState' || step.error?.code === 'InvalidSelfState'
        return step
      })
      // Who was removed and does not know it learns it by comparing; others may still need what made us decide that we were.
      return { sent, asks: isRefused ? 'summary' : null }
    }
    case 'response':
      return { sent: perform((parsec) => parsec.handleResponse(sender, bytes)), asks: null }
    case 'graph': {
      const sent = perform((parsec) => parsec.handleGraph(sender, bytes))
      node.continueWith(sender, bytes)
      return { sent, asks: null }
    }
    case 'checkpoints':
      return { sent: perform((parsec) => parsec.handleCheckpoints(sender, bytes)), asks: null }
    case 'follow':
      return { sent: perform((parsec) => parsec.bases.graphBeyond(sender, bytes, FOLLOW_BYTES).step), asks: null }
    case 'summary':
    case 'summaryReply':
      return compare(node, kind, sender, bytes, perform)
    default:
      return kind satisfies never
  }
}

function compare(
  node: NetworkNode,
  kind: 'summary' | 'summaryReply',
  sender: PeerId,
  bytes: Uint8Array,
  perform: (operation: Operation) => readonly Delivery[],
): Handled {
  try {
    const asks = kind === 'summary' && node.parsec.compareSummary(bytes).weLack
    return { sent: perform((parsec) => parsec.graphBeyond(sender, bytes)), asks: asks ? 'summaryReply' : null }
  } catch (error) {
    if (error instanceof CodecError) return { sent: [], asks: null }
    throw error
  }
}
