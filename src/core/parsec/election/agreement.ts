/**
 * @module core/parsec/election/agreement
 *
 * The binary agreements of one election over the graph (parsec §5(c), §6): for each event with meta-votes a row of
 * memory, stage by stage, one byte for each voter's agreement. All rows go at once when the election ends.
 */

import { type EventIndex, type Graph, NONE, type PeerIndex } from '../graph/graph.ts'
import type { Rules } from '../rules.ts'
import type { Coin } from './coin.ts'
import {
  AUX_NONE,
  DECIDED,
  decisionOf,
  ESTIMATES_FALSE,
  ESTIMATES_TRUE,
  isWaitingForCoin,
  type Majorities,
  nextEstimates,
  STEPS,
  type Tally,
  updated,
} from './meta-vote.ts'
import { Tallies } from './tallies.ts'
import { isAtLeastThird, type Voters } from './voters.ts'

export class Agreement implements Majorities {
  readonly #graph: Graph
  readonly #rules: Rules
  readonly #coin: Coin
  #voters: Voters
  #election = 0
  #tallies: Tallies
  readonly #tally: Tally = { estimatesTrue: 0, estimatesFalse: 0, auxTrue: 0, auxFalse: 0, decided: null }
  /** Position of the first event with a place in `#rowOf`. */
  #base = 0
  /** By place: start of the event's row + 1, or 0. */
  #rowOf = new Int32Array(64)
  #stagesOf = new Uint16Array(64)
  #memory = new Uint8Array(4096)
  #used = 0

  constructor(graph: Graph, rules: Rules, coin: Coin, voters: Voters) {
    this.#graph = graph
    this.#rules = rules
    this.#coin = coin
    this.#voters = voters
    this.#tallies = new Tallies(voters.count)
  }

