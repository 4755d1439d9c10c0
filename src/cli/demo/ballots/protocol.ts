/**
 * @module cli/demo/ballots/protocol
 *
 * What the demonstration's processes say to each other over Node's IPC. The parent only carries what is for another
 * peer: it cannot vote, since it has no key.
 */

import type { DemoPeer, DemoProposal } from './proposals-file.ts'

/** What one peer tells another: bytes of `consensus.v1`, or the wish to be told what was missed. */
export type PeerMessage =
  | { readonly kind: 'proposal'; readonly bytes: Uint8Array }
  | { readonly kind: 'vote'; readonly bytes: Uint8Array }
  | { readonly kind: 'sync' }

export type ToPeer =
  | {
      readonly type: 'start'
      readonly name: DemoPeer
      readonly folder: string
      readonly proposals: readonly DemoProposal[]
    }
  | { readonly type: 'propose'; readonly name: string }
  | { readonly type: 'deliver'; readonly from: DemoPeer; readonly message: PeerMessage }
  | { readonly type: 'finish' }

export type FromPeer =
  | {
      readonly type: 'started'
      readonly identity: string
      readonly facts: number
      readonly elapsedMs: number
      readonly stateHash: string
    }
  | { readonly type: 'send'; readonly to: DemoPeer | 'all'; readonly message: PeerMessage }
  | { readonly type: 'decided'; readonly name: string; readonly result: boolean | null }
  | {
      readonly type: 'finished'
      readonly identity: string
      readonly stateHash: string
      readonly decisionsHash: string
      readonly facts: number
    }
