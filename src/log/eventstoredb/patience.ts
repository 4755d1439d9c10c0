/**
 * @module log/eventstoredb/patience
 *
 * Waiting with a bound: for an answer, and between tries.
 */

import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import { NoAnswer } from './failures.ts'

export interface Patience {
  /** All tries of one operation together. */
  readonly timeoutMs: number
  /** One try. */
  readonly attemptTimeoutMs: number
  /** Between tries: at first, doubled after each, up to the maximum. */
  readonly retryDelayMs: number
  readonly maxRetryDelayMs: number
}

/** Counts from the last success. */
export class Backoff {
  readonly #patience: Patience
  #delayMs: number
  #since: number

  constructor(patience: Patience) {
    this.#patience = patience
    this.#delayMs = patience.retryDelayMs
    this.#since = performance.now()
  }

  succeeded(): void {
    this.#delayMs = this.#patience.retryDelayMs
    this.#since = performance.now()
  }

  /** What is left of the operation's time. */
  get leftMs(): number {
    return this.#patience.timeoutMs - (performance.now() - this.#since)
  }

  /** How long the next try may take. */
  get attemptMs(): number {
    return Math.ceil(Math.max(1, Math.min(this.#patience.attemptTimeoutMs, this.leftMs)))
  }

  /** Whether a try begun now would have a fair chance to be answered. */
  get isSpent(): boolean {
    return this.leftMs < Math.min(this.#patience.attemptTimeoutMs, this.#patience.timeoutMs) / 4
  }

  /** Ends early, quietly, when the signal is raised. */
  async pause(signal?: AbortSignal): Promise<void> {
    const delayMs = this.#delayMs
    this.#delayMs = Math.min(delayMs * 2, this.#patience.maxRetryDelayMs)
    await sleep(delayMs, undefined, signal === undefined ? {} : { signal }).catch(() => undefined)
  }
}

/**
 * Starts in a fresh turn of the event loop and rejects with `NoAnswer` after so long. The fresh turn matters: where a
 * call fails the client closes its channel some microtasks later, and a call that starts in between throws out of
 * reach of its caller.
 */
export async function answered<Answer>(timeoutMs: number, ask: () => Promise<Answer>): Promise<Answer> {
  await nextTurn()
  let timer: NodeJS.Timeout | undefined
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new NoAnswer(`no answer within ${timeoutMs} ms`)), timeoutMs)
  })
  try {
    return await Promise.race([ask(), tooLate])
  } finally {
    clearTimeout(timer)
  }
}
