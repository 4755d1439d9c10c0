/**
 * A peer of PARSEC, of the crate or of ours in compatibility mode, behind one interface. Ids and bytes are hex.
 */

import type { LineProcess } from '../../../bench/support/rust.ts'
import { fromHex, toHex } from '../../../src/base/text.ts'
import {
  bytesGroup,
  encodeObservation,
  type Group,
  type Observation,
  Parsec,
  type ParsecError,
  type ParsecStep,
} from '../../../src/core/parsec/index.ts'
import { ed25519Signer } from '../../../src/crypto/index.ts'
import { type Answer, valueOf } from './reference.ts'

export type ObservationJson =
  | { readonly type: 'OpaquePayload'; readonly payload: string }
  | { readonly type: 'Add' | 'Remove'; readonly peerId: string; readonly relatedInfo: string }

/** `payload` is the encoded observation; proofs are in order of id. */
export interface BlockView {
  readonly payload: string
  readonly proofs: readonly { readonly id: string; readonly signature: string }[]
}

export interface StateView {
  readonly gossipRecipients: readonly string[]
  readonly canVote: boolean
  readonly hasUnpolled: boolean
  /** Encoded observations. */
  readonly ourUnpolled: readonly string[]
}

export interface ParsecPeer {
  voteFor(observation: ObservationJson): Promise<Answer>
  createGossip(to: string): Promise<Answer<string>>
  /** Gives the answer to send back. */
  handleRequest(from: string, message: string): Promise<Answer<string>>
  handleResponse(from: string, message: string): Promise<Answer>
  /** All blocks that wait. */
  poll(): Promise<Answer<readonly BlockView[]>>
  state(): Promise<Answer<StateView>>
}

export interface Membership {
  readonly seed: string
  readonly mode: 'single' | 'supermajority'
  /** Ids of the genesis members. */
  readonly genesis: readonly string[]
  /** Set: the peer joins this section, which runs already. */
  readonly section?: readonly string[]
}

/** A peer of the crate, in the process. */
export async function cratePeer(
  running: LineProcess,
  name: string,
  { seed, mode, genesis, section }: Membership,
): Promise<ParsecPeer> {
  const ask = async <T>(op: string, rest: object): Promise<Answer<T>> =>
    (await running.ask({ peer: name, op, ...rest })) as Answer<T>
  valueOf(
    section === undefined
      ? await ask('fromGenesis', { seed, mode, genesis, relatedInfo: '' })
      : await ask('fromExisting', { seed, mode, genesis, section }),
  )
  return {
    voteFor: (observation) => ask('voteFor', { observation }),
    createGossip: (to) => ask('createGossip', { to }),
    handleRequest: (from, message) => ask('handleRequest', { from, message }),
    handleResponse: (from, message) => ask('handleResponse', { from, message }),
    poll: () => ask('poll', {}),
    state: () => ask('state', {}),
  }
}

function observationOf(json: ObservationJson): Observation {
  if (json.type === 'OpaquePayload') return { type: json.type, payload: fromHex(json.payload) }
  return { type: json.type, peerId: fromHex(json.peerId), relatedInfo: fromHex(json.relatedInfo) }
}

/** The error as the crate prints it. */
function errorName({ data }: ParsecError): string {
  if (data.code !== 'InvalidPeerState' && data.code !== 'InvalidSelfState') return data.code
  return `${data.code} { required: PeerState(${data.required}), actual: PeerState(${data.actual}) }`
}

/** A peer of ours. */
export class OurPeer implements ParsecPeer {
  readonly #parsec: Parsec
  readonly #group: Group<Uint8Array>

  constructor({ seed, mode, genesis, section }: Membership) {
    const signer = ed25519Signer(fromHex(seed))
    this.#group = bytesGroup({ members: genesis.map(fromHex), mode, compatibility: 'parsec-0.7' })
    const { parsec } =
      section === undefined
        ? Parsec.fromGenesis(this.#group, signer)
        : Parsec.fromExisting(this.#group, signer, section.map(fromHex))
    this.#parsec = parsec
  }

  voteFor(observation: ObservationJson): Promise<Answer> {
    return this.#answer(this.#parsec.voteFor(observationOf(observation)), () => null)
  }

  createGossip(to: string): Promise<Answer<string>> {
    return this.#answer(this.#parsec.createGossip(fromHex(to)), sent)
  }

  handleRequest(from: string, message: string): Promise<Answer<string>> {
    return this.#answer(this.#parsec.handleRequest(fromHex(from), fromHex(message)), sent)
  }

  handleResponse(from: string, message: string): Promise<Answer> {
    return this.#answer(this.#parsec.handleResponse(fromHex(from), fromHex(message)), () => null)
  }

  poll(): Promise<Answer<readonly BlockView[]>> {
    const blocks: BlockView[] = []
    for (let block = this.#parsec.poll(); block !== undefined; block = this.#parsec.poll()) {
      const proofs = block.proofs.map(({ id, signature }) => ({ id: toHex(id), signature: toHex(signature) }))
      blocks.push({ payload: this.#encoded(block.payload), proofs })
    }
    return Promise.resolve({ ok: blocks })
  }

  state(): Promise<Answer<StateView>> {
    const parsec = this.#parsec
    return Promise.resolve({
      ok: {
        gossipRecipients: parsec.gossipRecipients().map(toHex),
        canVote: parsec.canVote(),
        hasUnpolled: parsec.hasUnpolledObservations(),
        ourUnpolled: parsec.ourUnpolledObservations().map((observation) => this.#encoded(observation)),
      },
    })
  }

  #encoded(observation: Observation): string {
    return toHex(encodeObservation(observation, this.#group.format))
  }

  #answer<T>(step: ParsecStep<Uint8Array>, value: (step: ParsecStep<Uint8Array>) => T): Promise<Answer<T>> {
    return Promise.resolve(step.error === undefined ? { ok: value(step) } : { error: errorName(step.error) })
  }
}

/** The one message of a step. */
function sent({ effects }: ParsecStep<Uint8Array>): string {
  const [first, second] = effects
  if (first === undefined || second !== undefined) throw new Error(`one message, not ${effects.length}`)
  return toHex(first.bytes)
}
