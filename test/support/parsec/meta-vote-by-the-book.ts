/**
 * One meta-vote of the binary agreement as parsec §6 writes it, one at a time: what the engine's bit sets are compared with.
 */

export const ESTIMATES_TRUE = 1
export const ESTIMATES_FALSE = 2
export const BIN_TRUE = 4
export const BIN_FALSE = 8
/** The auxiliary value is one of three, so that no vote is 0: that is, no vote. */
export const AUX_NONE = 16
export const AUX_FALSE = 32
export const AUX_TRUE = 48
export const DECIDED = 64
export const DECIDED_TRUE = 128

export const FORCED_TRUE = 0
export const FORCED_FALSE = 1
export const STEPS = 3

const ESTIMATES = ESTIMATES_TRUE | ESTIMATES_FALSE
const BINS = BIN_TRUE | BIN_FALSE
const AUX = AUX_NONE | AUX_FALSE | AUX_TRUE

/** What is counted for one agreement at one round and step, over the votes of others and the vote itself. */
export interface Tally {
  estimatesTrue: number
  estimatesFalse: number
  auxTrue: number
  auxFalse: number
  /** A decision among the votes of others, if any. */
  decided: boolean | null
}

/** What a vote counts as: parsec §6, a decided one as if all of its parts were the decision. */
export function countedAs(vote: number): number {
  if ((vote & DECIDED) === 0) return vote
  return (vote & DECIDED_TRUE) === 0 ? ESTIMATES_FALSE | AUX_FALSE : ESTIMATES_TRUE | AUX_TRUE
}

function decisionOf(vote: number): boolean | null {
  return (vote & DECIDED) === 0 ? null : (vote & DECIDED_TRUE) !== 0
}

export function isWaitingForCoin(vote: number): boolean {
  return (vote & (ESTIMATES | DECIDED)) === 0
}

export interface Majorities {
  isMajority(count: number): boolean
  isThird(count: number): boolean
}

/** parsec §6, Update. `tally` holds the others and this vote; it is changed as the vote changes. */
export function updated(vote: number, step: number, tally: Tally, of: Majorities, coin: boolean | null): number {
  if ((vote & DECIDED) !== 0) return vote
  const hadBins = (vote & BINS) !== 0
  let next = estimated(vote, tally, of, coin)
  // parsec §6, 2
  if (of.isMajority(tally.estimatesTrue)) next |= BIN_TRUE
  if (of.isMajority(tally.estimatesFalse)) next |= BIN_FALSE
  // parsec §6, 3
  if ((next & AUX) === AUX_NONE && !hadBins && (next & BINS) !== 0) {
    const isTrue = (next & BIN_TRUE) !== 0
    next = (next & ~AUX) | (isTrue ? AUX_TRUE : AUX_FALSE)
    if (isTrue) tally.auxTrue += 1
    else tally.auxFalse += 1
  }
  return next | decision(next, step, tally, of)
}

/** parsec §6, 1. */
function estimated(vote: number, tally: Tally, of: Majorities, coin: boolean | null): number {
  let next = vote
  const add = (bit: number): void => {
    if ((next & bit) !== 0) return
    next |= bit
    if (bit === ESTIMATES_TRUE) tally.estimatesTrue += 1
    else tally.estimatesFalse += 1
  }
  if ((vote & ESTIMATES) === 0) {
    if (coin !== null) add(coin ? ESTIMATES_TRUE : ESTIMATES_FALSE)
    return next
  }
  if (of.isThird(tally.estimatesTrue)) add(ESTIMATES_TRUE)
  if (of.isThird(tally.estimatesFalse)) add(ESTIMATES_FALSE)
  return next
}

/** parsec §6, 4. */
function decision(vote: number, step: number, tally: Tally, of: Majorities): number {
  if (step === FORCED_TRUE && (vote & BIN_TRUE) !== 0 && of.isMajority(tally.auxTrue)) return DECIDED | DECIDED_TRUE
  if (step === FORCED_FALSE && (vote & BIN_FALSE) !== 0 && of.isMajority(tally.auxFalse)) return DECIDED
  if (tally.decided === null) return 0
  return tally.decided ? DECIDED | DECIDED_TRUE : DECIDED
}

