/**
 * @module bench/ballots/growth
 *
 * What a vote costs as sessions and votes grow; what live sessions hold in memory; how fast a log is replayed.
 */

import { heapBytes, takeTurns, timed } from '../support/measure.ts'
import { perSecond, ratio, type SuiteOptions, type Table } from '../support/report.ts'
import type { RustTimers } from '../support/rust-timer.ts'
import { type LogKind, openSessions, serviceOn, sessionInputs, takeVotes, votesOf, withLog } from './input.ts'
import { ours } from './throughput.ts'

/** So many that nothing is decided. */
const UNDECIDED = 1_000_000
const SESSION_COUNTS = [1, 10, 100, 1000, 10_000] as const
const VOTE_COUNTS = [10, 100, 1000, 10_000] as const
/** Votes of a run, at least, so that short runs can be timed. */
const MIN_VOTES = 10_000
const SAMPLE_SESSIONS = 10_000
const SAMPLE_VOTES = 3
const REPLAYED_SESSIONS = 1000
const REPLAYED_VOTES = 10

const MICROSECONDS = 1000

export async function bySessions({ rounds, say }: SuiteOptions): Promise<Table> {
  const contenders = SESSION_COUNTS.map((sessions) => {
    const inputs = sessionInputs('always', sessions, Math.ceil(MIN_VOTES / sessions) + 1, UNDECIDED)
    return ours(String(sessions), 'memory', 'always', inputs)
  })
  say('cost of a vote by sessions')
  const times = await takeTurns(contenders, rounds)
  const rows = SESSION_COUNTS.map((sessions) => {
    const votes = sessions * (Math.ceil(MIN_VOTES / sessions) + 1)
    return [sessions, ((times.get(String(sessions)) ?? Number.NaN) / votes) * MICROSECONDS]
  })
  const notes = ['Live sessions, memory log, signatures that count as valid.']
  return { title: 'Cost of a vote, by number of sessions', columns: ['sessions', 'µs a vote'], rows, notes }
}

export async function byVotes({ rounds, say }: SuiteOptions, rust: RustTimers): Promise<Table> {
  const rows: Table['rows'][number][] = []
  for (const votes of VOTE_COUNTS) {
    say(`cost of a vote by votes in its session: ${votes}`)
    const sessions = Math.max(1, MIN_VOTES / votes)
    const args = ['--scheme', 'always', '--voters', String(votes), '--sessions', String(sessions)]
    const crate = await rust.start('crate', args)
    const inputs = sessionInputs('always', sessions, votes)
    const times = await takeTurns([...crate, ours('ours', 'memory', 'always', inputs)], rounds)
    for (const timer of crate) await timer.close()
    const crateMs = times.get('crate')
    const ourMs = times.get('ours') ?? Number.NaN
    const cost = (ms: number) => (ms / (votes * sessions)) * MICROSECONDS
    rows.push([votes, crateMs === undefined ? '-' : cost(crateMs), cost(ourMs), ratio(crateMs, ourMs)])
  }
  return {
    title: 'Cost of a vote, by votes in its session',
    columns: ['votes', 'crate, µs a vote', 'µs a vote', 'ratio'],
    rows,
    notes: ['Memory log, signatures that count as valid; the mean over all votes of sessions with so many voters.'],
  }
}

export async function memory({ say }: SuiteOptions): Promise<Table> {
  say('heap of live sessions')
  const megabytes = await withLog('memory', async (log) => {
    await using service = serviceOn(log, 'always')
    // What the log keeps is counted too: with the embedded log it would be on disk.
    const before = heapBytes()
    await fill(service)
    return (heapBytes() - before) / 2 ** 20
  })
  const embedded = await withLog('embedded', async (log) => {
    await using service = serviceOn(log, 'always')
    const before = heapBytes()
    await fill(service)
    return (heapBytes() - before) / 2 ** 20
  })
  return {
    title: `Heap of ${SAMPLE_SESSIONS.toLocaleString('en')} live sessions with ${SAMPLE_VOTES} votes each, after a collection`,
    columns: ['log', 'MiB'],
    rows: [
      ['memory', megabytes],
      ['embedded', embedded],
    ],
    notes: ['The memory log holds all facts in the heap besides.'],
  }
}

/** The input is made and dropped here, so that only the service holds on to it. */
async function fill(service: ReturnType<typeof serviceOn>): Promise<void> {
  const inputs = sessionInputs('always', SAMPLE_SESSIONS, SAMPLE_VOTES, UNDECIDED)
  await openSessions(service, inputs)
  await takeVotes(service, votesOf(inputs))
}

export async function replay({ rounds, say }: SuiteOptions): Promise<Table> {
  say('replay')
  const inputs = sessionInputs('always', REPLAYED_SESSIONS, REPLAYED_VOTES, UNDECIDED)
  const facts = REPLAYED_SESSIONS * (REPLAYED_VOTES + 1)
  const contender = (kind: LogKind) => ({
    name: kind,
    run: () =>
      withLog(kind, async (log) => {
        const first = serviceOn(log, 'always')
        await openSessions(first, inputs)
        await takeVotes(first, votesOf(inputs))
        await first.close()
        await using second = serviceOn(log, 'always')
        return await timed(() => second.recover())
      }),
  })
  const times = await takeTurns([contender('memory'), contender('embedded')], rounds)
  const rows = [...times].map(([kind, ms]) => [kind, perSecond(facts, ms)])
  const notes = ['From the log to live sessions with their actors; no signature is checked again.']
  return { title: 'Replay, facts a second', columns: ['log', 'facts a second'], rows, notes }
}
