/**
 * @module cli/sim/command
 *
 * `witan sim`, and `npm run sim` in this repository: many seeds, or one again; every planted bug; a crash at every dealing with the outside.
 * Stopped early, it prints the summary so far.
 */

import { availableParallelism } from 'node:os'
import { Command, Option } from 'commander'
import type { SimJob, SimOutcome } from '../../testing/sim/job.ts'
import { PLANTS, type PlantName } from '../../testing/sim/plants.ts'
import { SimPool } from '../../testing/sim/pool.ts'
import { failureText, SimReport } from '../../testing/sim/report.ts'
import type { Scenario, WorkloadName } from '../../testing/sim/scenario.ts'
import { sweepJob } from '../../testing/sim/sweep.ts'
import { WORKLOADS } from '../../testing/sim/workloads/index.ts'
import { line } from '../output.ts'
import { wholeNumber } from '../whole-number.ts'
import { readScenario } from './scenario-option.ts'

interface Options {
  readonly seeds: number
  readonly from: number
  readonly seed?: number
  readonly jobs: number
  readonly idleHours?: number
  readonly scenario?: Partial<Scenario>
  readonly plant?: PlantName
  readonly workload?: WorkloadName
  readonly plants?: boolean
  readonly sweep?: boolean
  readonly json?: boolean
}

/** Some planted bugs need several tries, as the others make up for them. */
const PLANT_TRIES = 8
const PROGRESS_EVERY_MS = 10_000

class Run {
  readonly #options: Options
  readonly #pool: SimPool
  readonly #threads: number
  readonly #report: SimReport
  #saidMs = Date.now()
  #isOver = false

  constructor(options: Options) {
    this.#options = options
    this.#threads = options.seed === undefined ? options.jobs : 1
    this.#pool = new SimPool(this.#threads)
    const { seed, sweep, scenario, workload = 'payloads' } = options
    const isWhole = seed === undefined && sweep !== true && scenario === undefined
    this.#report = new SimReport(Date.now(), isWhole ? workload : undefined)
    for (const [signal, code] of [
      ['SIGINT', 130],
      ['SIGTERM', 143],
    ] as const) {
      process.once(signal, () => {
        line('stopped early:')
        void this.#finish(code)
      })
    }
  }

  async go(): Promise<void> {
    await this.#finish((await this.#isGood()) ? 0 : 1)
  }

  #isGood(): Promise<boolean> {
    const { plants, sweep } = this.#options
    if (plants === true) return this.#plants()
    return sweep === true ? this.#sweep() : this.#seeds()
  }

  async #finish(code: number): Promise<void> {
    if (this.#isOver) return
    this.#isOver = true
    const { json, plants } = this.#options
    if (plants !== true) line(json === true ? this.#report.json(Date.now()) : this.#report.text(Date.now()))
    process.exitCode = code
    await this.#pool.close()
  }

  async #seeds(): Promise<boolean> {
    const { seed, seeds, from, idleHours, scenario, plant, workload } = this.#options
    const count = seed === undefined ? seeds : 1
    const first = seed ?? from
    const given: Omit<SimJob, 'seed'> = {
      ...(idleHours === undefined ? {} : { idleHours }),
      ...(scenario === undefined ? {} : { scenario }),
      ...(plant === undefined ? {} : { plant }),
      ...(workload === undefined ? {} : { workload }),
      ...(seed === undefined ? {} : { wantsDigest: true }),
    }
    let next = 0
    await this.#onEachThread(async () => {
      while (next < count && !this.#isOver) {
        next += 1
        this.#take(await this.#pool.run({ ...given, seed: first + next - 1 }), count)
      }
    })
    return this.#report.isGood
  }

  /** A crash at the first dealing, at the second, and so on until there are no more. */
  async #sweep(): Promise<boolean> {
    let next = 1
    let isPast = false
    await this.#onEachThread(async () => {
      while (!isPast && !this.#isOver) {
        next += 1
        const outcome = await this.#pool.run(sweepJob(this.#options.from, next - 1))
        if (outcome.counts.crashes === 0 && outcome.violation === undefined) isPast = true
        else this.#take(outcome)
      }
    })
    return this.#report.isGood
  }

  async #plants(): Promise<boolean> {
    const names = Object.keys(PLANTS) as PlantName[]
    let found = 0
    await this.#onEachThread(async () => {
      for (let name = names.shift(); name !== undefined && !this.#isOver; name = names.shift()) {
        if (await this.#findPlant(name)) found += 1
      }
    })
    const total = Object.keys(PLANTS).length
    line(`${found} of ${total} planted bugs found`)
    return found === total
  }

  async #findPlant(plant: PlantName): Promise<boolean> {
    for (let seed = 1; seed <= PLANT_TRIES; seed += 1) {
      const { violation } = await this.#pool.run({ seed, plant })
      if (violation === undefined) continue
      const isMeant = PLANTS[plant].finds.some((rule) => rule === violation.rule)
      line(`${isMeant ? 'found ' : 'WRONG '} ${plant.padEnd(30)} seed ${seed}: ${violation.what.split('\n')[0]}`)
      return isMeant
    }
    line(`MISSED ${plant}`)
    return false
  }

  async #onEachThread(work: () => Promise<void>): Promise<void> {
    await Promise.all(Array.from({ length: this.#threads }, () => work()))
  }

  #take(outcome: SimOutcome, total?: number): void {
    this.#report.add(outcome)
    const { json } = this.#options
    if (json === true) return
    if (outcome.violation !== undefined) line(failureText(outcome))
    if (outcome.digest !== undefined) line(`digest ${outcome.digest}`)
    if (Date.now() < this.#saidMs + PROGRESS_EVERY_MS) return
    this.#saidMs = Date.now()
    line(`... ${this.#report.runs}${total === undefined ? '' : ` of ${total}`} seeds`)
  }
}

export function simCommand(): Command {
  return new Command('sim')
    .description('simulates whole groups of peers with every fault there is; a seed replays exactly')
    .option('--seeds <count>', 'how many seeds', wholeNumber('--seeds', 1), 50)
    .option('--from <seed>', 'the first of them', wholeNumber('--from'), 1)
    .option('--seed <seed>', 'this one only', wholeNumber('--seed'))
    .option('--jobs <threads>', 'seeds at a time', wholeNumber('--jobs', 1), availableParallelism())
    .option(
      '--idle-hours <hours>',
      'virtual hours of idleness at the end of each; as each seed draws it otherwise',
      wholeNumber('--idle-hours'),
    )
    .option('--scenario <json>', 'parts of the scenario, in place of what the seed would draw', readScenario)
    .addOption(new Option('--plant <bug>', 'plants a bug; the run must find it').choices(Object.keys(PLANTS)))
    .addOption(
      new Option('--workload <name>', 'what is asked of the peers; payloads otherwise').choices(Object.keys(WORKLOADS)),
    )
    .option('--plants', 'plants each bug in turn; all must be found')
    .option('--sweep', 'crashes a peer at each dealing with the outside in turn, and again while it recovers')
    .option('--json', 'the summary as JSON')
    .exitOverride()
    .action(async (options: Options) => new Run(options).go())
}
