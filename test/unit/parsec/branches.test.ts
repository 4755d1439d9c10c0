import { describe, expect, test } from 'vitest'
import { Agreement } from '../../../src/core/parsec/election/agreement.ts'
import { Interesting } from '../../../src/core/parsec/election/interesting.ts'
import { Keys } from '../../../src/core/parsec/election/keys.ts'
import { Observers } from '../../../src/core/parsec/election/observers.ts'
import { VoteLists } from '../../../src/core/parsec/election/vote-lists.ts'
import { Voters } from '../../../src/core/parsec/election/voters.ts'
import { Graph, NONE } from '../../../src/core/parsec/graph/graph.ts'
import { KnownRows } from '../../../src/core/parsec/graph/known-rows.ts'
import { ROUND_PARITY } from '../../../src/core/parsec/index.ts'
import { SeededRandom } from '../../../src/testing/seeded-random.ts'
import { CAUSE_TAG, type CauseTag } from '../../../src/wire/canonical/index.ts'
import { sha3 } from '../../support/parsec/network.ts'

const rulesOf = (stronger: boolean) => ({ stronger, compareKeys: (a: number, b: number) => a - b })

function graphOf(peers: number): {
  graph: Graph
  insert: (creator: number, selfParent: number, otherParent: number, cause?: CauseTag, subject?: number) => number
} {
  const graph = new Graph()
  for (let peer = 0; peer < peers; peer += 1) graph.addPeer()
  const insert = (
    creator: number,
    selfParent: number,
    otherParent: number,
    cause: CauseTag = CAUSE_TAG.Request,
    subject = NONE,
  ): number => {
    const hash = sha3(new Uint8Array([graph.size]))
    return graph.insert({ hash, bytes: new Uint8Array(1), creator, cause, selfParent, otherParent, subject })
  }
  for (let peer = 0; peer < peers; peer += 1) insert(peer, NONE, NONE, CAUSE_TAG.Initial)
  return { graph, insert }
}

describe('a forker makes a payload interesting on each branch, parsec §5(a) and §5(b)', () => {
  test.each([
    [true, [2, 3]],
    [false, [2]],
  ])('where the rules are stronger: %s', (stronger, expected) => {
    const { graph, insert } = graphOf(1)
    const rules = rulesOf(stronger)
    const keys = new Keys()
    const votes = new VoteLists(keys)
    const voters = new Voters([0])
    const interesting = new Interesting(graph, keys, votes, rules, voters)
    const observers = new Observers(graph, interesting, rules, voters)
    const key = keys.intern(sha3(new Uint8Array(1)), 0)
    const vote = insert(0, 0, NONE, CAUSE_TAG.Observation, key)
    keys.addVote(key, vote)
    votes.add(0, vote, key)
    for (const branch of [insert(0, vote, NONE), insert(0, vote, NONE)]) interesting.process(branch, 0)
    expect(interesting.of(0).map(({ event }) => event)).toEqual(expected)
    expect(observers.firsts(0).map(({ event }) => event)).toEqual(expected)
  })

  test('but not again above an event that did', () => {
    const { graph, insert } = graphOf(1)
    const keys = new Keys()
    const votes = new VoteLists(keys)
    const interesting = new Interesting(graph, keys, votes, rulesOf(true), new Voters([0]))
    const key = keys.intern(sha3(new Uint8Array(1)), 0)
    const vote = insert(0, 0, NONE, CAUSE_TAG.Observation, key)
    keys.addVote(key, vote)
    votes.add(0, vote, key)
    const first = insert(0, vote, NONE)
    const branch = insert(0, vote, NONE)
    const above = insert(0, branch, NONE)
    for (const event of [first, branch, above]) interesting.process(event, 0)
    expect(interesting.of(0).map(({ event }) => event)).toEqual([first, branch])
  })
})

describe("a forker's meta-votes are those of the branch in the ancestry, parsec §5(c)", () => {
  test.each([true, false])('where the rules are stronger: %s', (stronger) => {
    const { graph, insert } = graphOf(3)
    const agreement = new Agreement(graph, rulesOf(stronger), ROUND_PARITY, new Voters([0, 1, 2]))
    const shownFirst = insert(2, 2, 1)
    const shownToUs = insert(2, 2, 0)
    agreement.start(shownFirst, Int32Array.of(0b111))
    agreement.start(shownToUs, Int32Array.of(0b000))
    const x = insert(0, 0, shownToUs)
    agreement.start(x, Int32Array.of(0b111))
    // Of three voters one is a third: what is counted becomes an estimate. The reference counts the first inserted.
    expect(agreement.votes(x, 0)[0]?.estimates).toEqual(stronger ? [true, false] : [true])
  })
})

/** Eve makes `count` children of one event; then two correct peers learn of them one by one, and of each other. */
function bytesOf(count: number): number {
  const before = process.memoryUsage().arrayBuffers
  const graph = new Graph()
  for (let peer = 0; peer < 3; peer += 1) graph.addPeer()
  const hash = new Uint8Array(32)
  const insert = (creator: number, selfParent: number, otherParent: number): number => {
    new DataView(hash.buffer).setUint32(0, graph.size)
    const cause = selfParent === NONE ? CAUSE_TAG.Initial : CAUSE_TAG.Request
    const bytes = new Uint8Array(1)
    return graph.insert({ hash, bytes, creator, cause, selfParent, otherParent, subject: NONE })
  }
  const eve = insert(0, NONE, NONE)
  let alice = insert(1, NONE, NONE)
  let bob = insert(2, NONE, NONE)
  const children = Array.from({ length: count }, () => insert(0, eve, NONE))
  for (const child of children) {
    alice = insert(1, alice, child)
    if (child % 64 === 0) bob = insert(2, bob, alice)
  }
  expect([graph.isAncestor(bob, children[0] ?? NONE), graph.knowsFork(bob, 0)]).toEqual([true, true])
  expect(graph.isAncestor(bob, children.at(-1) ?? NONE)).toBe(false)
  return process.memoryUsage().arrayBuffers - before
}

describe('what forks cost', () => {
  test('memory for each of them, not for each pair', () => {
    const few = bytesOf(1_000)
    // Rows of all branches for each event would be 800 MB; lists that grew and are not collected yet are a few.
    expect(bytesOf(8_000)).toBeLessThan(16 * Math.max(few, 6_000_000))
  })
})

describe('rows that share what they have in common', () => {
  test('hold what arrays would', () => {
    const random = new SeededRandom('rows')
    const rows = new KnownRows()
    const made: { row: number; array: number[] }[] = [{ row: 0, array: [] }]
    for (let i = 0; i < 400; i += 1) {
      const a = random.pick(made)
      const b = random.pick(made)
      const column = random.int(0, random.pick([3, 9, 70, 600, 5_000]))
      const value = random.int(0, 50)
      const array = Array.from({ length: Math.max(a.array.length, b.array.length) }, (_, at) =>
        Math.max(a.array[at] ?? -1, b.array[at] ?? -1),
      )
      while (array.length <= column) array.push(-1)
      made.push({ row: rows.max(a.row, b.row), array: [...array] })
      array[column] = value
      made.push({ row: rows.with(rows.max(a.row, b.row), column, value), array })
    }
    for (const { row, array } of made.filter((_, at) => at % 20 === 1)) {
      expect(array.map((_, column) => rows.at(row, column))).toEqual(array)
      expect(rows.at(row, 1_000_000)).toBe(-1)
      expect(rows.max(row, row)).toBe(row)
      expect(rows.max(row, 0)).toBe(row)
    }
  })
})
