/**
 * @module core/parsec/election/keys
 *
 * Payload keys (parsec §1): what is voted for, and the votes for what is undecided.
 *
 * A key is an observation's hash, plus the voter's id in `Single` mode. Hashes are kept for ever, since a vote for a
 * decided key may come late; votes are dropped with the decision.
 */

import type { Bytes } from '../../../base/bytes.ts'
import { type EventIndex, NONE, type PeerIndex } from '../graph/graph.ts'
import { HashTable } from '../graph/hash-table.ts'
import { ByteList, Int32List } from '../graph/lists.ts'

export type ConsensusMode = 'single' | 'supermajority'
/** Number of a key. */
export type KeyIndex = number

/** Bits of a key's state. */
const DECIDED = 1
const OURS = 2

/** An undecided key. */
export interface OpenKey {
  readonly key: KeyIndex
  /** The voter of a `Single` key, or NONE. */
  readonly voter: PeerIndex
  /** Vote events for it, in topological order. */
  readonly votes: EventIndex[]
  /** Working memory of the interesting content: by seat, who of the voters is known to have voted; see interesting.ts. */
  known: Uint32Array | null
  counts: Uint16Array | null
  /** By seat: whether the voter made it interesting already, or waits to; see interesting.ts. */
  taken: Uint8Array | null
}

export class Keys {
  readonly #hashes = new HashTable()
  /** For each observation: its newest key; keys of one observation are a list. */
  readonly #newestKey = new Int32List()
  readonly #olderKey = new Int32List()
  readonly #observationOf = new Int32List()
  readonly #voterOf = new Int32List()
  readonly #state = new ByteList()
  readonly #open = new Map<KeyIndex, OpenKey>()
  /** All vote events for keys that were undecided then, in order; those before `#head` are decided. */
  #voteEvents: EventIndex[] = []
  #voteKeys: KeyIndex[] = []
  #head = 0

  /** The key of an observation with this hash, made where it is new. `voter` is NONE in `Supermajority` mode. */
  intern(hash: Bytes, voter: PeerIndex): KeyIndex {
    let observation = this.#hashes.find(hash)
    if (observation < 0) {
      observation = this.#hashes.add(hash)
      this.#newestKey.push(NONE)
    }
    const known = this.#findOf(observation, voter)
    if (known !== NONE) return known
    const key = this.#observationOf.length
    this.#observationOf.push(observation)
    this.#voterOf.push(voter)
    this.#olderKey.push(this.#newestKey.at(observation))
    this.#newestKey.set(observation, key)
    this.#state.push(0)
    return key
  }

  find(hash: Bytes, voter: PeerIndex): KeyIndex {
    const observation = this.#hashes.find(hash)
    return observation < 0 ? NONE : this.#findOf(observation, voter)
  }

  #findOf(observation: number, voter: PeerIndex): KeyIndex {
    let key = this.#newestKey.at(observation)
    while (key !== NONE && this.#voterOf.at(key) !== voter) key = this.#olderKey.at(key)
    return key
  }

  /** A vote event; ignored when the key is decided. */
  addVote(key: KeyIndex, event: EventIndex): void {
    if (this.isDecided(key)) return
    const open = this.#open.get(key)
    if (open === undefined) {
      const voter = this.#voterOf.at(key)
      this.#open.set(key, { key, voter, votes: [event], known: null, counts: null, taken: null })
    } else {
      open.votes.push(event)
    }
    this.#voteEvents.push(event)
    this.#voteKeys.push(key)
  }

  get count(): number {
    return this.#observationOf.length
  }

  isDecided(key: KeyIndex): boolean {
    return (this.#state.at(key) & DECIDED) !== 0
  }

  /** parsec §5(f): marks the key and drops its vote events. */
  decide(key: KeyIndex): void {
    this.#state.set(key, this.#state.at(key) | DECIDED)
    this.#open.delete(key)
  }

  /** We voted for it. */
  markOurs(key: KeyIndex): void {
    this.#state.set(key, this.#state.at(key) | OURS)
  }

  isOurs(key: KeyIndex): boolean {
    return (this.#state.at(key) & OURS) !== 0
  }

  open(key: KeyIndex): OpenKey | undefined {
    return this.#open.get(key)
  }

  /** All undecided keys that have votes. */
  get undecided(): ReadonlyMap<KeyIndex, OpenKey> {
    return this.#open
  }

  hashOf(key: KeyIndex): Bytes {
    return this.#hashes.at(this.#observationOf.at(key))
  }

  voterOf(key: KeyIndex): PeerIndex {
    return this.#voterOf.at(key)
  }

  compareHash(a: KeyIndex, b: KeyIndex): number {
    const left = this.#observationOf.at(a)
    const right = this.#observationOf.at(b)
    return left === right ? 0 : this.#hashes.compare(left, right)
  }

  /** parsec §5(f), `s`: position of the first vote event still undecided, or NONE. */
  firstUndecidedVote(): EventIndex {
    while (this.#head < this.#voteKeys.length && this.isDecided(this.#voteKeys[this.#head] as KeyIndex)) this.#head += 1
    if (this.#head > 1024 && this.#head * 2 > this.#voteKeys.length) {
      this.#voteEvents = this.#voteEvents.slice(this.#head)
      this.#voteKeys = this.#voteKeys.slice(this.#head)
      this.#head = 0
    }
    return this.#voteEvents[this.#head] ?? NONE
  }

  /** Forgets the working memory of interesting content: the voters changed. */
  resetWork(): void {
    for (const open of this.#open.values()) {
      open.known = null
      open.counts = null
      open.taken = null
    }
  }
}
