/**
 * @module testing/network/forker
 *
 * A peer that runs as several instances of one key. Each peer of the network is shown one of them at a time.
 */

import { present } from '../../base/errors.ts'
import type { SeededRandom } from '../seeded-random.ts'
import type { NetworkNode } from './node.ts'

const MAX_INSTANCES = 3

export class Forker {
  #instances: readonly NetworkNode[]
  /** By number of the peer: which instance it sees; the first where there is none. */
  #shownTo = new Map<number, number>()

  constructor(node: NetworkNode) {
    this.#instances = [node]
  }

  get instances(): readonly NetworkNode[] {
    return this.#instances
  }

  instanceFor(peer: number): NetworkNode {
    return present(this.#instances[this.#shownTo.get(peer) ?? 0] ?? this.#instances[0], 'there is an instance')
  }

  /** Starts anew from one of its pasts, as two or three instances with audiences drawn by lot. */
  split(random: SeededRandom, peers: readonly number[]): void {
    const past = random.pick(this.#instances)
    const count = random.int(2, MAX_INSTANCES)
    this.#instances = [past, ...Array.from({ length: count - 1 }, () => past.fork())]
    this.#shownTo = new Map(peers.map((peer) => [peer, random.int(0, count - 1)]))
  }
}
