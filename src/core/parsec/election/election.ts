/**
 * @module core/parsec/election
 *
 * The meta-election (parsec §5): the computation, over the graph alone, that decides the next group of blocks.
 *
 * `advance` processes events in topological order until one ends the election; the caller makes the blocks, changes the
 * voters and calls `next`, and again `advance`, until nothing ends an election any more.
 */

import { type EventIndex, type Graph, NONE } from '../graph/graph.ts'
import type { Rules } from '../rules.ts'
import { Agreement } from './agreement.ts'
import type { Coin } from './coin.ts'
import { orderOfDecided } from './decision.ts'
import { Interesting } from './interesting.ts'
import type { KeyIndex, Keys } from './keys.ts'
import type { MetaVote } from './meta-votes.ts'
import { Observers } from './observers.ts'
import type { VoteLists } from './vote-lists.ts'
import type { Voters } from './voters.ts'

interface Decided {
  /** In order. */
  readonly keys: readonly KeyIndex[]
  /** The interesting events that counted: the same for everybody, and everybody who decided has their ancestry. */
  readonly firsts: readonly EventIndex[]
}

/** What an election decided; never nothing. */
export interface Decision extends Decided {
  /** The event that ended it. */
  readonly event: EventIndex
}

/** A sync event in the running election, to look at. Voters are named by seat. */
export interface MetaEvent {
  readonly event: EventIndex
  readonly content: readonly KeyIndex[]
  /** Of an observer: the seats that it observes; else null. */
  readonly observees: readonly number[] | null
  /** By seat: one meta-vote for each step reached; empty where it has none. */
  readonly votes: readonly (readonly MetaVote[])[]
}

export class Election {
  readonly #graph: Graph
  readonly #keys: Keys
  readonly #votes: VoteLists
  readonly #rules: Rules
  readonly #interesting: Interesting
  readonly #observers: Observers
  readonly #agreement: Agreement
  #voters: Voters
  #number = 0
  /** The next event to look at. */
  #position = 0
  /** Interesting content is computed for events before it. */
  #contentUntil = 0
  /** Events before it have no meta-event. */
  #base = 0
  #firstObserver: EventIndex = NONE
  #stopped = false

  constructor(graph: Graph, keys: Keys, votes: VoteLists, rules: Rules, coin: Coin, voters: Voters) {
    this.#graph = graph
    this.#keys = keys
    this.#votes = votes
    this.#rules = rules
    this.#voters = voters
    this.#interesting = new Interesting(graph, keys, votes, rules, voters)
    this.#observers = new Observers(graph, this.#interesting, rules, voters)
    this.#agreement = new Agreement(graph, rules, coin, voters)
  }

  get voters(): Voters {
    return this.#voters
  }

  /** Events before it count for nothing in the running election. */
  get base(): EventIndex {
    return this.#base
  }

  /** How many elections ended. */
  get number(): number {
    return this.#number
  }

  /** Begins at the end of the graph as it is, after so many elections. */
  startAt(voters: Voters, number: number): void {
    const start = this.#graph.size
    this.#voters = voters
    this.#number = number
    this.#interesting.reset(voters)
    this.#position = start
    this.#contentUntil = start
    this.#base = start
    this.#observers.reset(voters, start)
    this.#agreement.reset(voters, start, number)
  }

  /** No more elections: we were removed. */
  stop(): void {
    this.#stopped = true
  }

  /** Processes events up to the end of the graph, or up to one that ends the election. */
  advance(): Decision | null {
    while (!this.#stopped && this.#position < this.#graph.size) {
      const x = this.#position
      this.#position += 1
      const decided = this.#process(x)
      if (decided !== null && decided.keys.length > 0) return { event: x, ...decided }
    }
    return null
  }

  /** parsec §5(f): the keys are decided; the next election has these voters, the same object if they did not change. */
  next(voters: Voters): void {
    const changed = voters !== this.#voters
    this.#number += 1
    this.#votes.trim()
    const undecided = this.#keys.firstUndecidedVote()
    const start = undecided === NONE ? this.#graph.size : undecided
    if (changed) {
      this.#voters = voters
      this.#interesting.reset(voters)
      this.#contentUntil = start
      this.#position = start
    } else {
      this.#interesting.strip()
      this.#position = Math.max(start, this.#firstObserver === NONE ? start : this.#firstObserver)
      this.#contentUntil = Math.max(this.#contentUntil, start)
    }
    this.#base = start
    this.#firstObserver = NONE
    this.#observers.reset(this.#voters, start)
    this.#agreement.reset(this.#voters, start, this.#number)
  }

  /** Its meta-event, as far as the running election has one. To look at: nothing is kept for it. */
  metaEvent(x: EventIndex): MetaEvent | null {
    const seat = this.#voters.seatOf(this.#graph.creatorOf(x))
    if (x < this.#base || x >= this.#position || seat < 0 || !this.#graph.isSync(x)) return null
    const content = this.#interesting.of(seat).find(({ event }) => event === x)?.content ?? []
    const isObserver = this.#agreement.has(x) && !this.#agreement.has(this.#graph.syncParentOf(x))
    const observees = isObserver ? this.#observers.observees(x) : null
    return {
      event: x,
      content,
      observees: observees === null ? null : seatsOf(observees, this.#voters.count),
      votes: this.#voters.peers.map((_, about) => this.#agreement.votes(x, about)),
    }
  }

  /** The first interesting event of a voter whose content counts, so far. */
  countedFirst(seat: number): EventIndex {
    return this.#observers.countedFirst(seat)?.event ?? NONE
  }

  /** Builds the meta-event of `x`; gives the decided keys in order if it ends the election. */
  #process(x: EventIndex): Decided | null {
    if (!this.#graph.isSync(x)) return null
    const seat = this.#voters.seatOf(this.#graph.creatorOf(x))
    if (seat < 0) return null
    if (x >= this.#contentUntil) {
      this.#interesting.process(x, seat)
      this.#contentUntil = x + 1
    }
    const parent = this.#graph.syncParentOf(x)
    if (parent >= this.#base && this.#agreement.has(parent)) {
      this.#agreement.resume(x, parent)
    } else {
      const observees = this.#observers.observees(x)
      if (observees === null) return null
      if (this.#firstObserver === NONE) this.#firstObserver = x
      this.#agreement.start(x, observees)
    }
    const decisions = this.#agreement.decisions(x)
    return decisions === null ? null : this.#decided(decisions)
  }

  #decided(decisions: readonly boolean[]): Decided {
    const firsts: EventIndex[] = []
    const contents: (readonly KeyIndex[])[] = []
    for (const [seat, isCounted] of decisions.entries()) {
      if (!isCounted) continue
      const first = this.#observers.countedFirst(seat)
      if (first === undefined) continue
      contents.push(first.content)
      firsts.push(first.event)
    }
    return { keys: orderOfDecided(contents, this.#rules), firsts }
  }
}

/** The members of a bit set of seats. */
function seatsOf(set: Int32Array, count: number): readonly number[] {
  const seats: number[] = []
  for (let at = 0; at < count; at += 1) if ((((set[at >> 5] as number) >> (at & 31)) & 1) === 1) seats.push(at)
  return seats
}
