/**
 * @module ports/transport
 *
 * Messages between peers whose ids the transport has authenticated. Unreliable and unordered as far as core is
 * concerned: a message may be lost, doubled or late, but never comes under another peer's id.
 */

import { WitanError } from '../base/errors.ts'

export interface IncomingMessage {
  readonly from: Uint8Array
  readonly bytes: Uint8Array
}

export interface SendOptions {
  readonly signal?: AbortSignal
}

export interface Transport {
  readonly localPeer: Uint8Array
  /** Resolves when handed over (not when delivered); waits while the peer's queue is full (back-pressure). */
  send(to: Uint8Array, bytes: Uint8Array, options?: SendOptions): Promise<void>
  /** One consumer. The transport reads no more from a sender than the stated bound ahead of the consumer. */
  receive(options?: { readonly signal?: AbortSignal }): AsyncIterable<IncomingMessage>
  close(): Promise<void>
}

export type TransportErrorData =
  | { readonly code: 'UnknownRecipient'; readonly peer: string }
  | { readonly code: 'PeerUnreachable'; readonly peer: string }
  | { readonly code: 'MessageTooLarge'; readonly bytes: number; readonly maxBytes: number }
  | { readonly code: 'TransportClosed' }
  | { readonly code: 'Aborted' }
  | { readonly code: 'InvalidTransportArgument'; readonly argument: string; readonly value: string }

export class TransportError extends WitanError<TransportErrorData> {}
