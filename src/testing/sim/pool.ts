/**
 * @module testing/sim/pool
 *
 * Runs jobs on threads, one at a time on each, so that the thread that was asked stays free to report and to be stopped.
 * Works on compiled code only, as `npm run sim` does.
 */

import { Worker } from 'node:worker_threads'
import type { SimJob, SimOutcome } from './job.ts'

interface Waiting {
  readonly job: SimJob
  readonly resolve: (outcome: SimOutcome) => void
  readonly reject: (error: Error) => void
}

export class SimPool {
  readonly #waiting: Waiting[] = []
  readonly #threads: Worker[] = []
  readonly #idle: Worker[] = []

  constructor(threads: number) {
    for (let i = 0; i < threads; i += 1) {
      const worker = new Worker(new URL('./worker.js', import.meta.url))
      this.#threads.push(worker)
      this.#idle.push(worker)
    }
  }

  run(job: SimJob): Promise<SimOutcome> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ job, resolve, reject })
      this.#next()
    })
  }

  /** Ends the threads, whatever they are at. */
  async close(): Promise<void> {
    await Promise.all(this.#threads.map((worker) => worker.terminate()))
  }

  #next(): void {
    const worker = this.#idle.at(-1)
    const waiting = this.#waiting[0]
    if (worker === undefined || waiting === undefined) return
    this.#idle.pop()
    this.#waiting.shift()
    const { job, resolve, reject } = waiting
    const fail = (error: Error): void => reject(error)
    worker.once('error', fail)
    worker.once('message', (outcome: SimOutcome) => {
      worker.off('error', fail)
      this.#idle.push(worker)
      resolve(outcome)
      this.#next()
    })
    worker.postMessage(job, [])
  }
}
