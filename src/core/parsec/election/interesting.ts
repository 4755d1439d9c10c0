/**
 * @module core/parsec/election/interesting
 *
 * Interesting content and interesting events (parsec §5(a)).
 *
 * For given voters it depends on the graph alone, and decided keys only go away; so it is computed once for each event,
 * and kept from election to election until the voters change. For a creator that did not fork it is incremental: each
 * sync event looks only at the votes that entered its ancestry since the one before. For forkers it is computed afresh.
 */

import { type EventIndex, type Graph, NONE, type PeerIndex } from '../graph/graph.ts'
import type { Rules } from '../rules.ts'
import type { KeyIndex, Keys, OpenKey } from './keys.ts'
import type { VoteLists } from './vote-lists.ts'
import { isSupermajority, type Voters } from './voters.ts'

export interface InterestingEvent {
  readonly event: EventIndex
  /** Keys in the order of parsec §5(a); decided ones are stripped. */
  content: KeyIndex[]
}

/** Marks of a key at a seat: it made the key interesting, or knows it but not enough voters yet. */
const TAKEN = 1
const WAITING = 2

export class Interesting {
  readonly #graph: Graph
  readonly #keys: Keys
  readonly #votes: VoteLists
  readonly #rules: Rules
  #voters: Voters
  #words = 1
  /** By seat: interesting events in order; empty ones are removed. */
  #events: InterestingEvent[][] = []
  /** By seat, then peer: the first entry of the peer's vote list that is not accounted for yet. */
  #cursors: number[][] = []
  /** By seat: `Single` keys known before a supermajority of voters is. */
  #waiting: OpenKey[][] = []

  constructor(graph: Graph, keys: Keys, votes: VoteLists, rules: Rules, voters: Voters) {
    this.#graph = graph
    this.#keys = keys
    this.#votes = votes
    this.#rules = rules
    this.#voters = voters
    this.reset(voters)
  }

  /** The voters changed: everything again. */
  reset(voters: Voters): void {
    this.#voters = voters
    this.#words = Math.ceil(voters.count / 32)
    this.#events = voters.peers.map(() => [])
    this.#cursors = voters.peers.map(() => [])
    this.#waiting = voters.peers.map(() => [])
    this.#keys.resetWork()
  }

  /** Interesting events of a seat, in order of insertion. */
  of(seat: number): readonly InterestingEvent[] {
    return this.#events[seat] as InterestingEvent[]
  }

  /** Takes decided keys out of all content. */
  strip(): void {
    const isDecided = (key: KeyIndex): boolean => this.#keys.isDecided(key)
    for (const [seat, events] of this.#events.entries()) {
      for (const event of events) {
        if (event.content.some(isDecided)) event.content = event.content.filter((key) => !isDecided(key))
      }
      this.#events[seat] = events.filter((event) => event.content.length > 0)
    }
    this.#waiting = this.#waiting.map((keys) => keys.filter(({ key }) => !isDecided(key)))
  }

  /** The next sync event of a voter, in topological order. */
  process(x: EventIndex, seat: number): void {
    const creator = this.#voters.peers[seat] as PeerIndex
    const fresh = this.#graph.isForker(creator) ? this.#afresh(x, seat) : this.#incremental(x, seat)
    if (fresh.length === 0) return
    for (const open of fresh) this.#mark(open, seat, TAKEN)
    this.#events[seat]?.push({ event: x, content: this.#ordered(fresh, x, creator) })
  }

  #mark(open: OpenKey, seat: number, mark: number): void {
    open.taken ??= new Uint8Array(this.#voters.count)
    open.taken[seat] = mark
  }

  /** parsec §5(a): what entered the ancestry of `x` since the creator's sync event before. */
  #incremental(x: EventIndex, seat: number): OpenKey[] {
    const fresh: OpenKey[] = []
    const cursors = this.#cursors[seat] as number[]
    const waiting = this.#waiting[seat] as OpenKey[]
    const peers = this.#graph.peerCount
    for (let peer = 0; peer < peers; peer += 1) {
      const end = this.#votes.end(peer)
      let cursor = Math.max(cursors[peer] ?? 0, this.#votes.start(peer))
      if (cursor >= end) continue
      if (this.#graph.isForker(peer)) {
        this.#rescan(x, seat, peer, fresh, waiting)
        continue
      }
      const known = this.#graph.last(x, peer)
      while (cursor < end && this.#graph.indexOf(this.#votes.event(peer, cursor)) <= known) {
        this.#learn(this.#votes.key(peer, cursor), seat, peer, fresh, waiting)
        cursor += 1
      }
      cursors[peer] = cursor
    }
    if (waiting.length > 0 && this.#knowsMajority(x)) {
      fresh.push(...waiting)
      this.#waiting[seat] = []
    }
    return fresh
  }

