/** A peer that signs whatever it likes, in a network driven by hand. */

import { equalBytes } from '../../../src/base/bytes.ts'
import { present } from '../../../src/base/errors.ts'
import { toHex } from '../../../src/base/text.ts'
import {
  type Cause,
  decodeEvent,
  encodeMessage,
  encodeObservation,
  type Malice,
  type Observation,
  type ParsecStep,
} from '../../../src/core/parsec/index.ts'
import { encodeContent } from '../../../src/wire/canonical/index.ts'
import { idOf, type Network, type Peer, signerOf } from './network.ts'

export interface Forged {
  readonly hash: Uint8Array
  readonly bytes: Uint8Array
}

/** Hash of the last event of its own in the peer's facts. */
export function tipOf(peer: Peer): Uint8Array {
  const own = peer.facts.findLast(
    (fact) => fact.type === 'GossipEventAccepted' && equalBytes(fact.bytes.subarray(0, 32), idOf(peer.name)),
  )
  return present(own?.type === 'GossipEventAccepted' ? own.hash : undefined, 'the peer has events')
}

/** Hash of its first event. */
export function firstOf(peer: Peer): Uint8Array {
  const fact = peer.facts.find(({ type }) => type === 'GossipEventAccepted')
  return present(fact?.type === 'GossipEventAccepted' ? fact.hash : undefined, 'the peer has events')
}

export class Forger {
  readonly name: string
  readonly #network: Network
  /** The self-parent of what is signed next. */
  tip: Uint8Array

  constructor(network: Network, peer: Peer | string) {
    this.#network = network
    this.name = typeof peer === 'string' ? peer : peer.name
    this.tip = typeof peer === 'string' ? this.sign({ type: 'Initial' }).hash : tipOf(peer)
  }

  /** A genesis member that begins as it should, and shows it to a peer. */
  static begin(network: Network, name: string, to: Peer): Forger {
    const forger = new Forger(network, name)
    const initial = forger.sign({ type: 'Initial' })
    const { error } = forger.send(to, [initial, forger.vote(network.group().genesis)])
    if (error !== undefined) throw error
    return forger
  }

  /** An event with these contents; becomes the tip. */
  sign(cause: Cause): Forged {
    const group = this.#network.group()
    const content = encodeContent(idOf(this.name), cause, group.format)
    const message = group.eventMessage(content)
    const hash = group.hash(message)
    this.tip = hash
    return { hash, bytes: new Uint8Array([...content, ...signerOf(this.name).sign(message)]) }
  }

  vote(observation: Observation, selfParent = this.tip): Forged {
    const group = this.#network.group()
    const voteSignature = signerOf(this.name).sign(group.voteMessage(encodeObservation(observation, group.format)))
    return this.sign({ type: 'Observation', selfParent, observation, voteSignature })
  }

  requesting(to: string): Forged {
    return this.sign({ type: 'Requesting', selfParent: this.tip, recipient: idOf(to) })
  }

  /** A request of the forger, which ends with a Requesting to `to`. */
  send(to: Peer, events: readonly Forged[]): ParsecStep<Uint8Array> {
    const all = [...events, this.requesting(to.name)]
    const message = encodeMessage(all.map(({ bytes }) => bytes))
    return this.#network.note(to, to.parsec.handleRequest(idOf(this.name), message))
  }
}

/** The accusations that a peer made itself, as hex of the offender and the kind. */
export function accusationsBy(peer: Peer): { readonly offender: string; readonly malice: Malice }[] {
  return peer.facts.flatMap((fact) => {
    if (fact.type !== 'GossipEventAccepted') return []
    const { creator, vote } = decodeEvent(fact.bytes, peer.parsec.group.format)
    if (vote?.observation.type !== 'Accusation' || !equalBytes(creator, idOf(peer.name))) return []
    return [{ offender: toHex(vote.observation.offender), malice: vote.observation.malice }]
  })
}

/** Kinds of the accusations among a peer's blocks, by hex of the offender. */
export function convictions(peer: Peer): { readonly offender: string; readonly kind: Malice['type'] }[] {
  return peer.blocks.flatMap(({ payload }) =>
    payload.type === 'Accusation' ? [{ offender: toHex(payload.offender), kind: payload.malice.type }] : [],
  )
}
