/**
 * @module cli/demo/command
 *
 * `witan demo [FILE]`: the main job on the embedded log, with nothing to install. Prints what happens as it happens;
 * exit code 1 when any peer, or any state rebuilt from a log, disagrees.
 */

import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { Command } from 'commander'
import { UsageError } from '../usage-error.ts'
import { BallotsPrinter } from './ballots/printer.ts'
import { readProposals } from './ballots/proposals-file.ts'
import { BallotsRun } from './ballots/run.ts'
import { type BallotsVerdict, judge } from './ballots/verdict.ts'
import { OrderPrinter } from './order/printer.ts'
import { OrderRun } from './order/run.ts'
import { judgeOrder, type OrderVerdict } from './order/verdict.ts'

const EXAMPLE = 'examples/proposals.jsonl'

interface DemoOptions {
  readonly data?: string
  readonly json?: true
}

export function demoCommand(): Command {
  return new Command('demo')
    .description(
      'four peers, a process each, decide the proposals of a file, then agree on one order of payments; some are killed',
    )
    .argument('[file]', 'proposals, one JSON object a line: {"name", "payload", "owner"?, "votes"?, "expiresInSec"?}')
    .option(
      '--data <folder>',
      'where the peers keep their logs; must be new or empty (default: a temporary folder, removed at the end)',
    )
    .option('--json', 'one JSON object a line for each thing that happens, the verdict last')
    .exitOverride()
    .action(async (file: string | undefined, options: DemoOptions) => {
      const folder = options.data === undefined ? mkdtempSync(join(tmpdir(), 'witan-demo-')) : emptyFolder(options.data)
      try {
        const ballots = await runBallots(file, options, join(folder, 'ballots'))
        const order = await runOrder(options, join(folder, 'order'))
        if (!ballots.agreed || !order.agreed) process.exitCode = 1
      } finally {
        if (options.data === undefined) rmSync(folder, { recursive: true, force: true })
      }
    })
}

async function runBallots(file: string | undefined, options: DemoOptions, folder: string): Promise<BallotsVerdict> {
  const proposals = readProposals(file ?? join(packageRoot(), EXAMPLE))
  const printer = new BallotsPrinter({ isJson: options.json === true, proposals })
  printer.begin(file ?? EXAMPLE)
  const run = new BallotsRun(proposals, folder, (event) => printer.event(event))
  const verdict = await judge(await run.run(), run.results)
  printer.verdict(verdict, options.data === undefined ? undefined : folder)
  return verdict
}

async function runOrder(options: DemoOptions, folder: string): Promise<OrderVerdict> {
  const printer = new OrderPrinter(options.json === true)
  printer.begin()
  const run = new OrderRun(folder, (event) => printer.event(event))
  await run.run()
  const verdict = await judgeOrder(run)
  printer.verdict(verdict, options.data === undefined ? undefined : folder)
  return verdict
}

/** The demonstration starts from nothing, and never writes into what is there already. */
function emptyFolder(path: string): string {
  const folder = resolve(path)
  try {
    mkdirSync(folder, { recursive: true })
    const found = readdirSync(folder)
    if (found.length === 0) return folder
    throw new UsageError(
      `--data ${path}: the folder is not empty (it holds ${found[0]}); name a new one, or remove what is there`,
    )
  } catch (error) {
    if (error instanceof UsageError) throw error
    throw new UsageError(`--data ${path}: cannot use this folder: ${(error as Error).message}`)
  }
}

/** The folder of package.json, above this file both as compiled and as written. */
function packageRoot(): string {
  let folder = import.meta.dirname
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder)
  return folder
}
