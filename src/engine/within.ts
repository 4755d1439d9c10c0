/**
 * @module engine/within
 *
 * Waits that end, one way or the other.
 */

import type { Clock } from '../ports/clock.ts'

interface Limit {
  readonly closeTimeoutMs: number
  readonly clock: Clock
}

/** Resolves when this is done, at the latest after so long; fails where it fails first. */
export async function within(done: Promise<void>, { closeTimeoutMs, clock }: Limit): Promise<void> {
  let cancel: (() => void) | undefined
  const timeout = new Promise<void>((resolve) => {
    cancel = clock.schedule(clock.nowMs() + closeTimeoutMs, resolve)
  })
  await Promise.race([done, timeout])
  cancel?.()
}

/** Resolves after so long, or as soon as the signal is aborted. */
export function pause(ms: number, clock: Clock, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      cancel()
      signal.removeEventListener('abort', end)
      resolve()
    }
    const cancel = clock.schedule(clock.nowMs() + ms, end)
    signal.addEventListener('abort', end)
  })
}
