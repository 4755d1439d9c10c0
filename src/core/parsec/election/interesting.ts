/**
 * @module core/parsec/election/interesting
 *
 * Interesting content and interesting events (parsec §5(a)).
 *
 * For given voters it depends on the graph alone, and decided keys only go away; so it is computed once for each event,
 * and kept from election to election until the voters change. For a creator that did not fork it is incremental: each
 * sync event looks only at the votes that entered its ancestry since the one before. For forkers it is computed afresh, from what the
 * branch had not made interesting before.
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

/** Undecided keys with votes up to a sync event of a forker that no self-ancestor of it, nor itself, made interesting. */
interface Rest {
  readonly keys: readonly OpenKey[]
  /** The first key whose votes all came later. */
  readonly upTo: KeyIndex
}

/** So many branches that grow are remembered; on others it costs a walk over what was interesting. */
const MAX_RESTS = 16

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
  /** By the newest sync event of a branch; the oldest first. */
  readonly #rests = new Map<EventIndex, Rest>()

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
    this.#rests.clear()
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
    const isFresh = (open: OpenKey): boolean => this.#isInteresting(open, x, knowsMajority)
    // In the reference it goes by creator: what another branch made interesting counts too.
    if (!this.#rules.stronger)
      return [...this.#keys.undecided.values()].filter((open) => open.taken?.[seat] !== TAKEN && isFresh(open))
    const { keys, upTo } = this.#restBefore(x, seat)
    const fresh = keys.filter(isFresh)
    const taken = new Set(fresh)
    this.#remember(x, { keys: keys.filter((open) => !taken.has(open)), upTo })
    return fresh
  }

  #isInteresting({ voter, votes }: OpenKey, x: EventIndex, knowsMajority: boolean): boolean {
    const carriers = votes.filter((vote) => vote <= x && this.#graph.descends(x, vote))
    if (carriers.length === 0) return false
    if (voter !== NONE) return knowsMajority
    const voters = new Set(carriers.map((vote) => this.#graph.creatorOf(vote)).filter((peer) => this.#voters.has(peer)))
    return isSupermajority(voters.size, this.#voters.count)
  }

  /** parsec §5(a), Stronger: undecided keys that no self-ancestor of `x` made interesting. */
  #restBefore(x: EventIndex, seat: number): Rest {
    const known = this.#rests.get(this.#graph.syncParentOf(x))
    if (known === undefined) return this.#restFromScratch(x, seat)
    this.#rests.delete(this.#graph.syncParentOf(x))
    const keys = known.keys.filter(({ key }) => !this.#keys.isDecided(key))
    let { upTo } = known
    for (; upTo < this.#keys.count; upTo += 1) {
      const open = this.#keys.open(upTo)
      if (open === undefined) continue
      if (isLater(open, x)) break
      keys.push(open)
    }
    return { keys, upTo }
  }

  #restFromScratch(x: EventIndex, seat: number): Rest {
    const made = new Set<KeyIndex>()
    for (const { event, content } of this.of(seat)) {
      if (this.#graph.isSelfAncestor(x, event)) for (const key of content) made.add(key)
    }
    const keys: OpenKey[] = []
    // Keys are in the order of their first votes.
    for (const open of this.#keys.undecided.values()) {
      if (isLater(open, x)) return { keys, upTo: open.key }
      if (!made.has(open.key)) keys.push(open)
    }
    return { keys, upTo: this.#keys.count }
  }

  #remember(x: EventIndex, rest: Rest): void {
    this.#rests.set(x, rest)
    const [oldest] = this.#rests.keys()
    if (this.#rests.size > MAX_RESTS && oldest !== undefined) this.#rests.delete(oldest)
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

/** Nobody had voted for it when `x` was made. */
function isLater({ votes }: OpenKey, x: EventIndex): boolean {
  return (votes[0] ?? NONE) > x
}
