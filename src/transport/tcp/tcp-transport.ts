/**
 * @module transport/tcp/tcp-transport
 *
 * Peers over TCP on networks whose operators trust each other with availability, not with content: TLS 1.3, both sides
 * proved by the keys that their peer ids are, framed, bounded, reconnecting. docs/transport.md has the threat model.
 *
 * The caller keeps the list of peers up to date (`setPeer`, `removePeer`): only those on it are dialled or accepted.
 */

import { type Bytes, equalBytes } from '../../base/bytes.ts'
import { toHex } from '../../base/text.ts'
import { SILENT } from '../../ports/logger.ts'
import type { IncomingMessage, SendOptions, Transport } from '../../ports/transport.ts'
import { closedError, invalidArgumentError, tooLargeError, unknownRecipientError } from '../errors.ts'
import { Inbox } from '../inbox.ts'
import { Listener } from './listener.ts'
import { checkAddress, checkedTcpLimits, type TcpAddress, type TcpTransportOptions } from './options.ts'
import { type LinkContext, PeerLink } from './peer-link.ts'

/** Resolves when it listens; connections to the peers come up by themselves. */
export async function createTcpTransport(options: TcpTransportOptions): Promise<TcpTransport> {
  if (options.listen !== undefined) checkAddress('listen', options.listen, 0)
  const transport = new TcpTransport(options)
  try {
    for (const { peer, address } of options.peers ?? []) transport.setPeer(peer, address)
    if (options.listen !== undefined) await transport.listen(options.listen)
    return transport
  } catch (error) {
    await transport.close()
    throw error
  }
}

export class TcpTransport implements Transport {
  readonly localPeer: Bytes
  readonly #context: LinkContext
  readonly #listener: Listener
  readonly #links = new Map<string, PeerLink>()
  #address: TcpAddress | undefined
  #closing: Promise<void> | undefined

  /** For `createTcpTransport`. */
  constructor(options: TcpTransportOptions) {
    const { signer, groupId, clock, random, logger = SILENT } = options
    const limits = checkedTcpLimits(options.limits)
    const self = { signer, groupId: groupId.slice() }
    this.localPeer = signer.identity
    const inbox = new Inbox(limits.maxReadAheadBytes, (sender) => this.#links.get(sender)?.resume())
    this.#context = { self, clock, random, limits, logger, inbox }
    this.#listener = new Listener({
      self,
      clock,
      limits,
      logger,
      isKnown: (peer) => this.#links.has(toHex(peer)),
      onProved: (peer, socket, reader) => {
        const link = this.#links.get(toHex(peer))
        // Removed between its proof and now.
        if (link === undefined || this.#closing !== undefined) socket.destroy()
        else link.adopt(socket, reader, 'them')
      },
    })
  }

  /** Where it listens; with the port that was taken where 0 was asked for. */
  get address(): TcpAddress | undefined {
    return this.#address
  }

  /** For `createTcpTransport`. */
  async listen(address: TcpAddress): Promise<void> {
    this.#address = await this.#listener.listen(address)
  }

  /** Adds a peer, or changes where to dial it; without an address it is accepted only. */
  setPeer(peer: Bytes, address?: TcpAddress): void {
    if (this.#closing !== undefined) throw closedError()
    const { identityLength } = this.#context.self.signer.scheme
    if (peer.length !== identityLength)
      throw invalidArgumentError('peer', toHex(peer), `an identity of this scheme has ${identityLength} bytes`)
    if (equalBytes(peer, this.localPeer)) throw invalidArgumentError('peer', toHex(peer), 'that is this peer itself')
    if (address !== undefined) checkAddress('address', address, 1)
    const name = toHex(peer)
    const link = this.#links.get(name) ?? new PeerLink(this.#context, peer.slice())
    this.#links.set(name, link)
    link.setAddress(address)
  }

  /** Closes its connection and refuses it from now on; sends that wait for it fail with `UnknownRecipient`. */
  async removePeer(peer: Bytes): Promise<void> {
    const name = toHex(peer)
    const link = this.#links.get(name)
    this.#links.delete(name)
    await link?.close(unknownRecipientError(peer))
  }

  /** Whether a proved connection to the peer is in use. */
  isConnected(peer: Bytes): boolean {
    return this.#links.get(toHex(peer))?.isConnected ?? false
  }

  async send(to: Bytes, bytes: Bytes, options: SendOptions = {}): Promise<void> {
    const { maxMessageBytes } = this.#context.limits
    if (this.#closing !== undefined) throw closedError()
    const link = this.#links.get(toHex(to))
    if (link === undefined) throw unknownRecipientError(to)
    if (bytes.length > maxMessageBytes) throw tooLargeError(bytes.length, maxMessageBytes)
    await link.send(bytes, options.signal)
  }

  receive(options: { readonly signal?: AbortSignal } = {}): AsyncIterable<IncomingMessage> {
    return this.#context.inbox.receive(options.signal)
  }

  /** Resolves when what was handed over has left and all is closed, within `closeTimeoutMs`. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    const closed = this.#listener.close()
    this.#context.inbox.close()
    await Promise.all([...this.#links.values()].map((link) => link.close(closedError())))
    await closed
  }
}
