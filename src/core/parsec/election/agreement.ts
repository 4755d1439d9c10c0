/**
 * @module core/parsec/election/agreement
 *
 * The binary agreements of one election over the graph (parsec §5(c), §6): one for each voter, all of them worked on at
 * once, as bit sets.
 */

import { type EventIndex, type Graph, NONE, type PeerIndex } from '../graph/graph.ts'
import type { Rules } from '../rules.ts'
import type { Coin } from './coin.ts'
import {
  AUX_FALSE,
  AUX_TRUE,
  BIN_FALSE,
  BIN_TRUE,
  DECIDED,
  ESTIMATE_FALSE,
  ESTIMATE_TRUE,
  FORCED_FALSE,
  FORCED_TRUE,
  type MetaVote,
  MetaVotes,
  PRESENT,
  SETS,
  STEPS,
} from './meta-votes.ts'
import { AUXES_ANY, AUXES_FALSE, AUXES_TRUE, ESTIMATES_FALSE, ESTIMATES_TRUE, StageCounts } from './stage-counts.ts'
import type { Voters } from './voters.ts'

export class Agreement {
  readonly #graph: Graph
  readonly #rules: Rules
  readonly #coin: Coin
  readonly #votes = new MetaVotes()
  #voters: Voters
  #election = 0
  #counts: StageCounts
  /** Rows of the other voters, and how many stages each has. */
  #rows: Int32Array
  #stages: Int32Array
  #others = 0
  /** Agreements whose votes go on: not decided at an earlier stage. */
  #open: Int32Array
  /** Agreements that enter the stage under way, and with which estimates. */
  #entering: Int32Array
  #enterTrue: Int32Array
  #enterFalse: Int32Array

  constructor(graph: Graph, rules: Rules, coin: Coin, voters: Voters) {
    this.#graph = graph
    this.#rules = rules
    this.#coin = coin
    this.#voters = voters
    this.#counts = new StageCounts(voters, this.#votes)
    this.#rows = new Int32Array(voters.count)
    this.#stages = new Int32Array(voters.count)
    this.#open = new Int32Array(voters.words)
    this.#entering = new Int32Array(voters.words)
    this.#enterTrue = new Int32Array(voters.words)
    this.#enterFalse = new Int32Array(voters.words)
    this.#votes.reset(voters.words, 0)
  }

  /** Another election begins; no event before `base` will have meta-votes. */
  reset(voters: Voters, base: number, election: number): void {
    if (voters !== this.#voters) {
      this.#voters = voters
      this.#counts = new StageCounts(voters, this.#votes)
      this.#rows = new Int32Array(voters.count)
      this.#stages = new Int32Array(voters.count)
      this.#open = new Int32Array(voters.words)
      this.#entering = new Int32Array(voters.words)
      this.#enterTrue = new Int32Array(voters.words)
      this.#enterFalse = new Int32Array(voters.words)
    }
    this.#election = election
    this.#votes.reset(voters.words, base)
  }

  has(event: EventIndex): boolean {
    return this.#votes.row(event) >= 0
  }

  /** The meta-votes of `event` about a seat, one for each step reached. */
  votes(event: EventIndex, seat: number): readonly MetaVote[] {
    return this.#votes.list(event, seat)
  }

  /** By seat, the decisions of the last meta-votes of `event`, if all are decided; else null. */
  decisions(event: EventIndex): readonly boolean[] | null {
    const row = this.#votes.row(event)
    const { words, memory } = this.#votes
    for (let word = 0; word < words; word += 1) {
      if (memory[row + word] !== this.#voters.everybody[word]) return null
    }
    return this.#voters.peers.map(
      (_, seat) => (((memory[row + words + (seat >> 5)] as number) >> (seat & 31)) & 1) === 1,
    )
  }

  /** parsec §5(c): an observer starts each agreement, with its observees as a set of seats. */
  start(x: EventIndex, observees: Int32Array): void {
    for (let word = 0; word < this.#voters.words; word += 1) {
      const everybody = this.#voters.everybody[word] as number
      this.#entering[word] = everybody
      this.#enterTrue[word] = observees[word] as number
      this.#enterFalse[word] = everybody & ~(observees[word] as number)
    }
    this.#run(x, NONE)
  }

