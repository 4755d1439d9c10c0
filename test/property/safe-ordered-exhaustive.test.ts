/**
 * ballots §8.4, exhaustively: rosters of up to five owners, and every sequence, of whatever length, of the proposal's block,
 * each owner's votes for yes and no (so doubles and late votes too), Close by the supermajority and Close by one peer.
 *
 * The states of the fold and of a reference written here are explored together, breadth first, until no block leads to a
 * pair of states that was not seen: every sequence of blocks walks through these pairs only. What a fold might hold besides
 * the state that shows is left to the second test, which walks all short sequences one by one.
 */
import { describe, expect, it } from 'vitest'
import { present } from '../../src/base/errors.ts'
import { closePayload } from '../../src/core/ballot/safe/ordered/duties.ts'
import { OrderedFold } from '../../src/core/ballot/safe/ordered/fold.ts'
import type { OrderedSession } from '../../src/core/ballot/safe/ordered/session.ts'
import { signVote } from '../../src/core/ballot/safe/propose.ts'
import { strictVerifier } from '../../src/core/ballot/safe/verifier.ts'
import { encodeSafeVote } from '../../src/wire/ballot/index.ts'
import { encodePayload } from '../../src/wire/payload.ts'
import { GROUP, proposeOrdered, quickScheme, quickSigners } from '../support/safe-ballots.ts'

interface Setting {
  readonly n: number
  readonly threshold: number
  readonly isSilenceYes: boolean
}

/** `y3`: owner 3 says yes. */
type Symbol = 'propose' | 'close' | 'lone close' | `y${number}` | `n${number}`

interface Reference {
  readonly isOpen: boolean
  /** Owners' first votes, in no order: `y` or `n` by owner, `-` for none. */
  readonly votes: string
  readonly outcome: string | null
}

const START = (n: number): Reference => ({ isOpen: false, votes: '-'.repeat(n), outcome: null })
const tally = (votes: string, letter: string): number => votes.split(letter).length - 1

/** ballots §5, for n > 2: the least number of votes; with fractions of these tests' thresholds in whole numbers. */
function required({ n, threshold }: Setting): number {
  if (n <= 2) return n
  const percent = Math.round(threshold * 300)
  let votes = 0
  while (votes * 300 < n * percent) votes += 1
  return votes
}

/** The fold of §8.4, written from the text for tests, sharing nothing with the code. */
function reference(state: Reference, symbol: Symbol, setting: Setting): Reference {
  if (symbol === 'propose') return { ...state, isOpen: true }
  if (!state.isOpen || state.outcome !== null || symbol === 'lone close') return state
  if (symbol === 'close') {
    const silent = tally(state.votes, '-')
    const yes = tally(state.votes, 'y') + (setting.isSilenceYes ? silent : 0)
    const no = tally(state.votes, 'n') + (setting.isSilenceYes ? 0 : silent)
    const isEnough = Math.max(yes, no) >= required(setting)
    if (yes !== no && isEnough) return { ...state, outcome: yes > no ? 'yes' : 'no' }
    if (yes === no && silent === 0) return { ...state, outcome: setting.isSilenceYes ? 'yes' : 'no' }
    return { ...state, outcome: 'failed' }
  }
  const owner = Number(symbol.slice(1))
  if (state.votes[owner] !== '-') return state
  const votes = state.votes.slice(0, owner) + present(symbol[0], 'a letter') + state.votes.slice(owner + 1)
  const isQuorum = (letter: string): boolean =>
    3 * tally(votes, letter) >= 2 * setting.n && tally(votes, letter) >= required(setting)
  return { ...state, votes, outcome: isQuorum('y') ? 'yes' : isQuorum('n') ? 'no' : null }
}

function arrange({ n, threshold, isSilenceYes }: Setting) {
  const owners = quickSigners(n)
  const carrier = new Uint8Array([9])
  const signed = proposeOrdered(owners, { threshold, livenessCriteriaYes: isSilenceYes })
  const vote = (owner: number, choice: boolean) =>
    encodePayload('ballotVote', encodeSafeVote(signVote(signed.id, choice, present(owners[owner], 'an owner'))))
  const blocks = new Map<Symbol, { payload: Uint8Array; voter: Uint8Array | null }>([
    ['propose', { payload: encodePayload('ballotProposal', signed.bytes), voter: carrier }],
    ['close', { payload: closePayload(signed.id), voter: null }],
    ['lone close', { payload: closePayload(signed.id), voter: carrier }],
  ])
  for (let owner = 0; owner < n; owner += 1) {
    blocks.set(`y${owner}`, { payload: vote(owner, true), voter: carrier })
    blocks.set(`n${owner}`, { payload: vote(owner, false), voter: carrier })
  }
  const verifier = strictVerifier(quickScheme)
  const begin = (): OrderedFold => new OrderedFold({ groupId: GROUP, format: quickScheme, verifier })
  const add = (folded: OrderedFold, symbol: Symbol, position: number): void => {
    folded.fold({ position, ...present(blocks.get(symbol), 'a block') }, () => null)
  }
  const fold = (path: readonly Symbol[]): OrderedFold => {
    const folded = begin()
    for (const [position, symbol] of path.entries()) add(folded, symbol, position)
    return folded
  }
  return { signed, begin, add, fold, symbols: [...blocks.keys()] }
}

