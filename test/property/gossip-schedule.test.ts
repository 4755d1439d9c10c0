import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { GossipSchedule, SCHEDULE_DEFAULTS } from '../../src/core/parsec/gossip/schedule.ts'

const PEERS = ['a', 'b', 'c', 'd', 'e']
const { fanOut, gossipIntervalMs, answerTimeoutMs, silenceMs, summaryMs } = SCHEDULE_DEFAULTS

/** Drives a schedule through time; `answers` says whether and after how long a peer answers. */
function run(options: {
  readonly untilMs: number
  readonly isUndecided: (nowMs: number) => boolean
  readonly answerAfterMs: (peer: string) => number
  readonly newsAtMs?: readonly number[]
  readonly pick?: (count: number) => number
}) {
  const schedule = new GossipSchedule()
  schedule.setRecipients(PEERS)
  const gossip: { peer: string; atMs: number }[] = []
  const summaries: { peer: string; atMs: number }[] = []
  const answers: { peer: string; atMs: number }[] = []
  const unanswered = new Map<string, number>()
  let mostUnanswered = 0
  let nowMs = 0
  let plans = 0
  while (nowMs < options.untilMs) {
    for (const due of answers.splice(0)) {
      if (due.atMs > nowMs) answers.push(due)
      else {
        schedule.heard(due.peer, 'response')
        unanswered.delete(due.peer)
      }
    }
    if (options.newsAtMs?.includes(nowMs) === true) schedule.news(nowMs)
    const plan = schedule.plan(nowMs, options.isUndecided(nowMs), options.pick ?? (() => 0))
    plans += 1
    for (const peer of plan.silent) unanswered.delete(peer)
    for (const peer of plan.gossipTo) {
      schedule.asked(peer, nowMs)
      gossip.push({ peer, atMs: nowMs })
      unanswered.set(peer, nowMs)
      answers.push({ peer, atMs: nowMs + options.answerAfterMs(peer) })
    }
    for (const peer of plan.summariseTo) summaries.push({ peer, atMs: nowMs })
    mostUnanswered = Math.max(mostUnanswered, unanswered.size)
    expect(plan.wakeAtMs).toBeGreaterThan(nowMs)
    const happenings = [...answers.map(({ atMs }) => atMs), ...(options.newsAtMs ?? [])].filter((atMs) => atMs > nowMs)
    nowMs = Math.min(plan.wakeAtMs, ...happenings)
  }
  return { gossip, summaries, mostUnanswered, plans }
}

