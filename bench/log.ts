/**
 * @module bench/log
 *
 * Appends and reads of the memory log and of the embedded one, with facts as large as those of votes.
 */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type EventLog, embeddedLog, memoryLog, type NewFact, NO_STREAM } from '../src/log/index.ts'
import { takeTurns, timed } from './support/measure.ts'
import { perSecond, type Suite, type Table } from './support/report.ts'

const STREAMS = 100
const FACTS = 10_000
const BATCH = 100

const fact = (index: number): NewFact => ({
  type: 'VoteAccepted',
  data: { index, voteHash: 'h'.repeat(43), signature: 's'.repeat(87), owner: 'o'.repeat(27), choice: true },
  metadata: { schemaVersion: 1, $correlationId: `command-${index}`, $causationId: `command-${index}` },
})

async function withLog<T>(kind: 'memory' | 'embedded', work: (log: EventLog) => Promise<T>): Promise<T> {
  if (kind === 'memory') return work(memoryLog())
  const folder = await mkdtemp(join(tmpdir(), 'witan-bench-'))
  try {
    const log = await embeddedLog({ folder })
    try {
      return await work(log)
    } finally {
      await log.close()
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Each append waits for the one before. */
async function appendOneByOne(log: EventLog, count: number): Promise<void> {
  for (let i = 0; i < count; i += 1) await log.append('bench-alone', [fact(i)], i === 0 ? NO_STREAM : i - 1)
}

/** Many writers, a stream each, that do not wait for each other. */
async function appendSideBySide(log: EventLog, count: number): Promise<void> {
  const perStream = count / STREAMS
  const writer = async (stream: number) => {
    for (let i = 0; i < perStream; i += 1) await log.append(`bench-${stream}`, [fact(i)], i - 1)
  }
  await Promise.all(Array.from({ length: STREAMS }, (_, stream) => writer(stream)))
}

async function appendBatches(log: EventLog, count: number): Promise<void> {
  for (let i = 0; i < count; i += BATCH) {
    const facts = Array.from({ length: BATCH }, (_, offset) => fact(i + offset))
    await log.append('bench-batches', facts, i - 1)
  }
}

async function readEverything(facts: AsyncIterable<unknown>): Promise<number> {
  let count = 0
  for await (const _ of facts) count += 1
  if (count < FACTS) throw new Error(`only ${count} facts were read`)
  return count
}

interface Work {
  readonly name: string
  readonly count: number
  readonly prepare?: (log: EventLog) => Promise<void>
  readonly run: (log: EventLog) => Promise<unknown>
}

const WORKS: readonly Work[] = [
  { name: 'append, one after the other', count: 1000, run: (log) => appendOneByOne(log, 1000) },
  { name: `append, ${STREAMS} writers side by side`, count: FACTS, run: (log) => appendSideBySide(log, FACTS) },
  { name: `append, ${BATCH} facts at a time`, count: FACTS, run: (log) => appendBatches(log, FACTS) },
  {
    name: 'read one stream',
    count: FACTS,
    prepare: (log) => appendBatches(log, FACTS),
    run: (log) => readEverything(log.read('bench-batches')),
  },
  {
    name: 'read all streams',
    count: FACTS,
    prepare: (log) => appendSideBySide(log, FACTS),
    run: (log) => readEverything(log.readAll()),
  },
]

const runOf =
  ({ prepare, run }: Work, kind: 'memory' | 'embedded') =>
  () =>
    withLog(kind, async (log) => {
      await prepare?.(log)
      return timed(() => run(log))
    })

export const suite: Suite = async ({ rounds }) => {
  const rows: Table['rows'][number][] = []
  for (const work of WORKS) {
    const times = await takeTurns(
      [
        { name: 'memory', run: runOf(work, 'memory') },
        { name: 'embedded', run: runOf(work, 'embedded') },
      ],
      rounds,
    )
    rows.push([
      work.name,
      perSecond(work.count, times.get('memory') ?? Number.NaN),
      perSecond(work.count, times.get('embedded') ?? Number.NaN),
    ])
  }
  const notes = ['Facts of about 250 bytes. An append counts when it is durable.']
  return [{ title: 'Event logs, facts a second', columns: ['', 'memory', 'embedded'], rows, notes }]
}
