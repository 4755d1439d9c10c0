/**
 * @module testing/network/order
 *
 * Order independence (parsec §5, Stronger): one graph, inserted in any topological order, gives the same blocks.
 */

import type { Compatibility } from '../../core/parsec/index.ts'
import { SeededRandom } from '../seeded-random.ts'
import { randomGraph, randomOrder, WrittenGraph } from './random-graph.ts'

export interface OrderReport {
  readonly blocks: number
  readonly hasForkers: boolean
  /** Whether all orders gave the same blocks. */
  readonly agrees: Readonly<Record<Compatibility, boolean>>
}

export interface OrderOptions {
  readonly vertices: number
  readonly orders: number
  readonly hash?: (bytes: Uint8Array) => Uint8Array
}

export function compareOrders(seed: string | number, { vertices, orders, hash }: OrderOptions): OrderReport {
  const random = new SeededRandom(seed)
  const graph = randomGraph(random.fork('graph'), vertices)
  const several = Array.from({ length: orders }, (_, i) => randomOrder(random.fork(`order ${i}`), graph))
  const blocksIn = (compatibility: Compatibility): readonly (readonly string[])[] => {
    const written = new WrittenGraph(graph, compatibility, hash)
    return several.map((order) => written.blocks(order))
  }
  const results = { none: blocksIn('none'), 'parsec-0.7': blocksIn('parsec-0.7') }
  return {
    blocks: results.none[0]?.length ?? 0,
    hasForkers: graph.forkers > 0,
    agrees: { none: agree(results.none), 'parsec-0.7': agree(results['parsec-0.7']) },
  }
}

function agree(all: readonly (readonly string[])[]): boolean {
  return new Set(all.map((keys) => keys.join())).size === 1
}
