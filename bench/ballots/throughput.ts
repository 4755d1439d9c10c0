/**
 * @module bench/ballots/throughput
 *
 * Incoming votes a second: this engine with either log, and the reference crate, in turns.
 */

import { type Contender, takeTurns, timed } from '../support/measure.ts'
import { perSecond, ratio, type SuiteOptions, type Table } from '../support/report.ts'
import type { RustTimers } from '../support/rust-timer.ts'
import {
  type LogKind,
  openSessions,
  type SchemeName,
  type SessionInput,
  serviceOn,
  sessionInputs,
  takeVotes,
  votesOf,
  withLog,
} from './input.ts'

interface Load {
  readonly scheme: SchemeName
  readonly voters: number
  readonly sessions: number
}

const LOADS: readonly Load[] = [
  { scheme: 'ethereum', voters: 10, sessions: 200 },
  { scheme: 'always', voters: 10, sessions: 2000 },
  { scheme: 'always', voters: 1000, sessions: 5 },
]

const ONE_THREAD = 'crate, one thread'
const TWO_THREADS = 'crate, two threads'

export function ours(name: string, kind: LogKind, scheme: SchemeName, inputs: readonly SessionInput[]): Contender {
  const votes = votesOf(inputs)
  const run = () =>
    withLog(kind, async (log) => {
      await using service = serviceOn(log, scheme)
      await openSessions(service, inputs)
      return await timed(() => takeVotes(service, votes))
    })
  return { name, run }
}

export async function throughput({ rounds, say }: SuiteOptions, rust: RustTimers): Promise<Table> {
  const rows: Table['rows'][number][] = []
  for (const { scheme, voters, sessions } of LOADS) {
    say(`votes: ${scheme}, ${voters} voters`)
    const inputs = sessionInputs(scheme, sessions, voters)
    const args = ['--scheme', scheme, '--voters', String(voters), '--sessions', String(sessions)]
    const crate = [
      ...(await rust.start(ONE_THREAD, args)),
      ...(await rust.start(TWO_THREADS, [...args, '--threads', '2'])),
    ]
    const times = await takeTurns(
      [...crate, ours('memory', 'memory', scheme, inputs), ours('embedded', 'embedded', scheme, inputs)],
      rounds,
    )
    for (const timer of crate) await timer.close()
    const rate = (name: string) => {
      const ms = times.get(name)
      return ms === undefined ? '-' : perSecond(sessions * voters, ms)
    }
    const crateMs = times.get(ONE_THREAD)
    rows.push([
      `${scheme}, n = ${voters}`,
      rate(ONE_THREAD),
      rate(TWO_THREADS),
      rate('memory'),
      rate('embedded'),
      ratio(crateMs, times.get('memory') ?? Number.NaN),
      ratio(crateMs, times.get('embedded') ?? Number.NaN),
    ])
  }
  return {
    title: 'Incoming votes a second',
    columns: ['', ONE_THREAD, TWO_THREADS, 'memory log', 'embedded log', 'memory : crate', 'embedded : crate'],
    rows,
    notes: [
      'Every session gets the vote of each of its n voters; votes beyond the decision are checked, not counted.',
      'Ratios are to the crate as it is called, on one thread. Up to 1,000 votes are under way at a time here.',
      ...(rust.missing === undefined ? [] : [rust.missing]),
    ],
  }
}
