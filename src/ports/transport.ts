/**
 * @module ports/transport
 *
 * Messages between peers whose ids the transport has authenticated. Unreliable and unordered as far as core is
 * concerned: a message may be lost, doubled or late, but never comes under another peer's id, changed or cut.
 *
 * Guarantees of every adapter (test/contract/transport.ts holds them to it):
 * - Every wait ends: a `send` is handed over or fails typed within `sendTimeoutMs`; `receive` ends when aborted or closed.
 * - A send that failed with `Aborted` before it was handed over is never handed over.
 * - Memory is bounded for each peer: what is queued for it (`maxQueuedBytes`, `maxWaitingSends`) and what it sent ahead
 *   of our consumer (`maxReadAheadBytes`). No peer's messages hold up another's: senders are served in turn.
 *
 * The caller leaves `bytes` as they are after `send`, and treats what it receives as unfriendly input.
 */

import { WitanError } from '../base/errors.ts'

export interface IncomingMessage {
  /** Public key of the sender, as the transport proved it. */
  readonly from: Uint8Array
  /** The consumer's own; at most `maxMessageBytes`, may be empty. */
  readonly bytes: Uint8Array
}

export interface SendOptions {
  /** Gives up waiting; without effect on what was handed over. */
  readonly signal?: AbortSignal
}

export interface Transport {
  readonly localPeer: Uint8Array
  /**
   * Resolves when handed over (not when delivered); waits while the peer's queue is full (back-pressure) or while the
   * peer cannot be reached, at most `sendTimeoutMs`: then it fails with `PeerUnreachable`.
   */
  send(to: Uint8Array, bytes: Uint8Array, options?: SendOptions): Promise<void>
  /** One consumer at a time. Ends when aborted or closed; what it has not taken waits for the next consumer. */
  receive(options?: { readonly signal?: AbortSignal }): AsyncIterable<IncomingMessage>
  /** Sends under way fail with `TransportClosed`, `receive` ends. What was handed over still leaves. Idempotent. */
  close(): Promise<void>
}

export type TransportErrorData =
  /** Not among the peers this transport was told of. */
  | { readonly code: 'UnknownRecipient'; readonly peer: string }
  /** Not handed over in time: no connection, or a peer that takes nothing. */
  | { readonly code: 'PeerUnreachable'; readonly peer: string; readonly waitedMs: number }
  /** More than `maxWaitingSends` sends wait for this peer: the caller did not wait for earlier ones. */
  | { readonly code: 'TooManySends'; readonly peer: string; readonly waiting: number }
  | { readonly code: 'MessageTooLarge'; readonly bytes: number; readonly maxBytes: number }
  /** `receive` has a consumer already. */
  | { readonly code: 'AlreadyReceiving' }
  | { readonly code: 'ListenFailed'; readonly host: string; readonly port: number; readonly reason: string }
  | { readonly code: 'TransportClosed' }
  | { readonly code: 'Aborted' }
  | { readonly code: 'InvalidTransportArgument'; readonly argument: string; readonly value: string }

export class TransportError extends WitanError<TransportErrorData> {}
