/**
 * @module bench/support/measure
 *
 * Times contenders in turns, so that what else the machine does falls on all of them alike.
 */

import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

export interface Contender {
  readonly name: string
  /** One run; gives what it took, without preparation. */
  readonly run: () => Promise<number>
  /** Compiled beforehand: needs no runs that do not count. */
  readonly isCompiled?: boolean
}

export const MIN_ROUNDS = 5
const WARM_UP_ROUNDS = 3

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2
}

/** The median milliseconds of each, after runs that do not count: the compiler gets to know the work first. */
export async function takeTurns(contenders: readonly Contender[], rounds = MIN_ROUNDS): Promise<Map<string, number>> {
  const times = new Map<string, number[]>(contenders.map(({ name }) => [name, []]))
  for (let round = -WARM_UP_ROUNDS; round < rounds; round += 1) {
    for (const { name, run, isCompiled = false } of contenders) {
      if (round < 0 && isCompiled) continue
      collectGarbage()
      const ms = await run()
      if (round >= 0) times.get(name)?.push(ms)
    }
  }
  return new Map([...times].map(([name, list]) => [name, median(list)]))
}

/** Milliseconds that `work` takes. */
export async function timed(work: () => unknown): Promise<number> {
  const begin = performance.now()
  await work()
  return performance.now() - begin
}

let collect: (() => void) | undefined

export function collectGarbage(): void {
  if (collect === undefined) {
    setFlagsFromString('--expose-gc')
    collect = runInNewContext('gc') as () => void
  }
  collect()
}

/** Bytes of heap in use after a collection. */
export function heapBytes(): number {
  collectGarbage()
  collectGarbage()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
