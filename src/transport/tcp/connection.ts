/**
 * @module transport/tcp/connection
 *
 * One connection whose other end has proved who it is: frames in and out, signs of life, back-pressure both ways.
 *
 * Reading stops while the peer's lane in the inbox is full, so the peer's own sends come to wait. A silent peer is dropped
 * after `idleTimeoutMs`; the silence of one that we do not read from says nothing, and is not counted.
 * `end` takes nothing more, sends what was taken and a goodbye, and reads on until the other end's goodbye: nothing that
 * was handed over is cut off, unless that takes longer than `closeTimeoutMs`. (TLS has a half-close of its own, but Node
 * drops what arrives after it: its shutdown reads the connection to the end.)
 */

import type { TLSSocket } from 'node:tls'
import { type Bytes, EMPTY_BYTES as NO_PAYLOAD } from '../../base/bytes.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Logger } from '../../ports/logger.ts'
import { queuedCost, type Way } from '../outbox.ts'
import { FRAME_KIND, type FrameReader, frameHeader } from './frame.ts'
import type { TcpLimits } from './options.ts'

export interface ConnectionOptions {
  readonly socket: TLSSocket
  /** Of the handshake, with what came behind it. */
  readonly reader: FrameReader
  /** The other end, in hex. */
  readonly peer: string
  /** Who dialled. */
  readonly initiator: 'us' | 'them'
  readonly clock: Clock
  readonly limits: TcpLimits
  readonly logger: Logger
  readonly isFull: () => boolean
  readonly deliver: (bytes: Bytes) => void
  /** Some of what was taken has left. */
  readonly onRoom: () => void
  /** It takes no more: the other end is closing it, or it broke. May come before `onClosed`. */
  readonly onUnusable: () => void
  readonly onClosed: () => void
}

export class Connection implements Way {
  readonly initiator: 'us' | 'them'
  readonly establishedAtMs: number
  readonly #options: ConnectionOptions
  #queuedBytes = 0
  #isUsable = true
  #isPaused = false
  #saidGoodbye = false
  #heardGoodbye = false
  #lastReadMs: number
  #lastWriteMs: number
  #cancelLifeCheck: () => void = () => undefined
  #cancelEnd: () => void = () => undefined

  constructor(options: ConnectionOptions) {
    const nowMs = options.clock.nowMs()
    this.initiator = options.initiator
    this.establishedAtMs = nowMs
    this.#lastReadMs = nowMs
    this.#lastWriteMs = nowMs
    this.#options = options
    options.reader.setMaxPayloadBytes(options.limits.maxMessageBytes)
  }

  /** To be called once, when the owner is ready for its calls. */
  start(): void {
    const { socket } = this.#options
    socket.on('data', (chunk: Buffer) => this.#read(chunk))
    socket.on('end', () => this.destroy())
    socket.once('close', () => this.#onClose())
    if (socket.destroyed) {
      this.#onClose()
      return
    }
    this.#scheduleLifeCheck()
    this.#drain()
    if (!this.#isPaused) socket.resume()
  }

  get isUsable(): boolean {
    return this.#isUsable
  }

  get queuedBytes(): number {
    return this.#queuedBytes
  }

  take(bytes: Bytes): void {
    const cost = queuedCost(bytes)
    this.#queuedBytes += cost
    this.#write(FRAME_KIND.message, bytes, () => {
      this.#queuedBytes -= cost
      this.#options.onRoom()
    })
  }

  /** The inbox has room for this peer again. */
  resume(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    this.#lastReadMs = this.#options.clock.nowMs()
    this.#drain()
    if (!this.#isPaused) this.#options.socket.resume()
  }

  end(): void {
    const { socket, clock, limits } = this.#options
    this.#retire()
    if (socket.destroyed) return
    if (!this.#saidGoodbye) {
      this.#saidGoodbye = true
      this.#write(FRAME_KIND.goodbye, NO_PAYLOAD, () => undefined)
      this.#cancelEnd = clock.schedule(clock.nowMs() + limits.closeTimeoutMs, () => socket.destroy())
    }
    if (this.#heardGoodbye) socket.end()
  }

  destroy(): void {
    this.#retire()
    this.#options.socket.destroy()
  }

  #retire(): void {
    if (!this.#isUsable) return
    this.#isUsable = false
    this.#options.onUnusable()
  }

  #onClose(): void {
    this.#cancelLifeCheck()
    this.#cancelEnd()
    this.#retire()
    this.#options.onClosed()
  }

  #read(chunk: Buffer): void {
    this.#lastReadMs = this.#options.clock.nowMs()
    if (this.#heardGoodbye) return
    this.#options.reader.push(chunk)
    if (!this.#isPaused) this.#drain()
  }

  /** Delivers what has come whole, as far as there is room. */
  #drain(): void {
    const { socket, reader, peer, logger, isFull, deliver } = this.#options
    for (;;) {
      if (isFull()) {
        this.#isPaused = true
        socket.pause()
        return
      }
      const frame = reader.next()
      if (frame === 'incomplete') return
      if (frame !== 'malformed' && frame.kind === FRAME_KIND.message) {
        deliver(frame.payload)
      } else if (frame !== 'malformed' && frame.kind === FRAME_KIND.goodbye) {
        this.#heardGoodbye = true
        this.end()
        return
      } else if (frame === 'malformed' || frame.kind !== FRAME_KIND.keepAlive) {
        logger.warn({ peer }, 'a peer sent what is no frame; its connection is dropped')
        this.destroy()
        return
      }
    }
  }

  #write(kind: number, payload: Bytes, onSent: () => void): void {
    const { socket, clock } = this.#options
    this.#lastWriteMs = clock.nowMs()
    socket.cork()
    socket.write(frameHeader(kind, payload.length))
    socket.write(payload, (error) => {
      // An error closes the socket; nothing of this connection counts then.
      if (error === null || error === undefined) onSent()
    })
    socket.uncork()
  }

  #scheduleLifeCheck(): void {
    const { clock, limits } = this.#options
    const dueMs = clock.nowMs() + Math.ceil(limits.keepAliveMs / 2)
    this.#cancelLifeCheck = clock.schedule(dueMs, () => this.#checkLife(dueMs))
  }

  #checkLife(dueMs: number): void {
    const { clock, limits, logger, peer } = this.#options
    const nowMs = clock.nowMs()
    // We slept, or the clock was set: the silence may be our own.
    if (nowMs - dueMs >= limits.keepAliveMs) this.#lastReadMs = nowMs
    if (!this.#isPaused && nowMs - this.#lastReadMs >= limits.idleTimeoutMs) {
      logger.info({ peer, idleTimeoutMs: limits.idleTimeoutMs }, 'a peer fell silent; its connection is dropped')
      this.destroy()
      return
    }
    const isQuiet = nowMs - this.#lastWriteMs >= limits.keepAliveMs
    if (this.#isUsable && isQuiet && this.#queuedBytes === 0)
      this.#write(FRAME_KIND.keepAlive, NO_PAYLOAD, () => undefined)
    this.#scheduleLifeCheck()
  }
}
