/**
 * @module bench/main
 *
 * `npm run bench -- SUITE [PATH] [--rounds N] [--json]`: SUITE is ballots, safe, parsec, malice, log, order or all. Medians of at
 * least five rounds, in which contenders take turns; the reference crates take part where cargo is present.
 */

import { cpus, totalmem } from 'node:os'
import { parseArgs } from 'node:util'
import { MIN_ROUNDS } from './support/measure.ts'
import { type Suite, type SuiteOptions, type Table, tablesOf, tableText } from './support/report.ts'

const SUITES: ReadonlyMap<string, () => Promise<{ readonly suite: Suite }>> = new Map([
  ['ballots', () => import('./ballots.ts')],
  ['parsec', () => import('./parsec.ts')],
  ['log', () => import('./log.ts')],
  ['malice', () => import('./malice.ts')],
  ['order', () => import('./order.ts')],
  ['safe', () => import('./safe.ts')],
])

interface Machine {
  readonly node: string
  readonly cores: number
  readonly cpu: string
  readonly memoryGiB: number
}

function machine(): Machine {
  const [first] = cpus()
  return {
    node: process.version,
    cores: cpus().length,
    cpu: first?.model ?? 'unknown',
    memoryGiB: Math.round(totalmem() / 2 ** 30),
  }
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { json: { type: 'boolean', default: false }, rounds: { type: 'string', default: String(MIN_ROUNDS) } },
  })
  const [name = 'all', path] = positionals
  const chosen = name === 'all' ? [...SUITES.keys()] : [name]
  const rounds = Number(values.rounds)
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error('--rounds wants a positive number')
  const options: SuiteOptions = { path, rounds, say: (text) => process.stderr.write(`${text}\n`) }
  const tables: (Table & { readonly suite: string })[] = []
  const here = machine()
  if (!values.json) console.log(`Node ${here.node}, ${here.cores} cores (${here.cpu}), ${here.memoryGiB} GiB\n`)
  for (const suiteName of chosen) {
    const load = SUITES.get(suiteName)
    if (load === undefined) throw new Error(`no suite ${suiteName}; there are ${[...SUITES.keys()].join(', ')}, all`)
    const { suite } = await load()
    for await (const table of tablesOf(suite(options))) {
      tables.push({ suite: suiteName, ...table })
      if (!values.json) console.log(tableText(table))
    }
  }
  if (values.json) console.log(JSON.stringify({ machine: here, rounds, tables }, null, 2))
}

await main()
