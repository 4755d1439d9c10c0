/**
 * @module testing/sim/report
 *
 * What many runs add up to, as far as they got.
 */

import { addCounts, missedFloors, noCounts } from './counts.ts'
import type { SimOutcome } from './job.ts'
import type { WorkloadName } from './scenario.ts'

export class SimReport {
  readonly #startedMs: number
  readonly #floors: WorkloadName | undefined
  readonly #counts = noCounts()
  readonly #failures: SimOutcome[] = []
  #runs = 0
  #slowestMs = 0
  #fewestEvents = Number.POSITIVE_INFINITY
  #fewestElections = Number.POSITIVE_INFINITY

  /** `floors`: those of this workload; none for runs that are not meant to meet every fault. */
  constructor(nowMs: number, floors: WorkloadName | undefined) {
    this.#startedMs = nowMs
    this.#floors = floors
  }

  get runs(): number {
    return this.#runs
  }

  add(outcome: SimOutcome): void {
    this.#runs += 1
    addCounts(this.#counts, outcome.counts)
    this.#slowestMs = Math.max(this.#slowestMs, outcome.convergedAfterMs)
    if (outcome.violation !== undefined) {
      this.#failures.push(outcome)
      return
    }
    this.#fewestEvents = Math.min(this.#fewestEvents, outcome.counts.events)
    this.#fewestElections = Math.min(this.#fewestElections, outcome.counts.elections)
  }

  /** Nothing was broken, and nothing was too rare. */
  get isGood(): boolean {
    return this.#failures.length === 0 && this.#missed.length === 0
  }

  get #missed(): readonly string[] {
    return this.#floors === undefined ? [] : missedFloors(this.#counts, this.#runs, this.#floors)
  }

  text(nowMs: number): string {
    const seconds = (nowMs - this.#startedMs) / 1000
    const rate = (this.#runs / seconds).toFixed(2)
    return [
      `${this.#runs} seeds in ${seconds.toFixed(1)} s (${rate} seeds/s), ${this.#failures.length} violations`,
      `fewest in a seed: ${this.#fewestEvents} events, ${this.#fewestElections} elections`,
      `slowest convergence after the faults: ${this.#slowestMs} virtual ms`,
      ...Object.entries(this.#counts).map(([name, count]) => `  ${name.padEnd(20)}${count}`),
      ...this.#missed.map((floor) => `  too rare: ${floor}`),
      ...this.#failures.map((outcome) => failureText(outcome)),
    ].join('\n')
  }

  json(nowMs: number): string {
    return JSON.stringify({
      seeds: this.#runs,
      seconds: (nowMs - this.#startedMs) / 1000,
      slowestConvergenceMs: this.#slowestMs,
      fewestEvents: this.#fewestEvents,
      fewestElections: this.#fewestElections,
      failed: this.#failures.map(({ job, violation }) => ({ ...job, ...violation })),
      missed: this.#missed,
      counts: this.#counts,
    })
  }
}

/** What broke, and the command that repeats it. */
export function failureText({ job, violation, scenario }: SimOutcome): string {
  const { seed, plant, workload, idleHours, scenario: given } = job
  const command = [
    `npm run sim -- --seed ${seed}`,
    ...(idleHours === undefined ? [] : [`--idle-hours ${idleHours}`]),
    ...(workload === undefined ? [] : [`--workload ${workload}`]),
    ...(plant === undefined ? [] : [`--plant ${plant}`]),
    ...(given === undefined ? [] : [`--scenario '${JSON.stringify(given)}'`]),
  ].join(' ')
  return `seed ${seed}: ${violation?.what ?? 'no violation'}\n  ${JSON.stringify(scenario)}\n  again: ${command}`
}
