/**
 * @module core/parsec/election/stage-counts
 *
 * Counts for the votes at one round and step (parsec §6), for all agreements at once, over the votes of others. A vote's
 * own part comes on top where a threshold is asked about.
 */

import { BitCounter } from './bit-counter.ts'
import { AUX_FALSE, AUX_TRUE, DECIDED, ESTIMATE_FALSE, ESTIMATE_TRUE, type MetaVotes } from './meta-votes.ts'
import type { Voters } from './voters.ts'

/** What is counted. */
export const ESTIMATES_TRUE = 0
export const ESTIMATES_FALSE = 1
export const AUXES_TRUE = 2
export const AUXES_FALSE = 3
export const AUXES_ANY = 4
const COUNTED = 5

export class StageCounts {
  readonly #voters: Voters
  readonly #votes: MetaVotes
  /** The words of one thing counted stand together. */
  readonly #counter: BitCounter
  /** Agreements that some other voter decided so. */
  readonly decidedTrue: Int32Array
  readonly decidedFalse: Int32Array

  constructor(voters: Voters, votes: MetaVotes) {
    this.#voters = voters
    this.#votes = votes
    this.#counter = new BitCounter(COUNTED * voters.words, voters.count)
    this.decidedTrue = new Int32Array(voters.words)
    this.decidedFalse = new Int32Array(voters.words)
  }

  /** Counts the votes at `stage` of the first `count` of these rows, `rows[i]` having `stages[i]` stages. */
  gather(rows: Int32Array, stages: Int32Array, count: number, stage: number): void {
    const { words } = this.#voters
    this.#counter.clear()
    for (let word = 0; word < words; word += 1) {
      this.decidedTrue[word] = 0
      this.decidedFalse[word] = 0
    }
    for (let i = 0; i < count; i += 1) {
      if ((stages[i] as number) <= stage) continue
      const at = this.#votes.at(rows[i] as number, stage, 0)
      for (let word = 0; word < words; word += 1) this.#add(at + word, word, words)
    }
  }

  /** Counts the vote whose sets begin at `at`. */
  #add(at: number, word: number, words: number): void {
    const { memory } = this.#votes
    const counter = this.#counter
    const auxTrue = memory[at + AUX_TRUE * words] as number
    const auxFalse = memory[at + AUX_FALSE * words] as number
    const decided = memory[at + DECIDED * words] as number
    counter.add(ESTIMATES_TRUE * words + word, memory[at + ESTIMATE_TRUE * words] as number)
    counter.add(ESTIMATES_FALSE * words + word, memory[at + ESTIMATE_FALSE * words] as number)
    counter.add(AUXES_TRUE * words + word, auxTrue)
    counter.add(AUXES_FALSE * words + word, auxFalse)
    counter.add(AUXES_ANY * words + word, auxTrue | auxFalse)
    this.decidedTrue[word] = (this.decidedTrue[word] as number) | (decided & auxTrue)
    this.decidedFalse[word] = (this.decidedFalse[word] as number) | (decided & auxFalse)
  }

  /** Where a third of all voters are counted by the others alone. */
  third(counted: number, word: number): number {
    return this.#counter.atLeast(counted * this.#voters.words + word, this.#voters.third)
  }

  /** Where a supermajority is counted, `own` being the agreements in which the vote itself counts too. */
  majority(counted: number, word: number, own: number): number {
    const { majority, words } = this.#voters
    const at = counted * words + word
    return this.#counter.atLeast(at, majority) | (own & this.#counter.atLeast(at, majority - 1))
  }
}
