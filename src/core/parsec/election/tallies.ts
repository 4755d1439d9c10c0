/**
 * @module core/parsec/election/tallies
 *
 * Counts over the meta-votes of the other voters (parsec §6), for all agreements of one event at once: one pass over
 * their rows for each stage that somebody asks about.
 */

import {
  AUX,
  AUX_FALSE,
  AUX_TRUE,
  countedAs,
  DECIDED,
  DECIDED_TRUE,
  ESTIMATES_FALSE,
  ESTIMATES_TRUE,
  type Tally,
} from './meta-vote.ts'

/** Two counts in one number: the low one for true, the high one for false. */
const HIGH = 1 << 16
const ESTIMATE_COUNTS = new Int32Array(256)
const AUX_COUNTS = new Int32Array(256)
for (let vote = 0; vote < 256; vote += 1) {
  const counted = countedAs(vote)
  ESTIMATE_COUNTS[vote] = ((counted & ESTIMATES_TRUE) !== 0 ? 1 : 0) + ((counted & ESTIMATES_FALSE) !== 0 ? HIGH : 0)
  const aux = counted & AUX
  AUX_COUNTS[vote] = (aux === AUX_TRUE ? 1 : 0) + (aux === AUX_FALSE ? HIGH : 0)
}

interface Stage {
  readonly estimates: Int32Array
  readonly aux: Int32Array
  readonly decisions: Uint8Array
}

export class Tallies {
  readonly #seats: number
  readonly #stages: Stage[] = []
  #counted = 0
  #memory: Uint8Array = new Uint8Array(0)
  /** Where rows of others begin in `#memory`, and how many stages each has. */
  readonly #rows: number[] = []
  readonly #lengths: number[] = []

  constructor(seats: number) {
    this.#seats = seats
  }

  /** Another event, with nobody else's votes yet. */
  begin(memory: Uint8Array): void {
    this.#memory = memory
    this.#rows.length = 0
    this.#lengths.length = 0
    this.#counted = 0
  }

  addRow(start: number, stages: number): void {
    this.#rows.push(start)
    this.#lengths.push(stages)
  }

  /** The votes of others at `stage` of the agreement about `seat`, and `vote` itself. */
  of(seat: number, stage: number, vote: number, alone: boolean, into: Tally): void {
    let estimates = ESTIMATE_COUNTS[vote] as number
    let aux = AUX_COUNTS[vote] as number
    into.decided = null
    if (!alone) {
      while (this.#counted <= stage) this.#count(this.#counted)
      const counts = this.#stages[stage] as Stage
      estimates += counts.estimates[seat] as number
      aux += counts.aux[seat] as number
      const decisions = counts.decisions[seat] as number
      if ((decisions & DECIDED) !== 0) into.decided = (decisions & DECIDED_TRUE) !== 0
    }
    into.estimatesTrue = estimates & (HIGH - 1)
    into.estimatesFalse = estimates >> 16
    into.auxTrue = aux & (HIGH - 1)
    into.auxFalse = aux >> 16
  }

  #count(stage: number): void {
    const seats = this.#seats
    const { estimates, aux, decisions } = this.#cleared(stage)
    const memory = this.#memory
    for (let row = 0; row < this.#rows.length; row += 1) {
      if ((this.#lengths[row] as number) <= stage) continue
      const start = (this.#rows[row] as number) + stage * seats
      for (let seat = 0; seat < seats; seat += 1) {
        const vote = memory[start + seat] as number
        estimates[seat] = (estimates[seat] as number) + (ESTIMATE_COUNTS[vote] as number)
        aux[seat] = (aux[seat] as number) + (AUX_COUNTS[vote] as number)
        decisions[seat] = (decisions[seat] as number) | vote
      }
    }
    this.#counted = stage + 1
  }

  #cleared(stage: number): Stage {
    const old = this.#stages[stage]
    if (old !== undefined) {
      old.estimates.fill(0)
      old.aux.fill(0)
      old.decisions.fill(0)
      return old
    }
    const made = {
      estimates: new Int32Array(this.#seats),
      aux: new Int32Array(this.#seats),
      decisions: new Uint8Array(this.#seats),
    }
    this.#stages.push(made)
    return made
  }
}
