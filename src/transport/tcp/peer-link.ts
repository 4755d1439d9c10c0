/**
 * @module transport/tcp/peer-link
 *
 * All that we have with one peer: its address, the sends that wait for it, and one connection in use.
 *
 * While there is none it dials, with a wait that doubles from `minBackoffMs` to `maxBackoffMs`, half of it drawn; it starts
 * over after a connection that lasted `maxBackoffMs`. Where both dial at once, both ends keep the one that the lower id
 * dialled. A connection older than `handshakeTimeoutMs` gives way to any new one: the peer would not have dialled if it
 * still had it. The one that gives way still sends and brings what was under way.
 */

import type { TLSSocket } from 'node:tls'
import { type Bytes, compareBytes } from '../../base/bytes.ts'
import { toHex } from '../../base/text.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Logger } from '../../ports/logger.ts'
import type { Random } from '../../ports/random.ts'
import type { TransportError } from '../../ports/transport.ts'
import { fraction } from '../draw.ts'
import type { Inbox } from '../inbox.ts'
import { Outbox } from '../outbox.ts'
import { Connection } from './connection.ts'
import { dial } from './dial.ts'
import type { FrameReader } from './frame.ts'
import type { Self } from './handshake.ts'
import type { TcpAddress, TcpLimits } from './options.ts'

/** Connections to one peer that may be open at once: one in use, the others on their way out. */
const MAX_CONNECTIONS = 4

export interface LinkContext {
  readonly self: Self
  readonly clock: Clock
  readonly random: Random
  readonly limits: TcpLimits
  readonly logger: Logger
  readonly inbox: Inbox
}

export class PeerLink {
  readonly #context: LinkContext
  readonly #peer: Bytes
  readonly #name: string
  readonly #outbox: Outbox
  readonly #connections = new Set<Connection>()
  readonly #giveUp = new AbortController()
  #current: Connection | undefined
  #address: TcpAddress | undefined
  #dialing: Promise<void> | undefined
  #failures = 0
  #cancelRetry: (() => void) | undefined
  #onIdle: (() => void) | undefined

  constructor(context: LinkContext, peer: Bytes) {
    this.#context = context
    this.#peer = peer
    this.#name = toHex(peer)
    const { clock, limits } = context
    this.#outbox = new Outbox({ peer: this.#name, clock, limits, way: () => this.#current })
  }

  get isConnected(): boolean {
    return this.#current !== undefined
  }

  send(bytes: Bytes, signal: AbortSignal | undefined): Promise<void> {
    return this.#outbox.send(bytes, signal)
  }

  /** Where to dial from now on; dials at once unless connected. */
  setAddress(address: TcpAddress | undefined): void {
    this.#address = address
    this.#failures = 0
    this.#cancelRetry?.()
    this.#cancelRetry = undefined
    this.#ensure()
  }

  /** Takes over a connection whose other end proved to be this peer. */
  adopt(socket: TLSSocket, reader: FrameReader, initiator: 'us' | 'them'): void {
    if (this.#giveUp.signal.aborted) {
      socket.destroy()
      return
    }
    const { clock, limits, logger, inbox } = this.#context
    const connection: Connection = new Connection({
      socket,
      reader,
      initiator,
      peer: this.#name,
      clock,
      limits,
      logger,
      isFull: () => inbox.isFull(this.#name),
      deliver: (bytes) => inbox.push({ from: this.#peer.slice(), bytes }),
      onRoom: () => this.#outbox.pump(),
      onUnusable: () => this.#onUnusable(connection),
      onClosed: () => this.#onClosed(connection),
    })
    this.#connections.add(connection)
    this.#choose(connection)
    connection.start()
    this.#trim()
    this.#outbox.pump()
  }

  /** There is room in the inbox for this peer's messages. */
  resume(): void {
    for (const connection of this.#connections) connection.resume()
  }

  /** Fails what waits and dials no more. Resolves when all connections are closed, within `closeTimeoutMs`. */
  async close(error: TransportError): Promise<void> {
    this.#giveUp.abort()
    this.#cancelRetry?.()
    this.#outbox.failAll(error)
    const idle = new Promise<void>((resolve) => {
      this.#onIdle = resolve
    })
    for (const connection of this.#connections) {
      connection.end()
      // One that stood still cannot see the other end close.
      connection.resume()
    }
    if (this.#connections.size > 0) await idle
    await this.#dialing
  }

  #choose(arrived: Connection): void {
    const held = this.#current
    if (held === undefined || this.#givesWay(held, arrived)) {
      this.#current = arrived
      held?.end()
    } else {
      arrived.end()
    }
  }

  #givesWay(held: Connection, arrived: Connection): boolean {
    const { clock, limits, self } = this.#context
    if (held.initiator === arrived.initiator) return true
    if (clock.nowMs() - held.establishedAtMs > limits.handshakeTimeoutMs) return true
    const lower = compareBytes(self.signer.identity, this.#peer) < 0 ? 'us' : 'them'
    return arrived.initiator === lower
  }

  #trim(): void {
    for (const connection of this.#connections) {
      if (this.#connections.size <= MAX_CONNECTIONS) return
      if (connection === this.#current) continue
      this.#connections.delete(connection)
      connection.destroy()
    }
  }

  #onUnusable(connection: Connection): void {
    if (connection !== this.#current) return
    this.#current = undefined
    const { clock, limits } = this.#context
    if (clock.nowMs() - connection.establishedAtMs >= limits.maxBackoffMs) this.#failures = 0
    this.#retryLater()
  }

  #onClosed(connection: Connection): void {
    this.#connections.delete(connection)
    if (this.#connections.size === 0) this.#onIdle?.()
  }

  #ensure(): void {
    if (this.#giveUp.signal.aborted || this.#current !== undefined) return
    if (this.#address === undefined || this.#dialing !== undefined || this.#cancelRetry !== undefined) return
    this.#dialing = this.#dial(this.#address)
      .catch((error: unknown) => this.#context.logger.error({ error, peer: this.#name }, 'dialling failed'))
      .finally(() => {
        this.#dialing = undefined
        this.#retryLater()
      })
  }

  async #dial(address: TcpAddress): Promise<void> {
    const { self, clock, limits, logger } = this.#context
    const timeoutMs = limits.handshakeTimeoutMs
    const { signal } = this.#giveUp
    const outcome = await dial({ peer: this.#peer, address, self, clock, timeoutMs, signal })
    if (outcome.kind === 'proved') this.adopt(outcome.socket, outcome.reader, 'us')
    else logger.debug({ peer: this.#name, address, reason: outcome.reason }, 'a peer could not be reached')
  }

  #retryLater(): void {
    if (this.#giveUp.signal.aborted || this.#current !== undefined || this.#cancelRetry !== undefined) return
    const { clock, random, limits } = this.#context
    const backoffMs = Math.min(limits.maxBackoffMs, limits.minBackoffMs * 2 ** Math.min(this.#failures, 40))
    this.#failures += 1
    const waitMs = Math.ceil(backoffMs * (0.5 + fraction(random) / 2))
    this.#cancelRetry = clock.schedule(clock.nowMs() + waitMs, () => {
      this.#cancelRetry = undefined
      this.#ensure()
    })
  }
}