  /** parsec §5(c): the agreements go on from the votes of the nearest sync self-ancestor. */
  resume(x: EventIndex, parent: EventIndex): void {
    for (let word = 0; word < this.#voters.words; word += 1) this.#entering[word] = 0
    this.#run(x, parent)
  }

  #run(x: EventIndex, parent: EventIndex): void {
    this.#gather(x)
    for (let word = 0; word < this.#voters.words; word += 1) this.#open[word] = this.#voters.everybody[word] as number
    const stages = parent === NONE ? 0 : this.#votes.stages(parent)
    const row = this.#votes.begin(x)
    for (let stage = 0; stage < stages || isAny(this.#entering); stage += 1) {
      if (stage < stages && !isAny(this.#open)) return
      this.#votes.addStage(x)
      this.#copy(parent, stage < stages, row, stage)
      if (this.#hasUndecided(row, stage)) this.#counts.gather(this.#rows, this.#stages, this.#others, stage)
      for (let word = 0; word < this.#voters.words; word += 1) {
        const later = stage + 1 < stages ? this.#parentAt(parent, stage + 1, PRESENT, word) : 0
        this.#update(row, stage, word, later)
      }
      this.#tossCoins(x, row, stage)
    }
  }

  /** parsec §5(c), other votes. */
  #gather(x: EventIndex): void {
    const creator = this.#graph.creatorOf(x)
    const { peers } = this.#voters
    this.#others = 0
    for (let seat = 0; seat < peers.length; seat += 1) {
      const peer = peers[seat] as PeerIndex
      if (peer === creator) continue
      const other = this.#latestOf(x, peer)
      const row = this.#votes.row(other)
      if (row < 0) continue
      this.#rows[this.#others] = row
      this.#stages[this.#others] = this.#votes.stages(other)
      this.#others += 1
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

  #parentAt(parent: EventIndex, stage: number, set: number, word: number): number {
    const at = this.#votes.at(this.#votes.row(parent), stage, set)
    return this.#votes.memory[at + word] as number
  }

  /** The votes at `stage` before their update: those of the parent that still go on, and those that enter. */
  #copy(parent: EventIndex, hasParent: boolean, row: number, stage: number): void {
    const { memory, words } = this.#votes
    const to = this.#votes.at(row, stage, 0)
    if (hasParent) {
      const from = this.#votes.at(this.#votes.row(parent), stage, 0)
      for (let set = 0; set < SETS; set += 1) {
        for (let word = 0; word < words; word += 1) {
          const at = set * words + word
          memory[to + at] = (memory[from + at] as number) & (this.#open[word] as number)
        }
      }
    }
    this.#join(to + PRESENT * words, this.#entering)
    this.#join(to + ESTIMATE_TRUE * words, this.#enterTrue)
    this.#join(to + ESTIMATE_FALSE * words, this.#enterFalse)
  }

  /** Adds those of `members` that enter the stage to the set at `at`. */
  #join(at: number, members: Int32Array): void {
    const { memory, words } = this.#votes
    for (let word = 0; word < words; word += 1) {
      memory[at + word] = (memory[at + word] as number) | ((this.#entering[word] as number) & (members[word] as number))
    }
  }

  #hasUndecided(row: number, stage: number): boolean {
    const { memory, words } = this.#votes
    const present = this.#votes.at(row, stage, PRESENT)
    const decided = this.#votes.at(row, stage, DECIDED)
    for (let word = 0; word < words; word += 1) {
      if (((memory[present + word] as number) & ~(memory[decided + word] as number)) !== 0) return true
    }
    return false
  }

  /** parsec §6, Update and Advance, for the 32 agreements of a word. `later`: those that have a vote at the next stage. */
  #update(row: number, stage: number, word: number, later: number): void {
    const { memory, words } = this.#votes
    const counts = this.#counts
    const base = this.#votes.at(row, stage, 0) + word
    const step = stage % STEPS
    const present = memory[base + PRESENT * words] as number
    const before = memory[base + DECIDED * words] as number
    const active = present & ~before
    let estimatesTrue = memory[base + ESTIMATE_TRUE * words] as number
    let estimatesFalse = memory[base + ESTIMATE_FALSE * words] as number
    let binTrue = memory[base + BIN_TRUE * words] as number
    let binFalse = memory[base + BIN_FALSE * words] as number
    let auxTrue = memory[base + AUX_TRUE * words] as number
    let auxFalse = memory[base + AUX_FALSE * words] as number
    this.#entering[word] = 0
    if (active === 0) {
      this.#close(row, word, before, before & auxTrue)
      return
    }
    // parsec §6, 1: without estimates a vote waits for the coin.
    const estimating = active & (estimatesTrue | estimatesFalse)
    if ((estimating & ~estimatesTrue) !== 0) estimatesTrue |= estimating & counts.third(ESTIMATES_TRUE, word)
    if ((estimating & ~estimatesFalse) !== 0) estimatesFalse |= estimating & counts.third(ESTIMATES_FALSE, word)
    // parsec §6, 2
    const hadBins = binTrue | binFalse
    if ((active & ~binTrue) !== 0) binTrue |= active & counts.majority(ESTIMATES_TRUE, word, estimatesTrue)
    if ((active & ~binFalse) !== 0) binFalse |= active & counts.majority(ESTIMATES_FALSE, word, estimatesFalse)
    // parsec §6, 3
    const choosing = active & ~(auxTrue | auxFalse) & ~hadBins & (binTrue | binFalse)
    auxTrue |= choosing & binTrue
    auxFalse |= choosing & ~binTrue
    // parsec §6, 4
    const onTrue = step === FORCED_TRUE ? active & binTrue : 0
    const onFalse = step === FORCED_FALSE ? active & binFalse : 0
    let decidedTrue = onTrue === 0 ? 0 : onTrue & counts.majority(AUXES_TRUE, word, auxTrue)
    let decidedFalse = onFalse === 0 ? 0 : onFalse & counts.majority(AUXES_FALSE, word, auxFalse)
    const rest = active & ~(decidedTrue | decidedFalse)
    const othersTrue = counts.decidedTrue[word] as number
    decidedTrue |= rest & othersTrue
    decidedFalse |= rest & ~othersTrue & (counts.decidedFalse[word] as number)
    // parsec §6, Advance
    const ends = active & ~(decidedTrue | decidedFalse) & ~later
    const entering = ends === 0 ? 0 : ends & counts.majority(AUXES_ANY, word, auxTrue | auxFalse)
    if (entering !== 0) {
      const mostTrue = counts.majority(AUXES_TRUE, word, auxTrue)
      this.#enter(word, step, entering, mostTrue, counts.majority(AUXES_FALSE, word, auxFalse))
    }
    const keep = ~(decidedTrue | decidedFalse)
    memory[base + ESTIMATE_TRUE * words] = (estimatesTrue & keep) | decidedTrue
    memory[base + ESTIMATE_FALSE * words] = (estimatesFalse & keep) | decidedFalse
    memory[base + BIN_TRUE * words] = (binTrue & keep) | decidedTrue
    memory[base + BIN_FALSE * words] = (binFalse & keep) | decidedFalse
    memory[base + AUX_TRUE * words] = (auxTrue & keep) | decidedTrue
    memory[base + AUX_FALSE * words] = (auxFalse & keep) | decidedFalse
    memory[base + DECIDED * words] = before | decidedTrue | decidedFalse
    this.#close(row, word, before | decidedTrue | decidedFalse, (before & auxTrue) | decidedTrue)
  }

  /** The estimates of the votes that enter the next step. */
  #enter(word: number, step: number, entering: number, mostTrue: number, mostFalse: number): void {
    let holdTrue = mostTrue
    let holdFalse = mostFalse & ~mostTrue
    if (step === FORCED_TRUE) {
      holdTrue = ~mostFalse
      holdFalse = mostFalse
    } else if (step === FORCED_FALSE) {
      holdTrue = mostTrue
      holdFalse = ~mostTrue
    }
    this.#entering[word] = entering
    this.#enterTrue[word] = entering & holdTrue
    this.#enterFalse[word] = entering & holdFalse
  }

  /** Decided agreements: a list ends with the first decided vote. */
  #close(row: number, word: number, decided: number, decidedTrue: number): void {
    const { memory, words } = this.#votes
    memory[row + word] = (memory[row + word] as number) | decided
    memory[row + words + word] = (memory[row + words + word] as number) | decidedTrue
    this.#open[word] = (this.#open[word] as number) & ~decided
  }

  /**
   * parsec §6, pass two: coins, and nobody else's votes. Alone, a vote that gets its estimate reaches nothing more: with
   * one voter the agreement is decided at once, with more a single vote is no supermajority.
   */
  #tossCoins(x: EventIndex, row: number, stage: number): void {
    if (stage === 0 || stage % STEPS !== 0) return
    const { memory, words } = this.#votes
    for (let word = 0; word < words; word += 1) {
      const base = this.#votes.at(row, stage, 0) + word
      const estimates =
        (memory[base + ESTIMATE_TRUE * words] as number) | (memory[base + ESTIMATE_FALSE * words] as number)
      let waiting = (memory[base + PRESENT * words] as number) & ~estimates
      while (waiting !== 0) {
        const bit = 31 - Math.clz32(waiting)
        waiting &= ~(1 << bit)
        const about = this.#voters.peers[word * 32 + bit] as PeerIndex
        const coin = this.#coin.toss({ election: this.#election, about, round: stage / STEPS, at: x })
        if (coin === null) continue
        const at = base + (coin ? ESTIMATE_TRUE : ESTIMATE_FALSE) * words
        memory[at] = (memory[at] as number) | (1 << bit)
      }
    }
  }
}

function isAny(set: Int32Array): boolean {
  for (let word = 0; word < set.length; word += 1) if (set[word] !== 0) return true
  return false
}
