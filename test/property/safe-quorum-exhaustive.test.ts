/**
 * ballots §8.3, §8.4, exhaustively: every roster of up to seven owners, every choice of yes, no, silence and both (both:
 * fewer than a third), every order of arrival, the deadline at every place.
 *
 * Not by listing the orders. A session's state after a set of votes is shown to be the same whichever vote came last, for
 * every set; by induction over the size of the set it is then the same for every order.
 */
import { describe, expect, it } from 'vitest'
import { present } from '../../src/base/errors.ts'
import { QuorumSession } from '../../src/core/ballot/safe/quorum/session.ts'
import { Roster } from '../../src/core/ballot/safe/roster.ts'
import { calculateConsensusResult } from '../../src/core/ballot/tally.ts'
import type { SafeVote } from '../../src/wire/ballot/index.ts'
import { EXPIRY_SEC, propose, quickSigners } from '../support/safe-ballots.ts'

/** The deadline, or a vote: owner times two, plus one for yes. */
type Input = 'deadline' | number

/** A set of votes as one number: bit `2 * owner` for no, `2 * owner + 1` for yes. */
const inputsOf = (set: number, n: number): number[] =>
  Array.from({ length: 2 * n }, (_, bit) => bit).filter((bit) => (set & (1 << bit)) !== 0)
const count = (set: number, n: number, isMatch: (owner: number) => boolean): number =>
  Array.from({ length: n }, (_, owner) => (set >> (2 * owner)) & 3).filter(isMatch).length
const bothOf = (set: number, n: number): number => count(set, n, (votes) => votes === 3)
const yesOf = (set: number, n: number): number => count(set, n, (votes) => votes >= 2)
const noOf = (set: number, n: number): number => count(set, n, (votes) => (votes & 1) === 1)

/** Written apart from the code under test: the least whole number that is no less than either share. */
function leastQuorum(n: number, threshold: number): number {
  const isTwoThirds = Math.abs(threshold - 2 / 3) < 1e-12
  return Array.from({ length: n + 1 }, (_, q) => q).find(
    (q) => 3 * q >= 2 * n && (isTwoThirds || q >= n * threshold) && (n > 2 || q === n),
  ) as number
}

function setting(n: number, threshold: number) {
  const owners = quickSigners(n)
  const signed = propose(owners, { threshold })
  const roster = Roster.of(owners.map(({ identity }) => identity))
  const votes: SafeVote[] = Array.from({ length: 2 * n }, (_, bit) => {
    const { identity: owner } = present(owners[bit >> 1], 'an owner')
    return { proposalId: signed.id, owner, choice: bit % 2 === 1, signature: Uint8Array.of(bit) }
  })
  const take = (session: QuorumSession, input: Input): void => {
    const vote = input === 'deadline' ? undefined : present(votes[input], 'a vote')
    const facts = vote === undefined ? session.decideDeadline(EXPIRY_SEC) : session.decideVote(vote)
    for (const fact of facts) session.evolve(fact)
  }
  const run = (inputs: readonly Input[]): QuorumSession => {
    const session = new QuorumSession(signed, roster)
    for (const input of inputs) take(session, input)
    return session
  }
  return { run, take }
}

/** All that a session is made of. */
function fingerprint(session: QuorumSession): string {
  const places = (choice: boolean): string => session.column(choice).entries().join(';')
  return `${session.phase} ${session.decision} yes ${places(true)} no ${places(false)}`
}

const factorial = (n: number): bigint => (n <= 1 ? 1n : BigInt(n) * factorial(n - 1))