describe('the gossip schedule', () => {
  it('never has more requests unanswered than the fan-out, and starves nobody', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 5, maxLength: 5 }),
        fc.infiniteStream(fc.nat()),
        (delays, draws) => {
          const { gossip, mostUnanswered } = run({
            untilMs: 5_000,
            isUndecided: () => true,
            answerAfterMs: (peer) => delays[PEERS.indexOf(peer)] ?? 1,
            pick: (count) => (draws.next().value ?? 0) % count,
          })
          expect(mostUnanswered).toBeLessThanOrEqual(fanOut)
          for (const peer of PEERS) expect(gossip.filter((sent) => sent.peer === peer).length).toBeGreaterThanOrEqual(3)
        },
      ),
    )
  })

  it('sends news at once, to as many as the fan-out allows', () => {
    const { gossip } = run({
      untilMs: 500,
      isUndecided: (nowMs) => nowMs >= 100,
      answerAfterMs: () => 1,
      newsAtMs: [100],
    })
    expect(gossip.filter(({ atMs }) => atMs === 100).length).toBe(fanOut)
    expect(gossip.every(({ atMs }) => atMs >= 100)).toBe(true)
  })

  it('asks one after another at the stated interval while something is undecided', () => {
    const { gossip } = run({ untilMs: 1_000, isUndecided: () => true, answerAfterMs: () => 1 })
    for (let i = 1; i < gossip.length; i += 1)
      expect((gossip[i]?.atMs ?? 0) - (gossip[i - 1]?.atMs ?? 0)).toBe(gossipIntervalMs)
    expect(gossip.length).toBe(Math.ceil(1_000 / gossipIntervalMs))
  })

  it('asks a silent peer more and more rarely, and the others no less for it', () => {
    const hour = 3_600_000
    const { gossip } = run({
      untilMs: hour,
      isUndecided: () => true,
      answerAfterMs: (peer) => (peer === 'c' ? Number.POSITIVE_INFINITY : 1),
    })
    const toSilent = gossip.filter(({ peer }) => peer === 'c').map(({ atMs }) => atMs)
    expect(toSilent.length).toBeLessThanOrEqual(hour / silenceMs.most + 12)
    const gaps = toSilent.slice(1).map((atMs, i) => atMs - (toSilent[i] ?? 0))
    for (let i = 1; i < gaps.length; i += 1)
      expect(gaps[i]).toBeGreaterThanOrEqual((gaps[i - 1] ?? 0) - gossipIntervalMs)
    expect(Math.max(...gaps)).toBeLessThanOrEqual(silenceMs.most + answerTimeoutMs + gossipIntervalMs)
    expect(gossip.length).toBeGreaterThan((0.95 * hour) / gossipIntervalMs)
  })

  it('asks a silent peer at once when it is heard again, and then as if it had never been silent', () => {
    const schedule = new GossipSchedule()
    schedule.setRecipients(['a'])
    let nowMs = 0
    /** How long it is left alone after it gave no answer. */
    const quietMs = (isHeard: boolean): number => {
      schedule.asked('a', nowMs)
      nowMs += answerTimeoutMs
      let plan = schedule.plan(nowMs, true, () => 0)
      expect(plan.silent).toEqual(['a'])
      if (isHeard) schedule.heard('a', 'other')
      const foundMs = nowMs
      for (; plan.gossipTo.length === 0; plan = schedule.plan(nowMs, true, () => 0)) if (!isHeard) nowMs = plan.wakeAtMs
      return nowMs - foundMs
    }
    const { first } = silenceMs
    const quiet = [false, false, true, false, false].map(quietMs)
    expect(quiet).toEqual([first, 2 * first, 0, first, 2 * first])
  })

  it('goes on where the clock is set back, as if it had not been', () => {
    const schedule = new GossipSchedule({ ...SCHEDULE_DEFAULTS, fanOut: 1 })
    schedule.setRecipients(['a', 'b'])
    const back = 1_000_000
    expect(schedule.plan(back, true, () => 0).gossipTo).toEqual(['a'])
    schedule.asked('a', back)
    expect(schedule.plan(0, true, () => 0)).toMatchObject({ gossipTo: [], wakeAtMs: answerTimeoutMs })
    expect(schedule.plan(answerTimeoutMs, true, () => 0)).toMatchObject({ gossipTo: ['b'], silent: ['a'] })
    schedule.asked('b', answerTimeoutMs)
    schedule.heard('b', 'response')
    // Back once more: the pause between two requests and the silence of a last as long as before.
    const { wakeAtMs } = schedule.plan(0, true, () => 0)
    expect(wakeAtMs).toBe(gossipIntervalMs)
    expect(schedule.plan(wakeAtMs, true, () => 0).gossipTo).toEqual(['b'])
    expect(schedule.plan(silenceMs.first - 1, true, () => 0).gossipTo).toEqual(['b'])
    schedule.asked('b', silenceMs.first - 1)
    schedule.heard('b', 'response')
    expect(schedule.plan(silenceMs.first - 1 + gossipIntervalMs, true, () => 0).gossipTo).toEqual(['a'])
    schedule.news(back)
    expect(schedule.plan(0, false, () => 0).wakeAtMs).toBe(summaryMs.first)
  })

  it('is quiet when idle: no gossip in 24 hours, only summaries, ever more rarely, to everybody in turn', () => {
    const day = 86_400_000
    const { gossip, summaries, plans } = run({ untilMs: day, isUndecided: () => false, answerAfterMs: () => 1 })
    expect(gossip).toEqual([])
    expect(summaries.length).toBeLessThanOrEqual(day / summaryMs.most + 10)
    for (const peer of PEERS)
      expect(summaries.filter((sent) => sent.peer === peer).length).toBeGreaterThan(day / summaryMs.most / 6)
    expect(plans).toBeLessThanOrEqual(summaries.length + 2)
  })

  it('asks those last with whom it has just exchanged what they know', () => {
    const schedule = new GossipSchedule({ ...SCHEDULE_DEFAULTS, fanOut: 1 })
    schedule.setRecipients(['a', 'b', 'c'])
    const asked: string[] = []
    for (let nowMs = 0; asked.length < 3; nowMs += gossipIntervalMs) {
      for (const peer of schedule.plan(nowMs, true, () => 0).gossipTo) {
        schedule.asked(peer, nowMs)
        schedule.heard(peer, 'response')
        asked.push(peer)
      }
      if (asked.length === 1) schedule.heard('b', 'request')
    }
    expect(asked).toEqual(['a', 'c', 'a'])
  })

  it('forgets nobody whom it still may ask', () => {
    const schedule = new GossipSchedule()
    schedule.setRecipients(['a', 'b'])
    schedule.asked('a', 0)
    schedule.setRecipients(['a', 'c'])
    expect(schedule.plan(answerTimeoutMs, true, () => 0).silent).toEqual(['a'])
    schedule.setRecipients([])
    expect(schedule.plan(answerTimeoutMs + 1, true, () => 0).gossipTo).toEqual([])
  })
})
