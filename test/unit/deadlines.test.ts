import fc from 'fast-check'
import { expect, it } from 'vitest'
import { Deadlines } from '../../src/engine/deadlines.ts'
import type { Clock } from '../../src/ports/clock.ts'

class ManualClock implements Clock {
  now = 0
  timers: { atMs: number; wake: () => void }[] = []

  nowMs(): number {
    return this.now
  }

  schedule(atMs: number, wake: () => void): () => void {
    const timer = { atMs, wake }
    this.timers.push(timer)
    return () => {
      this.timers = this.timers.filter((other) => other !== timer)
    }
  }

  advance(toMs: number): void {
    this.now = toMs
    for (;;) {
      const due = this.timers.find((timer) => timer.atMs <= toMs)
      if (due === undefined) return
      this.timers = this.timers.filter((timer) => timer !== due)
      due.wake()
    }
  }
}

it('wakes each armed deadline once, in order, never early, and never a disarmed one; on one timer', () => {
  const entries = fc.array(fc.record({ atMs: fc.nat(50), disarm: fc.boolean() }), { maxLength: 60 })
  fc.assert(
    fc.property(entries, fc.array(fc.nat(60), { minLength: 1, maxLength: 10 }), (wanted, steps) => {
      const clock = new ManualClock()
      const deadlines = new Deadlines(clock)
      const woken: number[] = []
      const disarms = wanted.map(({ atMs }, i) => deadlines.arm(atMs, () => woken.push(i)))
      for (const [i, { disarm }] of wanted.entries()) if (disarm) disarms[i]?.()
      for (const toMs of steps.toSorted((a, b) => a - b)) {
        clock.advance(toMs)
        expect(clock.timers.length).toBeLessThanOrEqual(1)
        const due = [...wanted.entries()].filter(([, entry]) => !entry.disarm && entry.atMs <= toMs)
        expect(woken).toEqual(due.toSorted(([i, a], [j, b]) => a.atMs - b.atMs || i - j).map(([i]) => i))
      }
    }),
  )
})

it('lets a deadline arm another while it passes', () => {
  const clock = new ManualClock()
  const deadlines = new Deadlines(clock)
  const woken: string[] = []
  deadlines.arm(10, () => {
    woken.push('first')
    deadlines.arm(5, () => woken.push('second'))
  })
  clock.advance(10)
  expect(woken).toEqual(['first', 'second'])
  expect(clock.timers).toEqual([])
})
