import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { compareOrders, type OrderReport } from '../../src/testing/network/order.ts'
import { ORDERS_THAT_DIFFER } from '../support/parsec/orders.ts'

// More graphs: WITAN_GRAPHS=1000 npx vitest run test/property/parsec-order.test.ts
const GRAPHS = Number(process.env['WITAN_GRAPHS'] ?? 60)
const hash = (bytes: Uint8Array): Uint8Array => new Uint8Array(createHash('sha3-256').update(bytes).digest())

describe('one graph in any topological order', () => {
  const seeds = Array.from({ length: GRAPHS }, (_, i) => `g${i}`)
  const reports = new Map<string, OrderReport>()

  it('gives the same blocks (parsec §5, Stronger)', () => {
    for (const seed of new Set([...seeds, ...ORDERS_THAT_DIFFER])) {
      reports.set(seed, compareOrders(seed, { vertices: 250, orders: 4, hash }))
    }
    const dependent = [...reports].filter(([, { agrees }]) => !agrees.none).map(([seed]) => seed)
    expect(dependent).toEqual([])
  })

  it("does not always by the reference's rules", () => {
    const drawn = seeds.filter((seed) => reports.get(seed)?.agrees['parsec-0.7'] === false)
    const all = [...reports.values()]
    const counts = {
      graphs: all.length,
      withForkers: all.filter(({ hasForkers }) => hasForkers).length,
      blocks: all.reduce((sum, { blocks }) => sum + blocks, 0),
      differInCompatibility: all.filter(({ agrees }) => !agrees['parsec-0.7']).length,
      ofThemDrawnByLot: drawn.length,
    }
    process.stdout.write(`orders of one graph: ${JSON.stringify(counts)}\n`)
    expect(counts.withForkers).toBeGreaterThan(GRAPHS / 2)
    expect(counts.blocks).toBeGreaterThan(GRAPHS)
    expect(drawn.length).toBeGreaterThan(0)
    for (const seed of ORDERS_THAT_DIFFER) expect(reports.get(seed)).toMatchObject({ agrees: { 'parsec-0.7': false } })
  })
})