/** parsec §6, Advance: the estimates of the next step's vote; none where it has to wait for a coin. */
export function nextEstimates(step: number, tally: Tally, of: Majorities): number {
  if (step === FORCED_TRUE) return of.isMajority(tally.auxFalse) ? ESTIMATES_FALSE : ESTIMATES_TRUE
  if (step === FORCED_FALSE) return of.isMajority(tally.auxTrue) ? ESTIMATES_TRUE : ESTIMATES_FALSE
  if (of.isMajority(tally.auxTrue)) return ESTIMATES_TRUE
  return of.isMajority(tally.auxFalse) ? ESTIMATES_FALSE : 0
}

export function tallyOf(votes: readonly number[], own: number): Tally {
  const counted = [...votes, own].map(countedAs)
  const having = (bits: number, value: number): number => counted.filter((vote) => (vote & bits) === value).length
  const decisions = votes.map(decisionOf).filter((decision) => decision !== null)
  return {
    estimatesTrue: having(ESTIMATES_TRUE, ESTIMATES_TRUE),
    estimatesFalse: having(ESTIMATES_FALSE, ESTIMATES_FALSE),
    auxTrue: having(AUX, AUX_TRUE),
    auxFalse: having(AUX, AUX_FALSE),
    decided: decisions.length === 0 ? null : decisions.includes(true),
  }
}

/** One pass over a list of votes. `others`: the lists of the other voters; `coin`: null in pass one. */
function pass(
  list: readonly number[],
  others: readonly (readonly number[])[],
  of: Majorities,
  coin: ((round: number) => boolean | null) | null,
): number[] {
  const done: number[] = []
  const update = (stage: number, vote: number): void => {
    const tally = tallyOf(at(others, stage), vote)
    const toss = coin !== null && isWaitingForCoin(vote) ? coin(Math.floor(stage / STEPS)) : null
    done.push(updated(vote, stage % STEPS, tally, of, toss))
  }
  for (const [stage, vote] of list.entries()) {
    update(stage, vote)
    if ((vote & DECIDED) !== 0) return done
  }
  for (;;) {
    const stage = done.length - 1
    const last = done[stage] as number
    const tally = tallyOf(at(others, stage), last)
    if ((last & DECIDED) !== 0 || !of.isMajority(tally.auxTrue + tally.auxFalse)) return done
    update(stage + 1, AUX_NONE | nextEstimates(stage % STEPS, tally, of))
  }
}

function at(lists: readonly (readonly number[])[], stage: number): number[] {
  return lists.flatMap((list) => (list.length > stage ? [list[stage] as number] : []))
}

/** Both passes. */
export function advanced(
  list: readonly number[],
  others: readonly (readonly number[])[],
  of: Majorities,
  coin: (round: number) => boolean | null,
): number[] {
  return pass(pass(list, others, of, null), [], of, coin)
}

function pair(bits: number, yes: number, no: number): boolean[] {
  return [...((bits & yes) !== 0 ? [true] : []), ...((bits & no) !== 0 ? [false] : [])]
}

/** In the engine's words. */
export function described(list: readonly number[]): unknown[] {
  return list.map((vote, stage) => {
    const counted = countedAs(vote)
    const decision = decisionOf(vote)
    const bins = decision === null ? vote : decision ? BIN_TRUE : BIN_FALSE
    return {
      round: Math.floor(stage / STEPS),
      step: ['ForcedTrue', 'ForcedFalse', 'GenuineFlip'][stage % STEPS],
      estimates: pair(counted, ESTIMATES_TRUE, ESTIMATES_FALSE),
      binValues: pair(bins, BIN_TRUE, BIN_FALSE),
      auxValue: (counted & AUX) === AUX_TRUE ? true : (counted & AUX) === AUX_FALSE ? false : null,
      decision,
    }
  })
}
