/**
 * @module core/parsec/membership/peer-list
 *
 * The peers of the section in the order in which they became known, and their states (parsec §8). Peers are never
 * dropped: their events stay in the graph.
 */

import { type Bytes, compareBytes, equalBytes } from '../../../base/bytes.ts'
import type { PeerId } from '../../../wire/canonical/types.ts'
import { type EventIndex, NONE, type PeerIndex } from '../graph/graph.ts'
import { DKG, includes, type PeerState, RECV, SEND, VOTE } from './peer-state.ts'

interface Peer {
  readonly id: PeerId
  state: PeerState
  /** The event at which we decided its removal, or NONE. */
  removedAt: EventIndex
  /** Is or was a voter, or an agreed participant of a key generation. */
  admitted: boolean
  wasVoter: boolean
  /** What its admission followed from: the events whose content was decided; none of a genesis member. */
  admittedBy: readonly EventIndex[]
  /** The event with which our graph had decided it, or NONE. */
  admittedAt: EventIndex
  /** Its admission made it a voter. */
  admittedAsVoter: boolean
}

interface Restored {
  readonly votes: boolean
  readonly wasVoter: boolean
  readonly isRemoved: boolean
}

export class PeerList {
  readonly #peers: Peer[] = []
  /** Peers by a few bytes of their ids. */
  readonly #byId = new Map<number, PeerIndex[]>()
  #admitted = 0

  get count(): number {
    return this.#peers.length
  }

  /** How many are admitted. */
  get admitted(): number {
    return this.#admitted
  }

  add(id: PeerId, state: PeerState): PeerIndex {
    const index = this.#peers.length
    const admitted = includes(state, VOTE)
    if (admitted) this.#admitted += 1
    this.#peers.push({
      id: id.slice(),
      state,
      removedAt: NONE,
      admitted,
      wasVoter: includes(state, VOTE),
      admittedBy: [],
      admittedAt: NONE,
      admittedAsVoter: admitted,
    })
    const hint = hintOf(id)
    const alike = this.#byId.get(hint)
    if (alike === undefined) this.#byId.set(hint, [index])
    else alike.push(index)
    return index
  }

  find(id: PeerId): PeerIndex {
    for (const peer of this.#byId.get(hintOf(id)) ?? []) if (equalBytes(this.#at(peer).id, id)) return peer
    return NONE
  }

  #at(peer: PeerIndex): Peer {
    return this.#peers[peer] as Peer
  }

  idOf(peer: PeerIndex): PeerId {
    return this.#at(peer).id
  }

  stateOf(peer: PeerIndex): PeerState {
    return this.#at(peer).state
  }

  has(peer: PeerIndex, flags: PeerState): boolean {
    return includes(this.#at(peer).state, flags)
  }

  removedAt(peer: PeerIndex): EventIndex {
    return this.#at(peer).removedAt
  }

  /** At an event before this one. */
  wasRemovedBefore(peer: PeerIndex, event: EventIndex): boolean {
    const at = this.removedAt(peer)
    return at !== NONE && at < event
  }

  admittedBy(peer: PeerIndex): readonly EventIndex[] {
    return this.#at(peer).admittedBy
  }

  /** The event with which our graph had decided its admission; NONE of a genesis member. */
  admittedAt(peer: PeerIndex): EventIndex {
    return this.#at(peer).admittedAt
  }

  /** Its admission made it a voter, and not a participant of a key generation. */
  wasAdmittedAsVoter(peer: PeerIndex): boolean {
    return this.#at(peer).admittedAsVoter
  }

  isAdmitted(peer: PeerIndex): boolean {
    return this.#at(peer).admitted
  }

  wasVoter(peer: PeerIndex): boolean {
    return this.#at(peer).wasVoter
  }

  /** What the order had decided about a peer at the checkpoint that we start from. */
  restore(peer: PeerIndex, { votes, wasVoter, isRemoved }: Restored): void {
    const it = this.#at(peer)
    const own = it.state & RECV
    it.state = isRemoved ? 0 : own | (votes ? VOTE | DKG | SEND : DKG | SEND)
    it.removedAt = isRemoved ? 0 : NONE
    if (!it.admitted) this.#admitted += 1
    it.admitted = true
    it.wasVoter = wasVoter
    it.admittedAsVoter = wasVoter
  }

  /** Order of ids (parsec §1). */
  compare(a: PeerIndex, b: PeerIndex): number {
    return compareBytes(this.idOf(a), this.idOf(b))
  }

  /** parsec §8: an event of `peer` arrived. */
  heardFrom(peer: PeerIndex): void {
    const it = this.#at(peer)
    if (includes(it.state, SEND)) it.state |= RECV
  }

  /** parsec §8: consensus on Add (VOTE) or StartDkg (DKG), by these events, at this one. A removed peer's flags stay empty. */
  admit(
    peer: PeerIndex,
    flag: typeof VOTE | typeof DKG,
    self: PeerIndex,
    by: readonly EventIndex[],
    at: EventIndex,
  ): void {
    const it = this.#at(peer)
    if (it.removedAt !== NONE) return
    if (!it.admitted) {
      it.admitted = true
      it.admittedBy = by
      it.admittedAt = at
      it.admittedAsVoter = flag === VOTE
      this.#admitted += 1
    }
    it.wasVoter ||= flag === VOTE
    it.state |= flag === VOTE ? VOTE | DKG | SEND : DKG | SEND
    const othersHeard = this.#peers.every(
      (other, i) => i === peer || i === self || !includes(other.state, VOTE) || includes(other.state, RECV),
    )
    if (othersHeard) it.state |= RECV
  }

  /** parsec §8: consensus on Remove or on an Accusation, decided at this event; NONE where it may be added again. */
  remove(peer: PeerIndex, at: EventIndex): void {
    const it = this.#at(peer)
    it.state = 0
    it.removedAt = at
  }
}

function hintOf(id: Bytes): number {
  let hint = id.length
  for (let i = Math.max(0, id.length - 4); i < id.length; i += 1) hint = (hint * 31 + (id[i] as number)) | 0
  return hint
}
