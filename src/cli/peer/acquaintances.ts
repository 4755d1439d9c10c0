/**
 * @module cli/peer/acquaintances
 *
 * Whom a running peer talks to: who is in its configuration, whom it is told of (`witan add`), and whoever the group takes in. Who is not among
 * them is refused by the transport.
 */

import type { Observable } from 'rxjs'
import { fromHex, toHex } from '../../base/text.ts'
import type { Membership } from '../../engine/peer/membership.ts'
import type { TcpTransport } from '../../transport/index.ts'
import type { PeerAddress, PeerFolder } from './folder.ts'

export class Acquaintances {
  readonly #folder: PeerFolder
  readonly #transport: TcpTransport
  readonly #known: Set<string>

  /** `transport` was made with the peers of the folder's configuration. */
  constructor(folder: PeerFolder, transport: TcpTransport) {
    this.#folder = folder
    this.#transport = transport
    this.#known = new Set([toHex(transport.localPeer), ...folder.config().peers.map(({ id }) => id)])
  }

  /** From now on, and after a restart. */
  meet(peer: PeerAddress): void {
    if (peer.id === toHex(this.#transport.localPeer)) return
    this.#transport.setPeer(fromHex(peer.id), { host: peer.host, port: peer.port })
    this.#known.add(peer.id)
    const config = this.#folder.config()
    this.#folder.writeConfig({ ...config, peers: [...config.peers.filter(({ id }) => id !== peer.id), peer] })
  }

  /** A voter of whom nobody told us where it listens may dial us. */
  meetVoters(membership$: Observable<Membership>): void {
    membership$.subscribe(({ voters }) => {
      for (const voter of voters) {
        if (this.#known.has(voter)) continue
        this.#known.add(voter)
        this.#transport.setPeer(fromHex(voter))
      }
    })
  }
}
