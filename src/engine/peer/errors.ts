/**
 * @module engine/peer/errors
 *
 * Misuse of a peer, and what ends it.
 */

import type { Bytes } from '../../base/bytes.ts'
import { WitanError } from '../../base/errors.ts'
import { toHex } from '../../base/text.ts'

export type PeerErrorData =
  | { readonly code: 'InvalidOption'; readonly option: string; readonly value: string }
  /** The log holds another peer, another group, or another way of starting. */
  | { readonly code: 'WrongLog'; readonly stream: string }
  /** What follows from the gossip log differs from the blocks that were logged; `index` is the first that differs. */
  | { readonly code: 'ReplayDiffers'; readonly index: number; readonly stream: string }
  /** Another process writes with this identity; `cause` is the log's answer, if it gave one. From then on every call is refused with it. */
  | { readonly code: 'Fenced'; readonly stream: string }
  /** The membership policy does not agree to the change. */
  | { readonly code: 'ChangeRefused'; readonly change: 'add' | 'remove'; readonly peer: string }
  | { readonly code: 'PeerClosed' }
  | { readonly code: 'PeerRemoved' }
  | { readonly code: 'PayloadTooLarge'; readonly bytes: number; readonly maxBytes: number }
  | { readonly code: 'TooManyUnagreed'; readonly limit: number }
  | { readonly code: 'Aborted' }
  /** This peer follows from a checkpoint and makes no events: it neither votes nor leaves. */
  | { readonly code: 'Following' }
  /** No base could be had in time; `tried`: hex ids of those asked, with what came of it last. */
  | { readonly code: 'NoBase'; readonly tried: readonly { readonly peer: string; readonly why: string }[] }
  /** Positions that this peer does not have: it started from a checkpoint after them. `to`: the first that it has again. */
  | { readonly code: 'BlocksMissing'; readonly from: number; readonly to: number }
  /** What another peer gave us to start from is not what it should be. A fault of the peer: on `evidence$`, never thrown. */
  | { readonly code: 'InvalidBase'; readonly why: string }

export class PeerError extends WitanError<PeerErrorData> {}

/** `stream` is the gossip stream of `identity`. */
export function fenced(stream: string, identity: Bytes, cause?: unknown): PeerError {
  return new PeerError(
    { code: 'Fenced', stream },
    `another process writes ${stream}: the identity ${toHex(identity)} runs twice. This one has stopped and writes nothing more; find the other and stop one of them`,
    { cause },
  )
}

export function wrongLog(stream: string, why: string): PeerError {
  return new PeerError({ code: 'WrongLog', stream }, why)
}
