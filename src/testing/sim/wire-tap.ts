/**
 * @module testing/sim/wire-tap
 *
 * A peer's transport in the simulated network: shows the checker every message, dies with its peer, falls silent when
 * told to, and leads each peer to the one of two instances of a forker that it is meant to see.
 */

import type { Bytes } from '../../base/bytes.ts'
import { toHex } from '../../base/text.ts'
import type { IncomingMessage, SendOptions, Transport } from '../../ports/transport.ts'
import { never, type SimProcess } from './process.ts'

export interface TapOptions {
  /** The id that the peer believes to have. */
  readonly id: Bytes
  readonly inner: Transport
  readonly process: SimProcess
  readonly sent: (bytes: Bytes) => void
  /** Whose address to use for a peer; `undefined`: it may not be reached. */
  readonly route: (to: Bytes) => Bytes | undefined
  /** Whose address this is, by its hex. */
  readonly ownerOf: (address: string) => Bytes | undefined
  readonly isMute: () => boolean
}

export class WireTap implements Transport {
  readonly localPeer: Bytes
  readonly #options: TapOptions

  constructor(options: TapOptions) {
    this.localPeer = options.id
    this.#options = options
    options.process.atEnd(() => void options.inner.close())
  }

  async send(to: Bytes, bytes: Bytes, options?: SendOptions): Promise<void> {
    const { inner, process, sent, route, isMute } = this.#options
    if (process.isDead) return never()
    sent(bytes)
    if (!process.deal('send')) return never()
    const address = route(to)
    if (isMute() || address === undefined) return
    await inner.send(address, bytes, options)
    if (process.isDead) await never()
  }

  async *receive(options?: { readonly signal?: AbortSignal }): AsyncGenerator<IncomingMessage, void, undefined> {
    const { inner, process, ownerOf } = this.#options
    for await (const message of inner.receive(options)) {
      await process.awake()
      if (!process.deal('receive')) await never()
      yield { from: ownerOf(toHex(message.from)) ?? message.from, bytes: message.bytes }
    }
    if (process.isDead) await never()
  }

  close(): Promise<void> {
    return this.#options.inner.close()
  }
}
