/**
 * @module engine/system-clock
 *
 * The machine's clock. A wait longer than Node's timers can hold (24.8 days) is cut into several.
 */

import type { Clock } from '../ports/clock.ts'

const LONGEST_TIMER_MS = 2 ** 31 - 1

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  schedule(atMs, wake) {
    let timer: NodeJS.Timeout
    const arm = (): void => {
      const leftMs = atMs - Date.now()
      timer =
        leftMs <= 0
          ? setTimeout(wake, 0)
          : setTimeout(leftMs > LONGEST_TIMER_MS ? arm : again, Math.min(leftMs, LONGEST_TIMER_MS))
      timer.unref()
    }
    // A timer may fire a little early, and the clock may have been set back meanwhile.
    const again = (): void => (Date.now() >= atMs ? wake() : arm())
    arm()
    return () => clearTimeout(timer)
  },
}