  /** Votes of a forker may enter in any order. */
  #rescan(x: EventIndex, seat: number, peer: PeerIndex, fresh: OpenKey[], waiting: OpenKey[]): void {
    for (let entry = this.#votes.start(peer); entry < this.#votes.end(peer); entry += 1) {
      const key = this.#votes.key(peer, entry)
      if (this.#keys.isDecided(key) || !this.#graph.descends(x, this.#votes.event(peer, entry))) continue
      this.#learn(key, seat, peer, fresh, waiting)
    }
  }

  /** The creator at `seat` learns of a vote by `peer`. */
  #learn(key: KeyIndex, seat: number, peer: PeerIndex, fresh: OpenKey[], waiting: OpenKey[]): void {
    const open = this.#keys.open(key)
    if (open === undefined || (open.taken?.[seat] ?? 0) !== 0) return
    if (open.voter !== NONE) {
      this.#mark(open, seat, WAITING)
      waiting.push(open)
      return
    }
    const voterSeat = this.#voters.seatOf(peer)
    if (voterSeat < 0) return
    open.known ??= new Uint32Array(this.#voters.count * this.#words)
    open.counts ??= new Uint16Array(this.#voters.count)
    const word = seat * this.#words + (voterSeat >> 5)
    const bit = 1 << (voterSeat & 31)
    if (((open.known[word] as number) & bit) !== 0) return
    open.known[word] = (open.known[word] as number) | bit
    const count = (open.counts[seat] as number) + 1
    open.counts[seat] = count
    // Reached exactly once, since counts rise by one.
    if (this.#voters.isMajority(count) && !this.#voters.isMajority(count - 1)) fresh.push(open)
  }

  /** parsec §5(a), `Single`: a supermajority of voters each made some ancestor of `x`. */
  #knowsMajority(x: EventIndex): boolean {
    let count = 0
    for (const peer of this.#voters.peers) if (this.#graph.last(x, peer) >= 0) count += 1
    return this.#voters.isMajority(count)
  }

  /** The rule of parsec §5(a) as it is written, for a creator whose events are no chain. */
  #afresh(x: EventIndex, seat: number): OpenKey[] {
    const knowsMajority = this.#knowsMajority(x)
    const made = this.#madeBefore(x, seat)
    const fresh: OpenKey[] = []
    for (const open of this.#keys.undecided.values()) {
      if (made === null ? open.taken?.[seat] === TAKEN : made.has(open.key)) continue
      const carriers = open.votes.filter((vote) => vote <= x && this.#graph.descends(x, vote))
      if (carriers.length === 0) continue
      if (open.voter !== NONE) {
        if (knowsMajority) fresh.push(open)
        continue
      }
      const voters = new Set(
        carriers.map((vote) => this.#graph.creatorOf(vote)).filter((peer) => this.#voters.has(peer)),
      )
      if (isSupermajority(voters.size, this.#voters.count)) fresh.push(open)
    }
    return fresh
  }

  /** parsec §5(a), Stronger: keys that an interesting self-ancestor of `x` made interesting. Null: goes by creator. */
  #madeBefore(x: EventIndex, seat: number): Set<KeyIndex> | null {
    if (!this.#rules.stronger) return null
    const made = new Set<KeyIndex>()
    for (const { event, content } of this.of(seat)) {
      if (this.#graph.isSelfAncestor(x, event)) for (const key of content) made.add(key)
    }
    return made
  }

  /** parsec §5(a): first the creator's own votes, by index; then the others; ties by hash, then by voter id. */
  #ordered(fresh: readonly OpenKey[], x: EventIndex, creator: PeerIndex): KeyIndex[] {
    const [only] = fresh
    if (fresh.length === 1 && only !== undefined) return [only.key]
    const ranked = fresh.map((open) => {
      let own = Number.POSITIVE_INFINITY
      for (const vote of open.votes) {
        if (this.#graph.creatorOf(vote) === creator && vote <= x && this.#graph.descends(x, vote)) {
          own = Math.min(own, this.#graph.indexOf(vote))
        }
      }
      return { key: open.key, own }
    })
    ranked.sort((a, b) => (a.own === b.own ? this.#rules.compareKeys(a.key, b.key) : a.own - b.own))
    return ranked.map(({ key }) => key)
  }
}
