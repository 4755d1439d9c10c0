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
/** Short work gets more rounds: the compiler wants to see it often, and the median many of it. */
const MIN_WARM_UP_MS = 2_000
const MIN_MEASURED_MS = 2_000

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2
}

/** The median milliseconds of each, after runs that do not count: the compiler gets to know the work first. */
export async function takeTurns(contenders: readonly Contender[], rounds = MIN_ROUNDS): Promise<Map<string, number>> {
  const slow = contenders.filter(({ isCompiled = false }) => !isCompiled)
  await repeat(slow, WARM_UP_ROUNDS, slow.length * MIN_WARM_UP_MS)
  const times = await repeat(contenders, rounds, contenders.length * MIN_MEASURED_MS)
  return new Map([...times].map(([name, list]) => [name, median(list)]))
}

/** At least so many rounds, and for at least so long. */
async function repeat(contenders: readonly Contender[], rounds: number, ms: number): Promise<Map<string, number[]>> {
  const times = new Map<string, number[]>(contenders.map(({ name }) => [name, []]))
  let spentMs = 0
  for (let round = 0; contenders.length > 0 && (round < rounds || spentMs < ms); round += 1) {
    for (const { name, run } of contenders) {
      collectYoungGarbage()
      const ms = await run()
      times.get(name)?.push(ms)
      spentMs += ms
    }
  }
  return times
}

/** Milliseconds that `work` takes. */
export async function timed(work: () => unknown): Promise<number> {
  const begin = performance.now()
  await work()
  return performance.now() - begin
}

let collect: ((options?: { readonly type: 'minor' }) => void) | undefined

function collector(): NonNullable<typeof collect> {
  if (collect === undefined) {
    setFlagsFromString('--expose-gc')
    collect = runInNewContext('gc') as NonNullable<typeof collect>
  }
  return collect
}

/**
 * Before a run, so that it does not pay for another's garbage. Not a full collection: between runs no engine is left, and
 * it would throw away what was compiled for their classes, which no process that goes on ever does.
 */
function collectYoungGarbage(): void {
  collector()({ type: 'minor' })
}

function collectGarbage(): void {
  collector()()
}

/** Bytes of heap in use after a collection. */
export function heapBytes(): number {
  collectGarbage()
  collectGarbage()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
