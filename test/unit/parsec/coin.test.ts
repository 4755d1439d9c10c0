import { describe, expect, test } from 'vitest'
import { Agreement } from '../../../src/core/parsec/election/agreement.ts'
import type { CoinToss } from '../../../src/core/parsec/election/coin.ts'
import { Voters } from '../../../src/core/parsec/election/voters.ts'
import { Graph } from '../../../src/core/parsec/graph/graph.ts'
import { SeededRandom } from '../../../src/testing/seeded-random.ts'
import { CAUSE_TAG } from '../../../src/wire/canonical/index.ts'
import { sha3 } from '../../support/parsec/network.ts'

const VOTERS = 7
const rules = { stronger: true, compareKeys: (a: number, b: number) => a - b }

/**
 * Coins are rare: of 400 schedules like this two ask for one. Those two are tested here. Gossip with a bias, so that some
 * voters hear much before others hear anything.
 */
function agreements(seed: number, value: (toss: CoinToss) => boolean | null) {
  const random = new SeededRandom(`coin ${seed}`)
  const graph = new Graph()
  for (let peer = 0; peer < VOTERS; peer += 1) graph.addPeer()
  const voters = new Voters(Array.from({ length: VOTERS }, (_, peer) => peer))
  const asked: CoinToss[] = []
  const toss = (it: CoinToss): boolean | null => {
    asked.push(it)
    return value(it)
  }
  const agreement = new Agreement(graph, rules, { name: 'threshold', toss }, voters)
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
  for (let peer = 0; peer < VOTERS; peer += 1) insert(peer, -1)
  let creator = 0
  for (let i = 0; i < 40 * VOTERS; i += 1) {
    if (!random.chance(0.5)) creator = random.int(0, VOTERS - 1)
    const other = random.int(0, VOTERS - 1)
    if (other === creator) continue
    const x = insert(creator, graph.lastEventOf(other))
    const parent = graph.selfParentOf(x)
    if (agreement.has(parent)) {
      agreement.resume(x, parent)
    } else if (random.chance(0.5)) {
      const seats = voters.peers.filter(() => random.chance(0.5))
      agreement.start(x, Int32Array.of(seats.reduce((set, seat) => set | (1 << seat), 0)))
    }
  }
  return { agreement, asked }
}

const parity = ({ round }: CoinToss): boolean => round % 2 === 1
const opposite = ({ round }: CoinToss): boolean => round % 2 === 0

describe('the coin of an agreement, parsec §6 and §7', () => {
  test.each([15, 222])('becomes the estimate of the round that it opens (schedule %i)', (seed) => {
    for (const value of [parity, opposite]) {
      const { agreement, asked } = agreements(seed, value)
      expect(asked.length).toBeGreaterThan(0)
      for (const toss of asked) {
        const last = agreement.votes(toss.at, toss.about).at(-1)
        expect(last).toMatchObject({ round: 1, step: 'ForcedTrue', estimates: [value(toss)] })
        expect(toss).toMatchObject({ election: 0, round: 1 })
      }
    }
  })

  test.each([15, 222])(
    'is asked for again while it is not known, and the vote has no estimate (schedule %i)',
    (seed) => {
      const { agreement, asked } = agreements(seed, () => null)
      expect(asked.length).toBeGreaterThan(agreements(seed, parity).asked.length - 1)
      for (const toss of asked) {
        const last = agreement.votes(toss.at, toss.about).at(-1)
        expect(last).toMatchObject({ round: 1, estimates: [], binValues: [], auxValue: null, decision: null })
      }
    },
  )
})
