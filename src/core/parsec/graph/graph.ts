/**
 * @module core/parsec/graph
 *
 * The gossip graph and its relations (parsec §4): an append-only arena, parents first. Events and peers are small
 * integers; an event's number is its topological position.
 *
 * Guarantees: inserting costs O(peers); `descends`, `sees` cost O(1) for peers that did not fork.
 * Assumes: parents are in the graph, and the hash is not.
 */

import { type Bytes, EMPTY_BYTES } from '../../../base/bytes.ts'
import { CAUSE_TAG, type CauseTag } from '../../../wire/canonical/types.ts'
import { Branches } from './branches.ts'
import { ByteArena } from './byte-arena.ts'
import { HashTable } from './hash-table.ts'
import { LastRows } from './last-rows.ts'
import { ByteList, Int32List } from './lists.ts'

export type EventIndex = number
export type PeerIndex = number
/** No event, no peer, no key. */
export const NONE = -1

export interface NewEvent {
  readonly hash: Bytes
  readonly bytes: Bytes
  readonly creator: PeerIndex
  readonly cause: CauseTag
  readonly selfParent: EventIndex
  readonly otherParent: EventIndex
  /** Requesting: the recipient. Observation: the payload key. */
  readonly subject: number
}

/** An event from before the base, of which only its place is kept. */
export interface StubEvent {
  readonly hash: Bytes
  readonly creator: PeerIndex
  readonly index: number
  /** By peer: the highest index of an ancestor, or -1. */
  readonly last: readonly number[]
}

export class Graph {
  readonly #hashes = new HashTable()
  readonly #bytes = new ByteArena()
  readonly #creator = new Int32List()
  readonly #index = new Int32List()
  readonly #selfParent = new Int32List()
  /** By event: a self-ancestor further away, or NONE; so that any is found in a number of steps that grows with the logarithm. */
  readonly #jump = new Int32List()
  readonly #otherParent = new Int32List()
  readonly #subject = new Int32List()
  readonly #syncParent = new Int32List()
  readonly #cause = new ByteList()
  readonly #last = new LastRows()
  readonly #branches = new Branches(this)
  /** For each peer: the first inserted event at each place of its list. */
  readonly #lists: Int32List[] = []
  /** For each peer: all members, in insertion order, of the places that hold several. */
  readonly #forkSets: Map<number, number[]>[] = []
  #peers = 0
  #stubs = 0
  /** By peer. */
  readonly #pruned: number[] = []
  /** Peers whose stubs stand on several branches. */
  readonly #tangled = new Set<PeerIndex>()
  /** By stub of one of those: the events that stand on it. */
  readonly #onTangled = new Map<EventIndex, EventIndex[]>()
  /** By event, where there are stubs: whether none is among its ancestors. */
  readonly #whole = new ByteList()

  get size(): number {
    return this.#hashes.length
  }

  get hasForks(): boolean {
    return this.#branches.any
  }

  get peerCount(): number {
    return this.#peers
  }

  /** Peers are numbered by whoever keeps their list. */
  addPeer(): void {
    this.#peers += 1
    this.#lists.push(new Int32List())
    this.#forkSets.push(new Map())
  }

  /** How many stubs there are; they come before all events. */
  get base(): number {
    return this.#stubs
  }

  /** Whether the graph holds every ancestor of `x`: always, unless we started from a checkpoint. */
  hasWholeAncestry(x: EventIndex): boolean {
    return this.#stubs === 0 || this.#whole.at(x) === 1
  }

  /** Places of a creator that lie at or below stubs, its own or others'. */
  prunedPlaces(peer: PeerIndex): number {
    return this.#pruned[peer] ?? 0
  }

  /** Stubs of it stand on several branches: which of them are below a stub is not known. */
  isTangled(peer: PeerIndex): boolean {
    return this.#tangled.has(peer)
  }

  /** By stub of such a peer: the events that stand on it. */
  get onTangled(): ReadonlyMap<EventIndex, readonly EventIndex[]> {
    return this.#onTangled
  }

