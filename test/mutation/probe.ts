/**
 * The fast part of the tests: run in a copy of the tree that holds a mutation. Ends with 1 at the first failure.
 *
 * First what kills most for the least time.
 */

import { createHash } from 'node:crypto'
import { runFile } from '../../src/testing/conformance/run.ts'
import { compareOrders } from '../../src/testing/network/order.ts'
import { DEFAULT_RUN, randomOptions, runNetwork } from '../../src/testing/network/run.ts'
import { SeededRandom } from '../../src/testing/seeded-random.ts'
import { ORDERS_THAT_DIFFER } from '../support/parsec/orders.ts'

const TRANSCRIPTS = [
  'static-1-single',
  'static-2-single',
  'static-4-supermajority',
  'fork-4-single',
  'directed-odd-votes',
  'fork-5-single',
  'fork-7-supermajority',
  'remove-5-supermajority',
  'forge-7041',
  'member-7145',
  'malice-fork-shown-apart-undetected',
  'grow-1-to-5-single',
  'minority-vote',
]

const hash = (bytes: Uint8Array): Uint8Array => new Uint8Array(createHash('sha3-256').update(bytes).digest())

function fail(what: string): never {
  process.stdout.write(`${what}\n`)
  process.exit(1)
}

async function transcripts(): Promise<void> {
  for (const name of TRANSCRIPTS) {
    const file = new URL(`../conformance/parsec/${name}.json.gz`, import.meta.url).pathname
    const { status, detail } = await runFile(file)
    if (status !== 'passed') fail(`${name}: ${detail}`)
  }
}

function orders(): void {
  for (const seed of ORDERS_THAT_DIFFER) {
    const { agrees } = compareOrders(seed, { vertices: 250, orders: 4, hash })
    if (!agrees.none) fail(`blocks of graph ${seed} depend on the order of its events`)
  }
}

function networks(): void {
  for (let i = 0; i < 3; i += 1) {
    const options = randomOptions(new SeededRandom(`probe ${i}`), hash)
    const { seed, violations } = runNetwork(options, { ...DEFAULT_RUN, periods: 2, minEvents: 0, ticks: 90 })
    if (violations.length > 0) fail(`network ${seed}: ${violations.join('; ')}`)
  }
}

await transcripts()
orders()
networks()
