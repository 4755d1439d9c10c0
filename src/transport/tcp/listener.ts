/**
 * @module transport/tcp/listener
 *
 * Accepts connections, and drops those that do not prove to come from a peer in time. Bounds what strangers can take:
 * `maxPendingHandshakes` sockets, each for `handshakeTimeoutMs` and a few kilobytes. When they are all taken, the address
 * that holds most of them loses its oldest, so that one address cannot shut the others out.
 */

import { once } from 'node:events'
import type { Socket } from 'node:net'
import { createServer, type Server, type TLSSocket } from 'node:tls'
import type { Bytes } from '../../base/bytes.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Logger } from '../../ports/logger.ts'
import { TransportError } from '../../ports/transport.ts'
import { serverOptions } from './channel.ts'
import type { FrameReader } from './frame.ts'
import { respond, type Self } from './handshake.ts'
import type { TcpAddress, TcpLimits } from './options.ts'

export interface ListenerOptions {
  readonly self: Self
  readonly clock: Clock
  readonly limits: TcpLimits
  readonly logger: Logger
  readonly isKnown: (peer: Bytes) => boolean
  readonly onProved: (peer: Bytes, socket: TLSSocket, reader: FrameReader) => void
}

interface Pending {
  readonly socket: Socket
  readonly host: string
  readonly cancelTimer: () => void
}

export class Listener {
  readonly #options: ListenerOptions
  readonly #server: Server
  /** By the other end's host and port, oldest first. */
  readonly #pending = new Map<string, Pending>()

  constructor(options: ListenerOptions) {
    this.#options = options
    this.#server = createServer(serverOptions(options.self.groupId, options.limits.handshakeTimeoutMs))
    this.#server.on('connection', (socket: Socket) => this.#accept(socket))
    this.#server.on('tlsClientError', (error, socket) => this.#refuse(socket, error.message))
    this.#server.on('secureConnection', (socket) => {
      this.#prove(socket).catch((error: unknown) => {
        options.logger.error({ error }, 'the answer to a handshake could not be signed')
        socket.destroy()
      })
    })
  }

  /** Resolves to the address taken. */
  async listen({ host, port }: TcpAddress): Promise<TcpAddress> {
    try {
      this.#server.listen({ host, port })
      await once(this.#server, 'listening')
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      throw new TransportError({ code: 'ListenFailed', host, port, reason }, `cannot listen: ${reason}`, {
        cause: error,
      })
    }
    this.#server.on('error', (error) => this.#options.logger.error({ error }, 'the listening socket failed'))
    const taken = this.#server.address()
    return { host, port: typeof taken === 'object' && taken !== null ? taken.port : port }
  }

  /** Takes nobody in any more. Resolves when the port is free and all that were accepted are closed. */
  async close(): Promise<void> {
    const closed = this.#server.listening ? once(this.#server, 'close') : undefined
    this.#server.close()
    for (const { socket } of this.#pending.values()) socket.destroy()
    await closed
  }

  #accept(socket: Socket): void {
    const name = nameOf(socket)
    if (name === undefined) {
      socket.destroy()
      return
    }
    const { clock, limits } = this.#options
    if (this.#pending.size >= limits.maxPendingHandshakes) this.#dropOldestOfBusiest()
    const cancelTimer = clock.schedule(clock.nowMs() + limits.handshakeTimeoutMs, () => {
      this.#refuse(socket, 'the handshake timed out')
    })
    const pending = { socket, host: socket.remoteAddress ?? '', cancelTimer }
    this.#pending.set(name, pending)
    socket.once('close', () => this.#settle(name, pending))
  }

  async #prove(socket: TLSSocket): Promise<void> {
    socket.on('error', (error) => this.#options.logger.debug({ error: error.message }, 'a connection broke'))
    socket.setNoDelay(true)
    const name = nameOf(socket) ?? ''
    const pending = this.#pending.get(name)
    // Dropped while its TLS handshake came to its end.
    if (pending === undefined || pending.socket.destroyed) {
      socket.destroy()
      return
    }
    const { self, isKnown, onProved } = this.#options
    const outcome = await respond(socket, self, isKnown)
    this.#settle(name, pending)
    if (outcome.kind === 'refused') this.#refuse(socket, outcome.refusal)
    else onProved(outcome.peer, socket, outcome.reader)
  }

  #settle(name: string, pending: Pending): void {
    pending.cancelTimer()
    if (this.#pending.get(name) === pending) this.#pending.delete(name)
  }

  #refuse(socket: Socket, reason: string): void {
    this.#options.logger.warn({ from: socket.remoteAddress, reason }, 'a connection was refused')
    socket.destroy()
  }

  #dropOldestOfBusiest(): void {
    const oldest = new Map<string, { readonly pending: Pending; count: number }>()
    for (const pending of this.#pending.values()) {
      const held = oldest.get(pending.host) ?? { pending, count: 0 }
      held.count += 1
      oldest.set(pending.host, held)
    }
    const [busiest] = [...oldest.values()].toSorted((a, b) => b.count - a.count)
    if (busiest !== undefined) this.#refuse(busiest.pending.socket, 'too many handshakes at once')
    for (const [name, pending] of this.#pending) if (pending === busiest?.pending) this.#settle(name, pending)
  }
}

function nameOf({ remoteAddress, remotePort }: Socket): string | undefined {
  return remoteAddress === undefined ? undefined : `${remoteAddress} ${remotePort}`
}