  /** Assumes: no event yet; those of one creator come in order of their index, but for a forker that nothing is counted of. */
  insertStub({ hash, creator, index, last }: StubEvent): void {
    const number = this.#hashes.add(hash)
    this.#stubs += 1
    this.#bytes.push(EMPTY_BYTES)
    this.#creator.push(creator)
    this.#index.push(index)
    this.#selfParent.push(NONE)
    this.#jump.push(NONE)
    this.#otherParent.push(NONE)
    this.#subject.push(NONE)
    // Nothing of it is asked for again: it is like an event that syncs nothing.
    this.#cause.push(CAUSE_TAG.Initial)
    this.#syncParent.push(NONE)
    this.#last.pushRow(last)
    this.#whole.push(0)
    // Of all that it stands on: who chose the stubs may have left out the newest of a peer.
    for (const [peer, highest] of last.entries()) {
      if (highest >= 0) this.#pruned[peer] = Math.max(highest + 1, this.prunedPlaces(peer))
    }
    const list = this.#lists[creator] as Int32List
    while (list.length < index) list.push(NONE)
    this.#place(number, creator, index)
    if (this.#forkSets[creator]?.has(index) === true) this.#tangled.add(creator)
    this.#branches.addStub(creator, number, this.#tangled.has(creator))
  }

  insert(event: NewEvent): EventIndex {
    const { creator, cause, selfParent, otherParent } = event
    const number = this.#hashes.add(event.hash)
    const index = selfParent < 0 ? 0 : this.#index.at(selfParent) + 1
    this.#bytes.push(event.bytes)
    this.#creator.push(creator)
    this.#index.push(index)
    this.#selfParent.push(selfParent)
    this.#jump.push(this.#jumpFrom(selfParent))
    this.#otherParent.push(otherParent)
    this.#subject.push(event.subject)
    this.#cause.push(cause)
    this.#syncParent.push(this.isSync(selfParent) ? selfParent : this.#syncParent.at(selfParent))
    this.#last.push(selfParent, otherParent, creator, index, this.#peers)
    this.#place(number, creator, index)
    this.#branches.add(number, selfParent, otherParent)
    if (this.#stubs > 0) this.#noteStubs(number, selfParent, otherParent)
    return number
  }

  #noteStubs(event: EventIndex, selfParent: EventIndex, otherParent: EventIndex): void {
    this.#whole.push(this.#isWholeFrom(selfParent) && this.#isWholeFrom(otherParent) ? 1 : 0)
    for (const parent of [selfParent, otherParent]) {
      if (parent === NONE || parent >= this.#stubs || !this.#tangled.has(this.#creator.at(parent))) continue
      const known = this.#onTangled.get(parent)
      if (known === undefined) this.#onTangled.set(parent, [event])
      else known.push(event)
    }
  }

  #isWholeFrom(parent: EventIndex): boolean {
    return parent === NONE || this.#whole.at(parent) === 1
  }

  #place(event: EventIndex, creator: PeerIndex, index: number): void {
    const list = this.#lists[creator] as Int32List
    if (index >= list.length) {
      // parsec §9: in the reference an index beyond the end takes the next free place.
      list.push(event)
      return
    }
    if (list.at(index) === NONE) {
      // Between stubs: nobody stands there.
      list.set(index, event)
      return
    }
    const sets = this.#forkSets[creator] as Map<number, number[]>
    const members = sets.get(index)
    if (members === undefined) sets.set(index, [list.at(index), event])
    else members.push(event)
  }

  /** The event whose hash stands in `bytes` from `offset` on, or NONE. */
  find(bytes: Bytes, offset = 0): EventIndex {
    return this.#hashes.find(bytes, offset)
  }

  hashOf(event: EventIndex): Bytes {
    return this.#hashes.at(event)
  }

  bytesOf(event: EventIndex): Bytes {
    return this.#bytes.at(event)
  }

  /** Whether exactly this event stands in `bytes` from `offset` on, before `end`. */
  standsIn(event: EventIndex, bytes: Bytes, offset: number, end: number): boolean {
    return this.#bytes.standsIn(event, bytes, offset, end)
  }

  byteLengthOf(event: EventIndex): number {
    return this.#bytes.lengthAt(event)
  }

  creatorOf(event: EventIndex): PeerIndex {
    return this.#creator.at(event)
  }

  indexOf(event: EventIndex): number {
    return this.#index.at(event)
  }

  selfParentOf(event: EventIndex): EventIndex {
    return this.#selfParent.at(event)
  }

  otherParentOf(event: EventIndex): EventIndex {
    return this.#otherParent.at(event)
  }

  subjectOf(event: EventIndex): number {
    return this.#subject.at(event)
  }

