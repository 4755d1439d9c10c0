/**
 * @module testing/network/agenda
 *
 * What is to be voted for: application payloads of both modes, Add and Remove. Records who voted for what, so that
 * integrity and validity can be judged without trusting the engine.
 */

import { toHex } from '../../base/text.ts'
import type { Group, Observation, PeerId } from '../../core/parsec/index.ts'
import type { NetworkNode } from './node.ts'

/** Payloads that begin with this byte are `single`. */
export const SINGLE = 1
export const SUPERMAJORITY = 2

export interface Proposal {
  readonly observation: Observation
  /** Hash of the observation, in hex. */
  readonly hash: string
  /** `single`: one peer votes for it; else all correct ones are to. */
  readonly by: number | null
}

export class Agenda {
  readonly group: Group<Uint8Array>
  readonly proposals: Proposal[] = []
  /** By hash: peers that voted, instances of forkers too. */
  readonly #voted = new Map<string, Set<number>>()
  #payloads = 0

  constructor(group: Group<Uint8Array>) {
    this.group = group
  }

  /** A payload nobody voted for yet. `by`: the only voter, or null for all. */
  payload(by: number | null): Proposal {
    const number = this.#payloads
    this.#payloads += 1
    const payload = Uint8Array.of(by === null ? SUPERMAJORITY : SINGLE, number >> 8, number & 255)
    return { observation: { type: 'OpaquePayload', payload }, hash: '', by }
  }

  add(peerId: PeerId): Proposal {
    return { observation: { type: 'Add', peerId, relatedInfo: new Uint8Array(0) }, hash: '', by: null }
  }

  remove(peerId: PeerId): Proposal {
    return { observation: { type: 'Remove', peerId, relatedInfo: new Uint8Array(0) }, hash: '', by: null }
  }

  propose(proposal: Proposal, hasher: NetworkNode): Proposal {
    const hashed = { ...proposal, hash: toHex(hasher.parsec.hashOf(proposal.observation)) }
    this.proposals.push(hashed)
    return hashed
  }

  noteVote(hash: string, peer: number): void {
    const voters = this.#voted.get(hash)
    if (voters === undefined) this.#voted.set(hash, new Set([peer]))
    else voters.add(peer)
  }

  votersFor(hash: string): ReadonlySet<number> {
    return this.#voted.get(hash) ?? new Set()
  }

  /** What a vote of this peer would be agreed as. */
  keyOf(proposal: Proposal, id: PeerId): string {
    return this.group.modeOf(proposal.observation) === 'single' ? `${proposal.hash}/${toHex(id)}` : proposal.hash
  }
}

export const MIXED_MODE = {
  name: 'by-first-byte',
  modeOf: (payload: Uint8Array): 'single' | 'supermajority' => (payload[0] === SINGLE ? 'single' : 'supermajority'),
}
