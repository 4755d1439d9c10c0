/**
 * @module testing/sim/main
 *
 * `npm run sim -- --seeds N [--seed S] [--json]`: many seeds, or one again.
 */

import { Command, Option } from 'commander'
import { addCounts, missedFloors, noCounts } from './counts.ts'
import { PLANTS, type Plant, type PlantName } from './plants.ts'
import { type SimResult, simulate } from './run.ts'

interface Options {
  readonly seeds: string
  readonly seed?: string
  readonly from: string
  readonly idleHours: string
  readonly json?: boolean
  readonly plant?: string
}

const say = (line: string): void => {
  process.stdout.write(`${line}\n`)
}

function show(result: SimResult): void {
  const { seed, violation, scenario } = result
  if (violation === undefined) return
  say(`seed ${seed}: ${violation.message}`)
  say(`  ${JSON.stringify(scenario)}`)
  say(`  again: npm run sim -- --seed ${seed} --idle-hours ${scenario.idleHours}`)
}

function plantOf(name: string | undefined): Partial<Plant> {
  return name === undefined ? {} : PLANTS[name as PlantName]
}

async function run(options: Options): Promise<void> {
  const idleHours = Number(options.idleHours)
  const isOne = options.seed !== undefined
  const first = Number(options.seed ?? options.from)
  const seeds = isOne ? 1 : Number(options.seeds)
  const total = noCounts()
  const failures: SimResult[] = []
  const startedMs = Date.now()
  let slowestMs = 0
  for (let i = 0; i < seeds; i += 1) {
    const result = await simulate({ ...plantOf(options.plant), seed: first + i, idleHours })
    addCounts(total, result.counts)
    slowestMs = Math.max(slowestMs, result.convergedAfterMs)
    if (result.violation !== undefined) failures.push(result)
    if (options.json !== true) show(result)
    if (isOne && options.json !== true) say(`digest ${result.digest}`)
    if (process.stdout.isTTY && options.json !== true) process.stdout.write(`\r${i + 1}/${seeds} `)
  }
  const missed = isOne ? [] : missedFloors(total, seeds)
  const seconds = (Date.now() - startedMs) / 1000
  if (options.json === true) {
    const failed = failures.map(({ seed, violation }) => ({ seed, rule: violation?.code, what: violation?.message }))
    say(JSON.stringify({ seeds, seconds, slowestConvergenceMs: slowestMs, failed, missed, counts: total }))
  } else {
    say(`${seeds} seeds in ${seconds.toFixed(1)} s, ${failures.length} violations`)
    say(`slowest convergence after the faults: ${slowestMs} virtual ms`)
    for (const [name, count] of Object.entries(total)) say(`  ${name.padEnd(20)}${count}`)
    for (const floor of missed) say(`  too rare: ${floor}`)
  }
  process.exitCode = failures.length > 0 || missed.length > 0 ? 1 : 0
}

await new Command('sim')
  .description('simulates whole groups of peers with every fault there is; a seed replays exactly')
  .option('--seeds <count>', 'how many seeds', '50')
  .option('--from <seed>', 'the first of them', '1')
  .option('--seed <seed>', 'this one only')
  .option('--idle-hours <hours>', 'virtual hours of idleness at the end of each', '24')
  .addOption(new Option('--plant <bug>', 'plants a bug; the run must find it').choices(Object.keys(PLANTS)))
  .option('--json', 'the summary as JSON')
  .action(run)
  .parseAsync()