  causeOf(event: EventIndex): CauseTag {
    return this.#cause.at(event) as CauseTag
  }

  /** parsec §1: caused by Requesting, Request or Response. */
  isSync(event: EventIndex): boolean {
    return event >= 0 && this.#cause.at(event) <= CAUSE_TAG.Response
  }

  /** The nearest sync event among the self-ancestors of `event`, itself excluded. */
  syncParentOf(event: EventIndex): EventIndex {
    return this.#syncParent.at(event)
  }

  /** parsec §4: `last(x, c)`, or -1. */
  last(event: EventIndex, peer: PeerIndex): number {
    return this.#last.at(event, peer)
  }

  isForker(peer: PeerIndex): boolean {
    return this.#branches.has(peer)
  }

  /** How many places the list of `peer` has. */
  placesOf(peer: PeerIndex): number {
    return (this.#lists[peer] as Int32List).length
  }

  /** The first inserted event of `peer` at a place of its list. */
  firstAt(peer: PeerIndex, place: number): EventIndex {
    return (this.#lists[peer] as Int32List).at(place)
  }

  /** Every event of `peer` at a place, in insertion order. */
  membersAt(peer: PeerIndex, place: number): readonly EventIndex[] {
    return this.#forkSets[peer]?.get(place) ?? [this.firstAt(peer, place)]
  }

  /** The fork sets of `peer`. */
  forkSetsOf(peer: PeerIndex): ReadonlyMap<number, readonly EventIndex[]> {
    return this.#forkSets[peer] as Map<number, number[]>
  }

  /** parsec §4: the last event of a peer is the last inserted member of its highest index. */
  lastEventOf(peer: PeerIndex): EventIndex {
    const place = this.placesOf(peer) - 1
    return place < 0 ? NONE : (this.membersAt(peer, place).at(-1) ?? NONE)
  }

  /** The event of `peer` with this index in the ancestry of `x`; for a peer of whom `x` knows no fork there is one. */
  memberIn(x: EventIndex, peer: PeerIndex, index: number): EventIndex {
    const members = this.#forkSets[peer]?.get(index)
    if (members === undefined) return this.firstAt(peer, index)
    for (const member of members) if (this.isAncestor(x, member)) return member
    return NONE
  }

  /** Exact: `y` is `x` or one of its ancestors. */
  isAncestor(x: EventIndex, y: EventIndex): boolean {
    return this.#branches.isAncestor(x, y)
  }

  /** `y` is on the path of self-parents from `x`, or `x` itself. */
  isSelfAncestor(x: EventIndex, y: EventIndex): boolean {
    let event = x
    while (event > y) {
      const far = this.#jump.at(event)
      event = far >= y ? far : this.#selfParent.at(event)
    }
    return event === y
  }

  /** As long as the last two jumps where they are alike: then there is one over both of them. */
  #jumpFrom(selfParent: EventIndex): EventIndex {
    if (selfParent === NONE) return NONE
    const near = this.#jump.at(selfParent)
    if (near === NONE) return selfParent
    const far = this.#jump.at(near)
    const isAlike =
      far !== NONE && this.#index.at(selfParent) - this.#index.at(near) === this.#index.at(near) - this.#index.at(far)
    return isAlike ? far : selfParent
  }

  /** parsec §4. */
  descends(x: EventIndex, y: EventIndex): boolean {
    const creator = this.#creator.at(y)
    const index = this.#index.at(y)
    if (this.#last.at(x, creator) < index) return false
    return this.#forkSets[creator]?.has(index) === true ? this.isAncestor(x, y) : true
  }

  /** parsec §4: the ancestry of `x` holds two members of one fork set of `peer`. */
  knowsFork(x: EventIndex, peer: PeerIndex): boolean {
    if (!this.#branches.has(peer)) return false
    if (!this.#branches.isIrregular(peer)) return this.#branches.knowsFork(x, peer)
    for (const members of this.forkSetsOf(peer).values()) {
      let held = 0
      for (const member of members) if (this.isAncestor(x, member)) held += 1
      if (held > 1) return true
    }
    return false
  }

  /** parsec §4: descends from it, and knows no fork by its creator. */
  sees(x: EventIndex, y: EventIndex): boolean {
    return this.descends(x, y) && !this.knowsFork(x, this.#creator.at(y))
  }
}
