/**
 * @module core/parsec/election/meta-votes
 *
 * Meta-votes of many events (parsec §6), as bit sets over the voters whom the agreements are about: for each event a
 * row of stages, for each stage seven sets. A stage is a step of a round: `3 * round + step`.
 *
 * A decided vote counts as if all of its parts were the decision, so that is how it is kept.
 */

import type { EventIndex } from '../graph/graph.ts'

export const STEPS = 3
export const FORCED_TRUE = 0
export const FORCED_FALSE = 1

/** The sets of a stage. The value of a decided vote is its auxiliary value. */
export const PRESENT = 0
export const ESTIMATE_TRUE = 1
export const ESTIMATE_FALSE = 2
export const BIN_TRUE = 3
export const BIN_FALSE = 4
export const AUX_TRUE = 5
export const AUX_FALSE = 6
export const DECIDED = 7
export const SETS = 8

/** One meta-vote, to look at. */
export interface MetaVote {
  readonly round: number
  readonly step: 'ForcedTrue' | 'ForcedFalse' | 'GenuineFlip'
  readonly estimates: readonly boolean[]
  readonly binValues: readonly boolean[]
  readonly auxValue: boolean | null
  readonly decision: boolean | null
}

const STEP_NAMES = ['ForcedTrue', 'ForcedFalse', 'GenuineFlip'] as const

export class MetaVotes {
  /** Words of a set. */
  words = 1
  /** Rows one after the other: two sets (decided, decided true), then the stages. */
  memory = new Int32Array(1024)
  #used = 0
  /** Position of the first event with a place. */
  #base = 0
  /** By place: start of the event's row + 1, or 0. */
  #rowOf = new Int32Array(64)
  #stagesOf = new Int32Array(64)

  /** Forgets all; no event before `base` will have meta-votes. */
  reset(words: number, base: number): void {
    this.words = words
    this.#base = base
    this.#used = 0
    this.#rowOf.fill(0)
  }

  /** Start of the row of `event`, or -1. */
  row(event: EventIndex): number {
    return event < this.#base ? -1 : (this.#rowOf[event - this.#base] ?? 0) - 1
  }

  stages(event: EventIndex): number {
    return this.#stagesOf[event - this.#base] as number
  }

  /** Where a set of a stage stands, in a row. */
  at(row: number, stage: number, set: number): number {
    return row + (2 + stage * SETS + set) * this.words
  }

  /** Begins the row of `event`, without stages. */
  begin(event: EventIndex): number {
    const place = event - this.#base
    if (place >= this.#rowOf.length) this.#growPlaces(place + 1)
    const row = this.#used
    this.#reserve(2)
    this.#rowOf[place] = row + 1
    this.#stagesOf[place] = 0
    return row
  }

  /** Appends an empty stage to the row of `event`, the newest. */
  addStage(event: EventIndex): void {
    this.#reserve(SETS)
    const place = event - this.#base
    this.#stagesOf[place] = (this.#stagesOf[place] as number) + 1
  }

  #reserve(sets: number): void {
    const start = this.#used
    this.#used += sets * this.words
    if (this.#used > this.memory.length) {
      const grown = new Int32Array(Math.max(this.#used, this.memory.length * 2))
      grown.set(this.memory)
      this.memory = grown
    }
    const { memory } = this
    for (let at = start; at < this.#used; at += 1) memory[at] = 0
  }

  #growPlaces(places: number): void {
    const rows = new Int32Array(Math.max(places, this.#rowOf.length * 2))
    rows.set(this.#rowOf)
    this.#rowOf = rows
    const stages = new Int32Array(rows.length)
    stages.set(this.#stagesOf)
    this.#stagesOf = stages
  }

  /** The votes of `event` in the agreement about a seat, one for each step reached. */
  list(event: EventIndex, seat: number): readonly MetaVote[] {
    const row = this.row(event)
    if (row < 0) return []
    const votes: MetaVote[] = []
    for (let stage = 0; stage < this.stages(event); stage += 1) {
      const has = (set: number): boolean => this.#has(this.at(row, stage, set), seat)
      if (!has(PRESENT)) break
      const auxValue = has(AUX_TRUE) ? true : has(AUX_FALSE) ? false : null
      votes.push({
        round: Math.floor(stage / STEPS),
        step: STEP_NAMES[stage % STEPS] as (typeof STEP_NAMES)[number],
        estimates: values(has(ESTIMATE_TRUE), has(ESTIMATE_FALSE)),
        binValues: values(has(BIN_TRUE), has(BIN_FALSE)),
        auxValue,
        decision: has(DECIDED) ? auxValue : null,
      })
    }
    return votes
  }

  #has(at: number, seat: number): boolean {
    return (((this.memory[at + (seat >> 5)] as number) >> (seat & 31)) & 1) === 1
  }
}

function values(holdsTrue: boolean, holdsFalse: boolean): readonly boolean[] {
  return [...(holdsTrue ? [true] : []), ...(holdsFalse ? [false] : [])]
}
