/** Random schedules, replayed exactly by their seeds. */

import type { Compatibility } from '../../../src/core/parsec/index.ts'
import { SeededRandom } from '../../../src/testing/seeded-random.ts'
import { Network, opaque, type Peer, remove } from './network.ts'

export interface Outcome {
  readonly network: Network
  readonly correct: readonly Peer[]
  /** Errors between correct peers in the last round of all. */
  readonly errors: readonly string[]
}

/** One peer runs as two instances, which show their branches to different peers; then the correct ones settle. */
export function forkedSchedule(seed: number, compatibility: Compatibility): Outcome {
  const random = new SeededRandom(seed)
  const mode = seed % 2 === 0 ? 'supermajority' : 'single'
  const names = ['Alice', 'Bob', 'Carol', 'Dave'].slice(0, 3 + (seed % 2))
  const network = new Network([...names, 'Eve'], { mode, compatibility })
  const correct = names.map((name) => network.start(name))
  const [left, right] = [network.start('Eve'), network.start('Eve')]
  const everybody = [...correct, left, right]
  const half = random.int(0, correct.length)
  const twinFor = (peer: Peer): Peer => (correct.indexOf(peer) < half === random.chance(0.9) ? left : right)
  for (let i = 0; i < 120; i += 1) {
    if (random.chance(0.2)) {
      const voters = mode === 'single' ? [random.pick(everybody)] : everybody.filter(() => random.chance(0.85))
      for (const voter of voters) network.vote(voter, opaque(`payload ${i}`))
    }
    let from = random.pick(everybody)
    let to = random.pick(everybody)
    if (from.name === to.name) continue
    if (to.name === 'Eve') to = twinFor(from)
    else if (from.name === 'Eve') from = twinFor(to)
    network.gossip(from, to, { request: random.chance(0.05), response: random.chance(0.05) })
  }
  return { network, correct, errors: network.settle(correct, 6) }
}

/** One of five peers is removed while gossip goes on, it takes part as long as others let it. */
export function removalSchedule(seed: number, compatibility: Compatibility): Outcome {
  const random = new SeededRandom(seed)
  const names = ['Alice', 'Bob', 'Carol', 'Dave', 'Eve']
  const network = new Network(names, { mode: 'single', compatibility })
  const everybody = names.map((name) => network.start(name))
  const correct = everybody.slice(0, 4)
  for (let i = 0; i < 100; i += 1) {
    if (i === 20) for (const peer of correct) network.vote(peer, remove('Eve'))
    if (random.chance(0.1)) network.vote(random.pick(everybody), opaque(`payload ${i}`))
    const [from, to] = [random.pick(everybody), random.pick(everybody)]
    if (from === to) continue
    network.gossip(from, to, { request: random.chance(0.1), response: random.chance(0.1) })
  }
  return { network, correct, errors: network.settle(correct, 10) }
}
