import { describe, expect, test } from 'vitest'
import { Agreement } from '../../../src/core/parsec/election/agreement.ts'
import type { Coin, CoinToss } from '../../../src/core/parsec/election/coin.ts'
import { isAtLeastThird, isSupermajority, Voters } from '../../../src/core/parsec/election/voters.ts'
import { Graph } from '../../../src/core/parsec/graph/graph.ts'
import { ROUND_PARITY } from '../../../src/core/parsec/index.ts'
import { SeededRandom } from '../../../src/testing/seeded-random.ts'
import { CAUSE_TAG } from '../../../src/wire/canonical/index.ts'
import {
  AUX_NONE,
  advanced,
  described,
  ESTIMATES_FALSE,
  ESTIMATES_TRUE,
} from '../../support/parsec/meta-vote-by-the-book.ts'
import { sha3 } from '../../support/parsec/network.ts'

const rules = { stronger: true, compareKeys: (a: number, b: number) => a - b }

/** A coin that is sometimes not known yet, different for each agreement and round, and the same wherever it is known. */
const fickle = {
  name: 'threshold' as const,
  toss: ({ about, round, at }: CoinToss) => (at % 3 === 0 ? null : (about * 7 + round * 5) % 4 < 2),
}

/** Random gossip of `n` voters, in which each starts its agreements with random estimates; gives how deep it went.
 * `isClear`: agreements on which all estimate the same. */
function compare(
  seed: number,
  n: number,
  coin: Coin,
  isClear: (seat: number) => boolean = () => false,
  events = 14 * n,
): { stages: number; decided: number } {
  const random = new SeededRandom(`agreement ${seed}`)
  const graph = new Graph()
  for (let peer = 0; peer < n; peer += 1) graph.addPeer()
  const voters = new Voters(Array.from({ length: n }, (_, peer) => peer))
  const agreement = new Agreement(graph, rules, coin, voters)
  const of = {
    isMajority: (count: number) => isSupermajority(count, n),
    isThird: (count: number) => isAtLeastThird(count, n),
  }
  const book = new Map<number, number[][]>()
  const reached = { stages: 0, decided: 0 }
  const insert = (creator: number, otherParent: number): number =>
    graph.insert({
      hash: sha3(new Uint8Array([graph.size, graph.size >> 8])),
      bytes: new Uint8Array(1),
      creator,
      cause: otherParent < 0 ? CAUSE_TAG.Initial : CAUSE_TAG.Request,
      selfParent: graph.lastEventOf(creator),
      otherParent,
      subject: -1,
    })
  for (let peer = 0; peer < n; peer += 1) insert(peer, -1)
  for (let i = 0; i < events; i += 1) {
    const [creator = 0, other = 0] = random.shuffle(voters.peers)
    const x = insert(creator, graph.lastEventOf(other))
    const others = voters.peers.flatMap((peer) => {
      const lists = peer === creator ? undefined : book.get(graph.firstAt(peer, graph.last(x, peer)))
      return lists === undefined ? [] : [lists]
    })
    const parent = book.get(graph.selfParentOf(x))
    if (parent === undefined && random.chance(0.5)) continue
    const observees = new Int32Array(voters.words)
    for (const seat of parent === undefined ? voters.peers : []) {
      if (isClear(seat) || random.chance(0.6)) observees[seat >> 5] = (observees[seat >> 5] ?? 0) | (1 << (seat & 31))
    }
    const lists = voters.peers.map((about) => {
      const isObservee = ((observees[about >> 5] as number) >> (about & 31)) & 1
      const begin = [AUX_NONE | (isObservee === 1 ? ESTIMATES_TRUE : ESTIMATES_FALSE)]
      const toss = (round: number): boolean | null => coin.toss({ election: 0, about, round, at: x })
      return advanced(
        parent?.[about] ?? begin,
        others.map((list) => list[about] as number[]),
        of,
        toss,
      )
    })
    book.set(x, lists)
    if (parent === undefined) agreement.start(x, observees)
    else agreement.resume(x, graph.selfParentOf(x))
    for (const [seat, list] of lists.entries()) {
      expect(agreement.votes(x, seat), `seed ${seed}, event ${x}, agreement ${seat}`).toEqual(described(list))
      reached.stages = Math.max(reached.stages, list.length)
    }
    const ends = lists.map((list) => described(list).at(-1) as { decision: boolean | null })
    const decisions = ends.map(({ decision }) => decision)
    expect(agreement.decisions(x)).toEqual(decisions.includes(null) ? null : decisions)
    if (!decisions.includes(null)) reached.decided += 1
  }
  return reached
}

describe('all agreements at once, parsec §5(c), §5(d) and §6, against one vote at a time', () => {
  test.each([2, 3, 4, 5, 7, 10])('%i voters', (n) => {
    let stages = 0
    let decided = 0
    for (let seed = 0; seed < 12; seed += 1) {
      const reached = compare(seed, n, seed % 2 === 0 ? fickle : ROUND_PARITY)
      stages = Math.max(stages, reached.stages)
      decided += reached.decided
    }
    expect(stages).toBeGreaterThanOrEqual(n === 2 ? 2 : n > 5 ? 3 : 4)
    expect(decided).toBeGreaterThan(0)
  })

  test('more voters than a word has bits', () => {
    // Those of one word are decided before the others.
    expect(compare(1, 34, ROUND_PARITY, (seat) => seat < 32, 700).decided).toBeGreaterThan(0)
  })
})

describe('the coin, parsec §7', () => {
  test.each([ROUND_PARITY, fickle])('is taken by votes that wait for it ($name)', (coin) => {
    const rounds: number[] = []
    const watched = {
      name: coin.name,
      toss: (toss: CoinToss) => {
        rounds.push(toss.round)
        return coin.toss(toss)
      },
    }
    // Random gossip seldom comes to a coin: one seed in thousands.
    compare(6986, 5, watched)
    expect(new Set(rounds)).toEqual(new Set([1]))
  })

  test('round-parity is true in odd rounds', () => {
    const tosses = [0, 1, 2, 3].map((round) => ROUND_PARITY.toss({ election: 0, about: 0, round, at: 0 }))
    expect(tosses).toEqual([false, true, false, true])
  })
})
