/**
 * @module bench/main
 *
 * `npm run bench`: medians of at least five rounds, in which contenders take turns; the reference crates take part where cargo is present.
 */

import { cpus, totalmem } from 'node:os'
import { Argument, Command } from 'commander'
import { UsageError } from '../src/cli/usage-error.ts'
import { wholeNumber } from '../src/cli/whole-number.ts'
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

interface Options {
  readonly rounds: number
  readonly json?: boolean
}

async function run(name: string, path: string | undefined, { rounds, json = false }: Options): Promise<void> {
  const chosen = name === 'all' ? [...SUITES] : [...SUITES].filter(([suiteName]) => suiteName === name)
  const options: SuiteOptions = { path, rounds, say: (text) => process.stderr.write(`${text}\n`) }
  const tables: (Table & { readonly suite: string })[] = []
  const here = machine()
  if (!json) console.log(`Node ${here.node}, ${here.cores} cores (${here.cpu}), ${here.memoryGiB} GiB\n`)
  for (const [suiteName, load] of chosen) {
    const { suite } = await load()
    for await (const table of tablesOf(suite(options))) {
      tables.push({ suite: suiteName, ...table })
      if (!json) console.log(tableText(table))
    }
  }
  if (json) console.log(JSON.stringify({ machine: here, rounds, tables }, null, 2))
}

const program = new Command('npm run bench --')
  .description(
    'What things cost here, beside the reference where cargo is present. What counts are the ratios of one run.',
  )
  .addArgument(new Argument('[suite]', 'what to measure').choices([...SUITES.keys(), 'all']).default('all'))
  .argument('[path]', 'parsec, malice: a transcript, or a folder of those called long-*; order: throughput')
  .option('--rounds <n>', 'rounds of each contender', wholeNumber('--rounds', 1), MIN_ROUNDS)
  .option('--json', 'one JSON object, at the end')
  .action(run)

try {
  await program.parseAsync()
} catch (error) {
  if (!(error instanceof UsageError)) throw error
  program.error(`error: ${error.message}`, { exitCode: 2 })
}
