/** A small network of PARSEC engines, driven by hand or by a seed. Messages arrive when the test says so. */

import { createHash } from 'node:crypto'
import { concatBytes, equalBytes, utf8 } from '../../../src/base/bytes.ts'
import { present } from '../../../src/base/errors.ts'
import { toHex } from '../../../src/base/text.ts'
import {
  type Block,
  bytesGroup,
  type Group,
  type GroupOptions,
  type Observation,
  Parsec,
  type ParsecFact,
  type ParsecStep,
  type SendMessage,
} from '../../../src/core/parsec/index.ts'
import type { SignatureScheme, Signer } from '../../../src/ports/signature-scheme.ts'

export const sha3 = (bytes: Uint8Array): Uint8Array => new Uint8Array(createHash('sha3-256').update(bytes).digest())

/** Anybody can sign; signatures still differ by signer and message. */
const scheme: SignatureScheme = {
  name: 'test',
  identityLength: 32,
  signatureLength: 64,
  verify: () => 'valid',
  verifyBatch: (requests) => Promise.resolve(requests.map(() => 'valid')),
}

/** The same signatures, verified. */
export const strictScheme: SignatureScheme = {
  ...scheme,
  verify: (identity, message, signature) =>
    equalBytes(signature, concatBytes(sha3(message), identity)) ? 'valid' : 'invalid',
}

export const idOf = (name: string): Uint8Array => sha3(utf8(`id of ${name}`))

export function signerOf(name: string): Signer {
  const identity = idOf(name)
  const sign = (message: Uint8Array): Uint8Array => concatBytes(sha3(message), identity)
  return { scheme, identity, sign }
}

export interface Peer {
  readonly name: string
  readonly parsec: Parsec
  readonly facts: ParsecFact[]
  readonly blocks: Block<Uint8Array>[]
}

export const opaque = (text: string): Observation => ({ type: 'OpaquePayload', payload: utf8(text) })
export const add = (name: string): Observation => ({ type: 'Add', peerId: idOf(name), relatedInfo: utf8('') })
export const remove = (name: string): Observation => ({ type: 'Remove', peerId: idOf(name), relatedInfo: utf8('') })

/** What a block is, in short. */
export function label(block: Block<Uint8Array>): string {
  const { payload } = block
  const what = payload.type === 'OpaquePayload' ? new TextDecoder().decode(payload.payload) : payload.type
  return block.proofs.length === 1 ? `${what} by ${toHex(present(block.proofs[0], 'one proof').id).slice(0, 6)}` : what
}

export class Network {
  readonly peers: Peer[] = []
  /** Signatures of checkpoints on their way. */
  readonly mail: { readonly from: Peer; readonly message: SendMessage }[] = []
  readonly members: readonly string[]
  readonly options: Omit<GroupOptions<Uint8Array>, 'members'>

  constructor(members: readonly string[], options: Omit<GroupOptions<Uint8Array>, 'members'> = {}) {
    this.members = members
    this.options = options
  }

  group(): Group<Uint8Array> {
    return bytesGroup({ members: this.members.map(idOf), hash: sha3, ...this.options })
  }

  /** A genesis member; one name started twice is a forker. */
  start(name: string): Peer {
    const { parsec, step } = Parsec.fromGenesis(this.group(), signerOf(name))
    return this.#take(name, parsec, step)
  }

  join(name: string, section: readonly string[] = this.members): Peer {
    const { parsec, step } = Parsec.fromExisting(this.group(), signerOf(name), section.map(idOf))
    return this.#take(name, parsec, step)
  }

  #take(name: string, parsec: Parsec, step: ParsecStep<Uint8Array>): Peer {
    const peer = { name, parsec, facts: [], blocks: [] }
    this.peers.push(peer)
    this.note(peer, step)
    return peer
  }

  /** What the peer's host does with a step. */
  note(peer: Peer, step: ParsecStep<Uint8Array>): ParsecStep<Uint8Array> {
    peer.facts.push(...step.facts)
    for (const message of step.effects) if (message.kind === 'checkpoints') this.mail.push({ from: peer, message })
    for (let block = peer.parsec.poll(); block !== undefined; block = peer.parsec.poll()) peer.blocks.push(block)
    return step
  }

  vote(peer: Peer, observation: Observation): ParsecStep<Uint8Array> {
    return this.note(peer, peer.parsec.voteFor(observation))
  }

  ask(from: Peer, to: Peer): ParsecStep<Uint8Array> {
    return this.note(from, from.parsec.createGossip(idOf(to.name)))
  }

  deliver(from: Peer, to: Peer, message: SendMessage): ParsecStep<Uint8Array> {
    const sender = idOf(from.name)
    switch (message.kind) {
      case 'request':
        return this.note(to, to.parsec.handleRequest(sender, message.bytes))
      case 'response':
        return this.note(to, to.parsec.handleResponse(sender, message.bytes))
      case 'graph':
        return this.note(to, to.parsec.handleGraph(sender, message.bytes))
      case 'checkpoints':
        return this.note(to, to.parsec.handleCheckpoints(sender, message.bytes))
      default:
        return message.kind satisfies never
    }
  }

  /** Everything about checkpoints arrives, and what comes back. */
  deliverMail(): void {
    for (let it = this.mail.shift(); it !== undefined; it = this.mail.shift()) {
      const { from, message } = it
      for (const to of this.peers) if (equalBytes(idOf(to.name), message.to)) this.deliver(from, to, message)
    }
  }

  /** Request and response, both delivered unless said otherwise. Gives the errors. */
  gossip(from: Peer, to: Peer, lost: { request?: boolean; response?: boolean } = {}): string[] {
    const steps = [this.ask(from, to)]
    for (const message of lost.request === true ? [] : gossipOf(steps[0])) {
      const answer = this.deliver(from, to, message)
      steps.push(answer)
      if (lost.response !== true) steps.push(...gossipOf(answer).map((back) => this.deliver(to, from, back)))
    }
    return steps.flatMap(({ error }) => (error === undefined ? [] : [error.code]))
  }

  /** Everybody with everybody, so often. Gives the errors of the last round. */
  settle(peers: readonly Peer[], rounds: number): string[] {
    let errors: string[] = []
    for (let round = 0; round < rounds; round += 1) {
      errors = peers.flatMap((from) => peers.flatMap((to) => (from.name === to.name ? [] : this.gossip(from, to))))
    }
    return errors
  }

  /** The same, and after each round everything about checkpoints arrives. */
  settleWithMail(peers: readonly Peer[], rounds: number): void {
    for (let round = 0; round < rounds; round += 1) {
      this.settle(peers, 1)
      this.deliverMail()
    }
  }
}

/** The first place where two of the sequences of blocks differ, or -1. */
export function disagreement(peers: readonly Peer[]): number {
  const sequences = peers.map(({ blocks }) => blocks.map(label))
  const shortest = Math.min(...sequences.map((labels) => labels.length))
  for (let i = 0; i < shortest; i += 1) if (new Set(sequences.map((labels) => labels[i])).size > 1) return i
  return -1
}

/** What a step sends besides signatures of checkpoints, which travel by `mail`. */
function gossipOf(step: ParsecStep<Uint8Array> | undefined): readonly SendMessage[] {
  return (step?.effects ?? []).filter(({ kind }) => kind !== 'checkpoints')
}
