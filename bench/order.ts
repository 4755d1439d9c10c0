/**
 * @module bench/order
 *
 * Four peers in one process, an embedded log each, on a network without faults: payloads of 200 bytes ordered and durable
 * on all four, alone and in batches; latency; replay. Each row of throughput and replay is measured in a process of its own.
 *
 * `order PART` measures one part: latency, throughput (with replay).
 */

import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { latency } from './order/latency.ts'
import { PHASES, type Replay } from './order/replay.ts'
import { LOADS, type LoadName, type Throughput } from './order/throughput.ts'
import type { Suite, Table } from './support/report.ts'

const run = promisify(execFile)

async function part<Result>(...args: readonly string[]): Promise<Result> {
  const { stdout } = await run(process.execPath, [join(import.meta.dirname, 'order/part.js'), ...args])
  return JSON.parse(stdout) as Result
}

interface Measured {
  readonly name: string
  readonly throughput: Throughput
  readonly replay: Replay
}

async function measure(load: LoadName): Promise<Measured> {
  const folder = await mkdtemp(join(tmpdir(), 'witan-bench-'))
  try {
    const throughput = await part<Throughput>('throughput', load, folder)
    return { name: LOADS[load].name, throughput, replay: await part<Replay>('replay', folder) }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function throughputTable(measured: readonly Measured[]): Table {
  return {
    title: 'Order: four peers in one process, embedded logs, payloads of 200 bytes, mode single',
    columns: ['how', 'payloads/s', 'median ms', '99% ms', 'events/payload', 'bytes/payload', 'heap, MiB a 100,000'],
    rows: measured.map(({ name, throughput: it }) => [
      name,
      it.perSec,
      it.medianMs,
      it.ninetyNinthMs,
      it.eventsPerPayload,
      it.bytesPerPayload,
      (it.heapBytesPerPayload * 100_000) / 2 ** 20,
    ]),
    notes: [
      'payloads/s: ordered and durable on all four; latency from vote to block at half of that rate',
      'events and bytes: what one peer logs; heap: of one peer, for 100,000 payloads',
    ],
  }
}

function replayTable(measured: readonly Measured[]): Table {
  return {
    title: 'Replay of these logs: one peer, gossip and blocks',
    columns: ['how', 'facts', 'first, facts/s', 'facts/s', ...PHASES.map((phase) => `${phase}, us`)],
    rows: measured.map(({ name, replay: it }) => [
      name,
      it.facts,
      it.coldPerSec,
      it.warmPerSec,
      ...PHASES.map((phase) => it.phases[phase]),
    ]),
    notes: ['first: of a fresh process; then the median of five more. Phases: microseconds a fact, each by itself'],
  }
}

export const suite: Suite = async function* ({ path, say }): AsyncGenerator<Table> {
  if (path !== 'throughput') yield await latency(say)
  if (path === 'latency') return
  const measured: Measured[] = []
  for (const load of ['alone', 'batched'] as const) {
    say(`order: ${LOADS[load].name}`)
    measured.push(await measure(load))
  }
  yield throughputTable(measured)
  yield replayTable(measured)
}
