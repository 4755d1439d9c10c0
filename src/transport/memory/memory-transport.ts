/**
 * @module transport/memory/memory-transport
 *
 * One peer's end of a `MemoryNetwork`, which makes it.
 */

import { type Bytes, equalBytes } from '../../base/bytes.ts'
import { toHex } from '../../base/text.ts'
import type { Clock } from '../../ports/clock.ts'
import type { IncomingMessage, SendOptions, Transport } from '../../ports/transport.ts'
import { closedError, tooLargeError, unknownRecipientError } from '../errors.ts'
import { Inbox } from '../inbox.ts'
import type { TransportLimits } from '../limits.ts'
import { Outbox, type Way } from '../outbox.ts'

export interface MemoryTransportOptions {
  readonly peer: Bytes
  readonly clock: Clock
  readonly limits: TransportLimits
  /** Peers are named in hex. */
  readonly knows: (peer: string) => boolean
  readonly wayTo: (peer: string) => Way | undefined
  /** There is room again for messages of this sender. */
  readonly onRoom: (sender: string) => void
  readonly onClose: () => void
}

export class MemoryTransport implements Transport {
  readonly localPeer: Bytes
  readonly #options: MemoryTransportOptions
  readonly #inbox: Inbox
  readonly #outboxes = new Map<string, Outbox>()
  #isClosed = false

  constructor(options: MemoryTransportOptions) {
    this.localPeer = options.peer
    this.#options = options
    this.#inbox = new Inbox(options.limits.maxReadAheadBytes, options.onRoom)
  }

  async send(to: Bytes, bytes: Bytes, options: SendOptions = {}): Promise<void> {
    const { limits, knows } = this.#options
    const peer = toHex(to)
    if (this.#isClosed) throw closedError()
    if (equalBytes(to, this.localPeer) || !knows(peer)) throw unknownRecipientError(to)
    if (bytes.length > limits.maxMessageBytes) throw tooLargeError(bytes.length, limits.maxMessageBytes)
    await this.#outbox(peer).send(bytes, options.signal)
  }

  receive(options: { readonly signal?: AbortSignal } = {}): AsyncIterable<IncomingMessage> {
    return this.#inbox.receive(options.signal)
  }

  close(): Promise<void> {
    if (!this.#isClosed) {
      this.#isClosed = true
      for (const outbox of this.#outboxes.values()) outbox.failAll(closedError())
      this.#inbox.close()
      this.#options.onClose()
    }
    return Promise.resolve()
  }

  /** For the network: `false` when the sender's lane is full. */
  deliver(message: IncomingMessage): boolean {
    if (this.#inbox.isFull(toHex(message.from))) return false
    this.#inbox.push(message)
    return true
  }

  /** For the network: there may be room for `peer`. */
  pump(peer: string): void {
    this.#outboxes.get(peer)?.pump()
  }

  #outbox(peer: string): Outbox {
    const { clock, limits, wayTo } = this.#options
    const outbox = this.#outboxes.get(peer) ?? new Outbox({ peer, clock, limits, way: () => wayTo(peer) })
    this.#outboxes.set(peer, outbox)
    return outbox
  }
}
