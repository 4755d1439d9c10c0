/**
 * @module core/parsec/election/stage-counts
 *
 * Counts for the votes at one round and step (parsec §6), for all agreements at once, over the votes of others. A vote's
 * own part comes on top where a threshold is asked about.
 */

import { BitCounter } from './bit-counter.ts'
import { AUX_FALSE, AUX_TRUE, DECIDED, ESTIMATE_FALSE, ESTIMATE_TRUE, type MetaVotes } from './meta-votes.ts'
import type { Voters } from './voters.ts'

export class StageCounts {
  readonly #voters: Voters
  readonly #votes: MetaVotes
  readonly estimatesTrue: BitCounter
  readonly estimatesFalse: BitCounter
  readonly auxTrue: BitCounter
  readonly auxFalse: BitCounter
  readonly auxAny: BitCounter
  /** Agreements that some other voter decided so. */
  readonly decidedTrue: Int32Array
  readonly decidedFalse: Int32Array

  constructor(voters: Voters, votes: MetaVotes) {
    const counter = (): BitCounter => new BitCounter(voters.words, voters.count)
    this.#voters = voters
    this.#votes = votes
    this.estimatesTrue = counter()
    this.estimatesFalse = counter()
    this.auxTrue = counter()
    this.auxFalse = counter()
    this.auxAny = counter()
    this.decidedTrue = new Int32Array(voters.words)
    this.decidedFalse = new Int32Array(voters.words)
  }

  /** Counts the votes at `stage` of the first `count` of these rows, `rows[i]` having `stages[i]` stages. */
  gather(rows: Int32Array, stages: Int32Array, count: number, stage: number): void {
    this.#clear()
    const { words } = this.#voters
    const votes = this.#votes
    const { memory } = votes
    for (let i = 0; i < count; i += 1) {
      if ((stages[i] as number) <= stage) continue
      const at = votes.at(rows[i] as number, stage, 0)
      for (let word = 0; word < words; word += 1) {
        const auxTrue = memory[at + AUX_TRUE * words + word] as number
        const auxFalse = memory[at + AUX_FALSE * words + word] as number
        const decided = memory[at + DECIDED * words + word] as number
        this.estimatesTrue.add(word, memory[at + ESTIMATE_TRUE * words + word] as number)
        this.estimatesFalse.add(word, memory[at + ESTIMATE_FALSE * words + word] as number)
        this.auxTrue.add(word, auxTrue)
        this.auxFalse.add(word, auxFalse)
        this.auxAny.add(word, auxTrue | auxFalse)
        this.decidedTrue[word] = (this.decidedTrue[word] as number) | (decided & auxTrue)
        this.decidedFalse[word] = (this.decidedFalse[word] as number) | (decided & auxFalse)
      }
    }
  }

  #clear(): void {
    this.estimatesTrue.clear()
    this.estimatesFalse.clear()
    this.auxTrue.clear()
    this.auxFalse.clear()
    this.auxAny.clear()
    this.decidedTrue.fill(0)
    this.decidedFalse.fill(0)
  }

  /** Where a third of all voters are counted by the others alone. */
  third(counter: BitCounter, word: number): number {
    return counter.atLeast(word, this.#voters.third)
  }

  /** Where a supermajority is counted, `own` being the agreements in which the vote itself counts too. */
  majority(counter: BitCounter, word: number, own: number): number {
    const { majority } = this.#voters
    return counter.atLeast(word, majority) | (own & counter.atLeast(word, majority - 1))
  }
}
