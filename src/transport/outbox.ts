/**
 * @module transport/outbox
 *
 * The sends to one peer, in order: handed over at once where there is a way that has room, else waiting their turn, for
 * `sendTimeoutMs` at most. Memory: `maxWaitingSends` messages beside what the way itself has queued.
 */

import type { Clock } from '../ports/clock.ts'
import type { TransportError } from '../ports/transport.ts'
import { abortedError, tooManySendsError, unreachableError } from './errors.ts'
import { MESSAGE_OVERHEAD_BYTES, type TransportLimits } from './limits.ts'

/** Takes messages for one peer: a connection, or a link of the memory network. */
export interface Way {
  /** Bytes taken that have not left yet, overhead included. */
  readonly queuedBytes: number
  take(bytes: Uint8Array): void
}

interface WaitingSend {
  readonly bytes: Uint8Array
  readonly settle: (error: TransportError | undefined) => void
}

export interface OutboxOptions {
  /** Recipient, in hex. */
  readonly peer: string
  readonly clock: Clock
  readonly limits: TransportLimits
  /** The way to the peer now, if there is one. */
  readonly way: () => Way | undefined
}

/** What a queued message counts. */
export const queuedCost = (bytes: Uint8Array): number => bytes.length + MESSAGE_OVERHEAD_BYTES

export class Outbox {
  readonly #options: OutboxOptions
  /** In order of sending; a Set, because one may be given up anywhere in it. */
  readonly #waiting = new Set<WaitingSend>()

  constructor(options: OutboxOptions) {
    this.#options = options
  }

  send(bytes: Uint8Array, signal: AbortSignal | undefined): Promise<void> {
    if (signal?.aborted === true) return Promise.reject(abortedError(signal))
    const { peer, limits } = this.#options
    const way = this.#waiting.size === 0 ? this.#wayFor(bytes) : undefined
    if (way !== undefined) {
      way.take(bytes)
      return Promise.resolve()
    }
    if (this.#waiting.size >= limits.maxWaitingSends) return Promise.reject(tooManySendsError(peer, this.#waiting.size))
    return new Promise((resolve, reject) => this.#wait(bytes, signal, resolve, reject))
  }

  /** To be called whenever there may be room: a new way, or one that has sent something. */
  pump(): void {
    for (const send of this.#waiting) {
      const way = this.#wayFor(send.bytes)
      if (way === undefined) return
      // Settled first: a way that is rid of it at once calls back here.
      send.settle(undefined)
      way.take(send.bytes)
    }
  }

  /** Fails what waits. */
  failAll(error: TransportError): void {
    for (const send of this.#waiting) send.settle(error)
  }

  /** The way, if it has room for these bytes. */
  #wayFor(bytes: Uint8Array): Way | undefined {
    const way = this.#options.way()
    if (way === undefined || way.queuedBytes === 0) return way
    return way.queuedBytes + queuedCost(bytes) <= this.#options.limits.maxQueuedBytes ? way : undefined
  }

  #wait(
    bytes: Uint8Array,
    signal: AbortSignal | undefined,
    resolve: () => void,
    reject: (error: TransportError) => void,
  ): void {
    const { peer, clock, limits } = this.#options
    const settle = (error: TransportError | undefined): void => {
      this.#waiting.delete(send)
      cancelTimer()
      signal?.removeEventListener('abort', abort)
      if (error === undefined) resolve()
      else reject(error)
    }
    const abort = (): void => {
      if (signal !== undefined) settle(abortedError(signal))
      // What stood behind a message too large for the room may fit.
      this.pump()
    }
    const expire = (): void => {
      settle(unreachableError(peer, limits.sendTimeoutMs))
      this.pump()
    }
    const send: WaitingSend = { bytes, settle }
    const cancelTimer = clock.schedule(clock.nowMs() + limits.sendTimeoutMs, expire)
    signal?.addEventListener('abort', abort, { once: true })
    this.#waiting.add(send)
  }
}