function explore(n: number, threshold: number) {
  const { run, take } = setting(n, threshold)
  const quorum = leastQuorum(n, threshold)
  const counts = { sets: 0, transitions: 0, orders: 0n, decided: 0 }
  /** By set: which decisions some order of some part of it leads to; bit 1 for yes, bit 0 for no. */
  const reachable = new Map<number, number>()
  for (let set = 0; set < 4 ** n; set += 1) {
    if (3 * bothOf(set, n) >= n) continue
    const inputs = inputsOf(set, n)
    counts.sets += 1
    counts.orders += factorial(inputs.length) * BigInt(inputs.length + 1)
    const states = [run(inputs), run([...inputs, 'deadline'])] as const
    const prints = states.map(fingerprint)
    const { decision } = states[0]
    // Equal sets of votes give equal state, with and without the deadline, whatever came last.
    for (const last of inputs) {
      const rest = inputs.filter((input) => input !== last)
      for (const [i, before] of [rest, [...rest, 'deadline' as const]].entries()) {
        const session = run(before)
        take(session, last)
        counts.transitions += 1
        if (fingerprint(session) !== prints[i]) {
          throw new Error(`n=${n}: ${before.join(',')} then ${last} gives another state: ${fingerprint(session)}`)
        }
      }
    }
    // A quorum decides, and nothing else does: not silence, not the deadline.
    const expected = yesOf(set, n) >= quorum ? true : noOf(set, n) >= quorum ? false : null
    expect([decision, states[1].decision]).toEqual([expected, expected])
    expect(states[1].phase).toBe(expected === null ? 'expired' : 'decided')
    if (expected !== null) counts.decided += 1
    // At most one decision is in reach of any order.
    let outcomes = decision === null ? 0 : decision ? 2 : 1
    for (const last of inputs) outcomes |= reachable.get(set & ~(1 << last)) ?? 0
    reachable.set(set, outcomes)
    expect(outcomes, `n=${n}, votes ${inputs.join(',')}`).toBeLessThan(3)
    // A decision follows when a quorum of correct owners agrees.
    const agreed = [true, false].filter((choice) => count(set, n, (votes) => votes === (choice ? 2 : 1)) >= quorum)
    expect(agreed.every((choice) => decision === choice)).toBe(true)
  }
  return counts
}

describe('quorum: one decision in any order of arrival', () => {
  it.each([
    { n: 1, sets: 3, transitions: 4, orders: 5n, decided: 2 },
    { n: 2, sets: 9, transitions: 24, orders: 33n, decided: 2 },
    { n: 3, sets: 27, transitions: 108, orders: 277n, decided: 14 },
    { n: 4, sets: 189, transitions: 1296, orders: 32_249n, decided: 74 },
    { n: 5, sets: 648, transitions: 5400, orders: 568_611n, decided: 112 },
    { n: 6, sets: 2187, transitions: 21_384, orders: 11_030_341n, decided: 758 },
    { n: 7, sets: 12_393, transitions: 156_492, orders: 3_354_380_471n, decided: 3362 },
  ])('n = $n: $sets sets of votes stand for $orders orders', ({ n, ...expected }) => {
    expect(explore(n, 2 / 3)).toEqual(expected)
  })

  it.each([
    { n: 3, threshold: 1 },
    { n: 4, threshold: 0 },
    { n: 4, threshold: 0.9 },
    { n: 5, threshold: 0.5 },
    { n: 5, threshold: 1 },
    { n: 6, threshold: 0.7 },
  ])('n = $n with a threshold of $threshold', ({ n, threshold }) => {
    expect(explore(n, threshold).sets).toBeGreaterThan(20)
  })
})

/** What a peer of the policy `compatible` can decide, over all orders in which these votes can come. */
function splitOf(yes: number, no: number, n: number): { yes: bigint; no: bigint; open: bigint } {
  const result = (y: number, x: number): boolean | undefined =>
    calculateConsensusResult({
      yes: y,
      no: x,
      expectedVoters: n,
      threshold: 2 / 3,
      livenessCriteriaYes: true,
      isTimeout: false,
    })
  const tally = { yes: 0n, no: 0n, open: 0n }
  const walk = (y: number, x: number, ways: bigint): void => {
    const decided = result(y, x)
    const left = factorial(yes - y + (no - x))
    if (decided !== undefined) tally[decided ? 'yes' : 'no'] += ways * left
    else if (y + x === yes + no) tally.open += ways
    else {
      if (y < yes) walk(y + 1, x, ways * BigInt(yes - y))
      if (x < no) walk(y, x + 1, ways * BigInt(no - x))
    }
  }
  walk(0, 0, 1n)
  return tally
}

describe('the same enumeration of the policy compatible', () => {
  it('finds the split, without any faulty owner', () => {
    expect(splitOf(1, 2, 3)).toEqual({ yes: 4n, no: 2n, open: 0n })
    const share = (yes: number, no: number): number => {
      const split = splitOf(yes, no, yes + no)
      return Math.round((100 * Number(split.yes)) / Number(split.yes + split.no + split.open))
    }
    expect([share(1, 2), share(2, 4), share(3, 6)]).toEqual([67, 40, 24])
  })

  it('finds it for many of the choices that quorum never splits on', () => {
    const splits: string[] = []
    for (let n = 1; n <= 7; n += 1) {
      for (let yes = 0; yes <= n; yes += 1) {
        for (let no = 0; no <= n - yes; no += 1) {
          const { yes: y, no: x } = splitOf(yes, no, n)
          if (y > 0n && x > 0n) splits.push(`${yes} yes, ${no} no of ${n}`)
        }
      }
    }
    expect(splits).toEqual(['1 yes, 2 no of 3', '2 yes, 4 no of 6'])
  })
})
