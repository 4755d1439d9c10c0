/** A peer that joins from a checkpoint in a network driven by hand (parsec §8). */

import { present } from '../../../src/base/errors.ts'
import { Parsec, type ParsecStep, stubsOfBase, withVouches } from '../../../src/core/parsec/index.ts'
import { idOf, type Network, type Peer, signerOf, strictScheme } from './network.ts'

/** A base at a position, by the first of the peers, vouched for by all others that vote there. */
export function vouchedBase(network: Network, peers: readonly Peer[], position: number): Uint8Array {
  const [sponsor, ...others] = peers as readonly [Peer, ...Peer[]]
  const alone = present(sponsor.parsec.bases.at(position), 'a base')
  const trust = { group: network.group(), scheme: strictScheme }
  const vouches = others.flatMap(({ name, parsec }) => {
    const signature = parsec.bases.vouch(position, stubsOfBase(alone, trust))
    return signature === null ? [] : [{ signer: idOf(name), signature }]
  })
  return withVouches(alone, vouches, trust)
}

export function startFrom(network: Network, name: string, base: Uint8Array): Peer {
  const { parsec, step } = Parsec.fromCheckpoint(network.group(), signerOf(name), base)
  const peer: Peer = { name, parsec, facts: [], blocks: [] }
  network.peers.push(peer)
  network.note(peer, step)
  return peer
}

/** From where a sponsor says that it may start. */
export function joinFrom(network: Network, name: string, peers: readonly Peer[]): Peer {
  const position = present(peers[0]?.parsec.bases.placeFor(idOf(name)), 'a place to start from')
  return startFrom(network, name, vouchedBase(network, peers, position))
}

/** What `from` has and `to` lacks, as for a follower. Gives the steps. */
export function compareWith(network: Network, to: Peer, from: Peer, asIf: Peer): readonly ParsecStep<Uint8Array>[] {
  const { effects } = from.parsec.graphBeyond(idOf(asIf.name), to.parsec.summary())
  return effects.map(({ bytes }) => network.note(to, to.parsec.handleGraph(idOf(from.name), bytes)))
}
