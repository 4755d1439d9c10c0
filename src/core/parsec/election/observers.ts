/**
 * @module core/parsec/election/observers
 *
 * Which voters' first interesting events an event strongly sees (parsec §4, §5(b)).
 *
 * For a voter that did not fork, "z sees the first of p" is one comparison, kept as a bit set for each event z that
 * somebody asks about; strongly seeing is then a count over bit sets. Forkers are judged by the definition.
 */

import { type EventIndex, type Graph, NONE, type PeerIndex } from '../graph/graph.ts'
import type { Rules } from '../rules.ts'
import { BitCounter } from './bit-counter.ts'
import type { Interesting, InterestingEvent } from './interesting.ts'
import type { Voters } from './voters.ts'

export class Observers {
  readonly #graph: Graph
  readonly #interesting: Interesting
  readonly #rules: Rules
  #voters: Voters
  #words = 1
  #counter = new BitCounter(1, 1)
  /** Position of the first event with a place in `#seen`. */
  #base = 0
  #seen = new Int32Array(64)
  #known = new Uint8Array(64)
  /** By seat: the first of a forker that an observer strongly saw. */
  #seenFirst: (InterestingEvent | undefined)[] = []

  constructor(graph: Graph, interesting: Interesting, rules: Rules, voters: Voters) {
    this.#graph = graph
    this.#interesting = interesting
    this.#rules = rules
    this.#voters = voters
    this.reset(voters, 0)
  }

  /** Another election begins: firsts are others. No event before `base` will see one. */
  reset(voters: Voters, base: number): void {
    this.#voters = voters
    this.#words = voters.words
    this.#counter = new BitCounter(voters.words, Math.max(voters.count, this.#graph.peerCount))
    this.#base = base
    this.#known.fill(0)
    this.#seenFirst = []
  }

  /** The observees of `x` as a set of seats, if they are a supermajority of the voters; else null. */
  observees(x: EventIndex): Int32Array | null {
    if (!this.#voters.isMajority(this.#reachable(x))) return null
    this.#count(x)
    const observees = new Int32Array(this.#words)
    let observed = 0
    for (let word = 0; word < this.#words; word += 1) {
      let members = this.#counter.atLeast(word, this.#voters.majority)
      for (
        let seat = word * 32;
        this.#graph.hasForks && seat < Math.min(word * 32 + 32, this.#voters.count);
        seat += 1
      ) {
        if (!this.#isForkerSeat(seat)) continue
        members &= ~(1 << (seat & 31))
        if (this.#forkersFirst(x, seat)) members |= 1 << (seat & 31)
      }
      observees[word] = members
      observed += popCount(members)
    }
    return this.#voters.isMajority(observed) ? observees : null
  }

  #forkersFirst(x: EventIndex, seat: number): boolean {
    const seen = this.firsts(seat).find((first) => this.stronglySees(x, first.event))
    if (seen !== undefined) this.#seenFirst[seat] = seen
    return seen !== undefined
  }

  /** parsec §5(e): the first whose content counts; Stronger: the one that an observer strongly saw. */
  countedFirst(seat: number): InterestingEvent | undefined {
    return (this.#rules.stronger ? this.#seenFirst[seat] : undefined) ?? this.#interesting.of(seat)[0]
  }

  /**
   * parsec §5(b): the first interesting events of a voter in this election. In the reference by insertion order, so one;
   * Stronger: those without an interesting self-ancestor, so that a forker may have several.
   */
  firsts(seat: number): readonly InterestingEvent[] {
    const events = this.#interesting.of(seat)
    if (!this.#rules.stronger || !this.#isForkerSeat(seat)) return events.slice(0, 1)
    return events.filter(
      ({ event }) => !events.some((other) => other.event < event && this.#graph.isSelfAncestor(event, other.event)),
    )
  }

  /** parsec §4, by its definition. */
  stronglySees(x: EventIndex, y: EventIndex): boolean {
    let count = 0
    const peers = this.#witnesses()
    for (let i = 0; i < peers; i += 1) {
      const z = this.#witness(x, i)
      if (z !== NONE && this.#graph.sees(z, y)) count += 1
    }
    return this.#voters.isMajority(count)
  }

  /** parsec §4: the reference counts any peer, Stronger: voters only. */
  #witnesses(): number {
    return this.#rules.stronger ? this.#voters.count : this.#graph.peerCount
  }

  /** The last event in the ancestry of `x` by the i-th witness, if `x` sees it. */
  #witness(x: EventIndex, i: number): EventIndex {
    const peer = this.#rules.stronger ? (this.#voters.peers[i] as PeerIndex) : i
    const index = this.#graph.last(x, peer)
    if (index < 0) return NONE
    if (!this.#graph.isForker(peer)) return this.#graph.firstAt(peer, index)
    return this.#graph.knowsFork(x, peer) ? NONE : this.#graph.memberIn(x, peer, index)
  }

  #isForkerSeat(seat: number): boolean {
    return this.#graph.hasForks && this.#graph.isForker(this.#voters.peers[seat] as PeerIndex)
  }

  /** A bound for the number of observees: voters that have a first among the ancestors of `x`. */
  #reachable(x: EventIndex): number {
    let count = 0
    for (let seat = 0; seat < this.#voters.count; seat += 1) {
      const first = this.#interesting.of(seat)[0]
      if (first === undefined) continue
      const peer = this.#voters.peers[seat] as PeerIndex
      if (this.#isForkerSeat(seat) || this.#graph.last(x, peer) >= this.#graph.indexOf(first.event)) count += 1
    }
    return count
  }

  /** Counts, for each voter that did not fork, how many witnesses of `x` see its first. */
  #count(x: EventIndex): void {
    this.#counter.clear()
    const witnesses = this.#witnesses()
    for (let i = 0; i < witnesses; i += 1) {
      const z = this.#witness(x, i)
      if (z < this.#base) continue
      const at = this.#seenBy(z)
      for (let word = 0; word < this.#words; word += 1) this.#counter.add(word, this.#seen[at + word] as number)
    }
  }

  /** Where the set of voters stands whose first `z` sees. */
  #seenBy(z: EventIndex): number {
    const place = z - this.#base
    const at = place * this.#words
    if (place >= this.#known.length || at + this.#words > this.#seen.length) this.#grow(place)
    if (this.#known[place] === 1) return at
    this.#known[place] = 1
    this.#seen.fill(0, at, at + this.#words)
    for (let seat = 0; seat < this.#voters.count; seat += 1) {
      const first = this.#interesting.of(seat)[0]
      if (first === undefined || this.#isForkerSeat(seat)) continue
      if (this.#graph.last(z, this.#voters.peers[seat] as PeerIndex) >= this.#graph.indexOf(first.event)) {
        const word = at + (seat >> 5)
        this.#seen[word] = (this.#seen[word] as number) | (1 << (seat & 31))
      }
    }
    return at
  }

  #grow(place: number): void {
    const places = Math.max(place + 1, this.#known.length * 2)
    const known = new Uint8Array(places)
    known.set(this.#known)
    this.#known = known
    const seen = new Int32Array(places * this.#words)
    seen.set(this.#seen.subarray(0, Math.min(this.#seen.length, seen.length)))
    this.#seen = seen
  }
}

function popCount(word: number): number {
  let left = word
  let count = 0
  for (; left !== 0; count += 1) left &= left - 1
  return count
}