/** All that the fold holds of the session, but for positions. */
function fingerprint(fold: OrderedFold, id: Uint8Array, n: number): string {
  const session = fold.find(id)
  if (session === undefined) return 'none'
  const votes = Array.from({ length: n }, (_, place) => {
    const first = session.column(true).has(place) ? 'y' : session.column(false).has(place) ? 'n' : '-'
    return first + (session.isEquivocator(place) ? '!' : '')
  })
  return `${votes.join('')} ${session.outcome}`
}

interface Visit {
  readonly path: readonly Symbol[]
  readonly state: Reference
  readonly key: string
}

/** The fold's session after a path's last block is what the reference says. */
function compare(
  session: OrderedSession | undefined,
  expected: Reference,
  before: Reference,
  path: readonly Symbol[],
): void {
  const isNew = before.outcome === null && expected.outcome !== null
  const isSame = (session !== undefined) === expected.isOpen && (session?.outcome ?? null) === expected.outcome
  if (isSame && (!isNew || session?.settledAt === path.length - 1)) return
  throw new Error(`${path.join(' ')}: ${session?.outcome} at ${session?.settledAt}, not ${expected.outcome}`)
}

/** One walk along a sequence, compared after every block. */
function walk(path: readonly Symbol[], setting: Setting, { signed, begin, add }: ReturnType<typeof arrange>): void {
  const folded = begin()
  let state = START(setting.n)
  for (const [position, symbol] of path.entries()) {
    add(folded, symbol, position)
    const expected = reference(state, symbol, setting)
    compare(folded.find(signed.id), expected, state, path.slice(0, position + 1))
    state = expected
  }
}

/** Every sequence of a length, one by one: nothing is taken for granted about what the fold holds. */
function walkAll(length: number, setting: Setting): number {
  const arranged = arrange(setting)
  const { symbols } = arranged
  const total = symbols.length ** length
  for (let number = 0; number < total; number += 1) {
    const path = Array.from(
      { length },
      (_, i) => symbols[Math.floor(number / symbols.length ** i) % symbols.length] as Symbol,
    )
    walk(path, setting, arranged)
  }
  return total
}

function explore(setting: Setting): { states: number; transitions: number } {
  const { signed, fold, add, symbols } = arrange(setting)
  const print = (folded: OrderedFold, state: Reference): string =>
    `${fingerprint(folded, signed.id, setting.n)} | ${state.isOpen} ${state.votes} ${state.outcome}`
  const start: Visit = { path: [], state: START(setting.n), key: '' }
  const queue: Visit[] = [{ ...start, key: print(fold([]), start.state) }]
  const seen = new Set(queue.map(({ key }) => key))
  let transitions = 0
  for (const { path, state, key } of queue) {
    let folded: OrderedFold | null = null
    for (const symbol of symbols) {
      folded ??= fold(path)
      add(folded, symbol, path.length)
      transitions += 1
      const expected = reference(state, symbol, setting)
      compare(folded.find(signed.id), expected, state, [...path, symbol])
      const reached = print(folded, expected)
      // A block without effect leaves the fold as it was for the next one.
      if (reached !== key) folded = null
      if (seen.has(reached)) continue
      seen.add(reached)
      queue.push({ path: [...path, symbol], state: expected, key: reached })
    }
  }
  return { states: seen.size, transitions }
}

describe('ordered: the outcome of every sequence of blocks', () => {
  it.each([
    { n: 1, threshold: 2 / 3, isSilenceYes: false, states: 7 },
    { n: 2, threshold: 2 / 3, isSilenceYes: false, states: 43 },
    { n: 2, threshold: 2 / 3, isSilenceYes: true, states: 43 },
    { n: 3, threshold: 2 / 3, isSilenceYes: false, states: 147 },
    { n: 3, threshold: 1, isSilenceYes: true, states: 235 },
    { n: 4, threshold: 2 / 3, isSilenceYes: false, states: 995 },
    { n: 4, threshold: 1 / 2, isSilenceYes: true, states: 995 },
    { n: 4, threshold: 1 / 4, isSilenceYes: false, states: 995 },
    { n: 5, threshold: 2 / 3, isSilenceYes: false, states: 5643 },
    { n: 5, threshold: 2 / 3, isSilenceYes: true, states: 5643 },
  ])('n = $n, threshold $threshold, silence yes: $isSilenceYes', ({ states, ...setting }) => {
    const counts = explore(setting)
    expect(counts).toEqual({ states, transitions: states * (2 * setting.n + 3) })
  })

  it.each([
    { n: 1, length: 6, sequences: 15_625, isSilenceYes: false },
    { n: 2, length: 5, sequences: 16_807, isSilenceYes: true },
    { n: 3, length: 5, sequences: 59_049, isSilenceYes: false },
  ])('n = $n: all $sequences sequences of $length blocks, one by one', ({ n, length, sequences, isSilenceYes }) => {
    expect(walkAll(length, { n, threshold: 2 / 3, isSilenceYes })).toBe(sequences)
  })
})
