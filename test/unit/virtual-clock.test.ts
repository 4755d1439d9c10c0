import fc from 'fast-check'
import { expect, it } from 'vitest'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'

it('wakes in order of time, then of scheduling, at the time due, and never what was cancelled', () => {
  const wakes = fc.array(fc.record({ atMs: fc.nat(40), cancel: fc.boolean() }), { maxLength: 50 })
  fc.assert(
    fc.property(wakes, fc.array(fc.nat(15), { minLength: 1, maxLength: 6 }), (wanted, steps) => {
      const clock = new VirtualClock()
      const woken: { i: number; nowMs: number }[] = []
      const cancels = wanted.map(({ atMs }, i) => clock.schedule(atMs, () => woken.push({ i, nowMs: clock.nowMs() })))
      for (const [i, { cancel }] of wanted.entries()) if (cancel) cancels[i]?.()
      for (const step of steps) clock.advanceBy(step)
      const due = [...wanted.entries()].filter(([, wake]) => !wake.cancel && wake.atMs <= clock.nowMs())
      const expected = due.toSorted(([i, a], [j, b]) => a.atMs - b.atMs || i - j)
      expect(woken).toEqual(expected.map(([i, { atMs }]) => ({ i, nowMs: atMs })))
    }),
  )
})

it('runs what a wake schedules within the same advance, also into the past, and cancelling twice does no harm', async () => {
  const clock = new VirtualClock(1000)
  const woken: string[] = []
  const cancel = clock.schedule(1005, () => {
    woken.push('first')
    clock.schedule(3, () => woken.push(`late at ${clock.nowMs()}`))
    void Promise.resolve().then(() => clock.schedule(1008, () => woken.push('from a promise')))
  })
  clock.schedule(1006, cancel)
  await clock.advance(10)
  expect(woken).toEqual(['first', 'late at 1005', 'from a promise'])
  expect(clock.nowMs()).toBe(1010)
  expect(clock.scheduledCount).toBe(0)
  expect(clock.runNext()).toBe(false)
})
