import { describe, expect, it } from 'vitest'
import { NoticeQueue } from '../../src/engine/notices.ts'
import { StreamWriter } from '../../src/engine/stream-writer.ts'
import { APPEND_LIMITS, type EventLog, LogError, type NewFact, type Revision } from '../../src/ports/event-log.ts'

const fact = (text: string): NewFact => ({
  type: 'Noted',
  data: { text },
  metadata: { schemaVersion: 1, $correlationId: 'c', $causationId: 'c' },
})

/** An append gate: each call waits until the test lets it pass or fail. */
function gate() {
  const calls: { facts: readonly NewFact[]; expected: Revision; pass: () => void; fail: (error: Error) => void }[] = []
  const log: Pick<EventLog, 'append'> = {
    append: (_stream, facts, expected) =>
      new Promise((resolve, reject) => {
        calls.push({ facts, expected, pass: () => resolve(expected + facts.length), fail: reject })
      }),
  }
  return { calls, log: log as EventLog }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const texts = (facts: readonly NewFact[]): unknown[] => facts.map(({ data }) => data['text'])

describe('StreamWriter', () => {
  it('appends one group at a time and commits together what came meanwhile, in order', async () => {
    const { calls, log } = gate()
    const writer = new StreamWriter(log, 's', -1)
    const first = writer.append([fact('a')])
    await turn()
    const second = writer.append([fact('b'), fact('c')])
    const third = writer.append([fact('d')])
    await turn()
    expect(calls.map((call) => texts(call.facts))).toEqual([['a']])
    calls[0]?.pass()
    expect(await first).toBe(0)
    await turn()
    expect(calls.slice(1).map((call) => [texts(call.facts), call.expected])).toEqual([[['b', 'c', 'd'], 0]])
    calls[1]?.pass()
    expect(await Promise.all([second, third])).toEqual([3, 3])
    await writer.settled()
    expect(writer.revision).toBe(3)
  })

  it('never splits a group, and keeps an append within the bounds of the log', async () => {
    const { calls, log } = gate()
    const writer = new StreamWriter(log, 's', -1)
    const groups = [300, 150, 100, 1].map((length) => Array.from({ length }, () => fact('x')))
    const large = [fact('y'.repeat(600 * 1024)), fact('z'.repeat(600 * 1024))]
    const done = [...groups.map((group) => writer.append(group)), ...large.map((one) => writer.append([one]))]
    for (let i = 0; i < 4; i += 1) {
      await turn()
      calls[i]?.pass()
    }
    await Promise.all(done)
    expect(calls.map((call) => call.facts.length)).toEqual([450, 102, 1])
    for (const call of calls) expect(call.facts.length).toBeLessThanOrEqual(APPEND_LIMITS.maxFacts)
  })

  it('fails all that is not durable, refuses more until restarted, then goes on', async () => {
    const { calls, log } = gate()
    const writer = new StreamWriter(log, 's', 4)
    const first = writer.append([fact('a')])
    await turn()
    const second = writer.append([fact('b')])
    const full = new LogError({ code: 'LogFull' }, 'full')
    calls[0]?.fail(full)
    await expect(first).rejects.toBe(full)
    await expect(second).rejects.toBe(full)
    await expect(writer.append([fact('c')])).rejects.toBe(full)
    await writer.settled()
    writer.restart(4)
    const again = writer.append([fact('d')])
    await turn()
    calls[1]?.pass()
    expect(await again).toBe(5)
  })

  it('never writes again once fenced', async () => {
    const { calls, log } = gate()
    const writer = new StreamWriter(log, 's', 4)
    const first = writer.append([fact('a')])
    await turn()
    calls[0]?.fail(new LogError({ code: 'WrongExpectedRevision', stream: 's', expected: 4, actual: 5 }, 'fenced'))
    await expect(first).rejects.toThrow('fenced')
    await writer.settled()
    expect(writer.isFenced).toBe(true)
    expect(() => writer.restart(5)).toThrow('fenced')
    await expect(writer.append([fact('b')])).rejects.toThrow('fenced')
    expect(calls.length).toBe(1)
  })
})

describe('NoticeQueue', () => {
  it('publishes in order also when a subscriber causes more', () => {
    const seen: string[] = []
    const notices = new NoticeQueue()
    notices.publish(() => {
      notices.publish(() => seen.push('nested'))
      seen.push('outer')
    })
    notices.publish(() => seen.push('last'))
    expect(seen).toEqual(['outer', 'nested', 'last'])
  })

  it('goes on after a notice that throws, with what waited first', () => {
    const seen: string[] = []
    const notices = new NoticeQueue()
    const broken = (): void => {
      notices.publish(() => seen.push('waited'))
      throw new RangeError('its own')
    }
    expect(() => notices.publish(broken)).toThrow('its own')
    notices.publish(() => seen.push('next'))
    expect(seen).toEqual(['waited', 'next'])
  })
})