  /** Another election begins; no event before `base` will have meta-votes. */
  reset(voters: Voters, base: number, election: number): void {
    if (voters !== this.#voters) this.#tallies = new Tallies(voters.count)
    this.#voters = voters
    this.#base = base
    this.#election = election
    this.#rowOf.fill(0)
    this.#used = 0
  }

  isMajority(count: number): boolean {
    return this.#voters.isMajority(count)
  }

  isThird(count: number): boolean {
    return isAtLeastThird(count, this.#voters.count)
  }

  has(event: EventIndex): boolean {
    return event >= this.#base && (this.#rowOf[event - this.#base] ?? 0) > 0
  }

  /** The meta-votes of `event` about a seat, one for each step reached. */
  votes(event: EventIndex, seat: number): number[] {
    const votes: number[] = []
    if (!this.has(event)) return votes
    const place = event - this.#base
    const start = (this.#rowOf[place] as number) - 1
    for (let stage = 0; stage < (this.#stagesOf[place] as number); stage += 1) {
      const vote = this.#memory[start + stage * this.#voters.count + seat] as number
      if (vote === 0) break
      votes.push(vote)
    }
    return votes
  }

  /** The decisions of the last meta-votes of `event` by seat, if all are decided; else null. */
  decisions(event: EventIndex): readonly boolean[] | null {
    const decisions: boolean[] = []
    for (let seat = 0; seat < this.#voters.count; seat += 1) {
      const last = this.votes(event, seat).at(-1)
      const decision = last === undefined ? null : decisionOf(last)
      if (decision === null) return null
      decisions.push(decision)
    }
    return decisions
  }

  /** parsec §5(c): an observer starts each agreement. */
  start(x: EventIndex, observees: Uint8Array): void {
    this.#gather(x)
    const lists = Array.from(observees, (observed) => [AUX_NONE | (observed === 1 ? ESTIMATES_TRUE : ESTIMATES_FALSE)])
    this.#finish(x, lists)
  }

  /** parsec §5(c): the agreements go on from the votes of the nearest sync self-ancestor. */
  resume(x: EventIndex, parent: EventIndex): void {
    this.#gather(x)
    const lists: number[][] = []
    for (let seat = 0; seat < this.#voters.count; seat += 1) lists.push(this.votes(parent, seat))
    this.#finish(x, lists)
  }

  #finish(x: EventIndex, lists: number[][]): void {
    const done = lists.map((list, seat) => this.#advance(x, seat, list))
    this.#store(x, done)
  }

  /** parsec §5(c), other votes. */
  #gather(x: EventIndex): void {
    this.#tallies.begin(this.#memory)
    const creator = this.#graph.creatorOf(x)
    for (const peer of this.#voters.peers) {
      if (peer === creator) continue
      const other = this.#latestOf(x, peer)
      if (!this.has(other)) continue
      const place = other - this.#base
      this.#tallies.addRow((this.#rowOf[place] as number) - 1, this.#stagesOf[place] as number)
    }
  }

  /** The event with index `last(x, peer)`: in the reference the first inserted, Stronger: the one in the ancestry of `x`. */
  #latestOf(x: EventIndex, peer: PeerIndex): EventIndex {
    const index = this.#graph.last(x, peer)
    if (index < 0) return NONE
    if (!this.#graph.isForker(peer)) return this.#graph.firstAt(peer, index)
    if (this.#graph.knowsFork(x, peer)) return NONE
    return this.#rules.stronger ? this.#graph.memberIn(x, peer, index) : this.#graph.firstAt(peer, index)
  }

  /** parsec §6: pass one without coins; where a vote waits for one, pass two with coins and without the others. */
  #advance(x: EventIndex, seat: number, list: readonly number[]): number[] {
    if (list.length === 1 && ((list[0] as number) & DECIDED) !== 0) return [list[0] as number]
    const first = this.#pass(seat, list, null)
    // Pass two does nothing where no vote waits, but end the list with the first vote that pass one decided.
    if (!first.some(isWaitingForCoin)) return upToDecided(first)
    const about = this.#voters.peers[seat] as PeerIndex
    return this.#pass(seat, first, (round) => this.#coin.toss({ election: this.#election, about, round, at: x }))
  }

  #pass(seat: number, list: readonly number[], coins: ((round: number) => boolean | null) | null): number[] {
    const done: number[] = []
    const alone = coins !== null
    for (const [stage, vote] of list.entries()) {
      done.push(this.#update(seat, stage, vote, alone, coins))
      if ((vote & DECIDED) !== 0) break
    }
    for (;;) {
      const stage = done.length - 1
      const last = done[stage] as number
      if ((last & DECIDED) !== 0) return done
      this.#tallies.of(seat, stage, last, alone, this.#tally)
      if (!this.isMajority(this.#tally.auxTrue + this.#tally.auxFalse)) return done
      const next = AUX_NONE | nextEstimates(stage % STEPS, this.#tally, this)
      done.push(this.#update(seat, stage + 1, next, alone, coins))
    }
  }

  #update(
    seat: number,
    stage: number,
    vote: number,
    alone: boolean,
    coins: ((round: number) => boolean | null) | null,
  ): number {
    if ((vote & DECIDED) !== 0) return vote
    this.#tallies.of(seat, stage, vote, alone, this.#tally)
    const coin = coins !== null && isWaitingForCoin(vote) ? coins(Math.floor(stage / STEPS)) : null
    return updated(vote, stage % STEPS, this.#tally, this, coin)
  }

  #store(x: EventIndex, lists: readonly (readonly number[])[]): void {
    const seats = this.#voters.count
    const stages = Math.max(...lists.map((list) => list.length))
    const start = this.#used
    this.#used += stages * seats
    if (this.#used > this.#memory.length) {
      const grown = new Uint8Array(Math.max(this.#used, this.#memory.length * 2))
      grown.set(this.#memory)
      this.#memory = grown
    }
    this.#memory.fill(0, start, this.#used)
    for (const [seat, list] of lists.entries()) {
      for (const [stage, vote] of list.entries()) this.#memory[start + stage * seats + seat] = vote
    }
    const place = x - this.#base
    if (place >= this.#rowOf.length) this.#grow(place + 1)
    this.#rowOf[place] = start + 1
    this.#stagesOf[place] = stages
  }

  #grow(places: number): void {
    const rows = new Int32Array(Math.max(places, this.#rowOf.length * 2))
    rows.set(this.#rowOf)
    this.#rowOf = rows
    const stages = new Uint16Array(rows.length)
    stages.set(this.#stagesOf)
    this.#stagesOf = stages
  }
}

function upToDecided(list: number[]): number[] {
  const decided = list.findIndex((vote) => (vote & DECIDED) !== 0)
  return decided < 0 ? list : list.slice(0, decided + 1)
}
