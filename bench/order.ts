/**
 * @module bench/order
 *
 * Four peers in one process, an embedded log each, on a network without faults: payloads of 200 bytes ordered and durable
 * on all four, alone and in batches; latency at half of that load; replay.
 */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Ed25519Scheme, ed25519Signer, systemRandom } from '../src/crypto/index.ts'
import { type BatchingOptions, groupOf } from '../src/engine/peer/options.ts'
import { PeerStore } from '../src/engine/peer/store.ts'
import { createWitan, type Witan } from '../src/engine/peer/witan.ts'
import { systemClock } from '../src/engine/system-clock.ts'
import { type EventLog, embeddedLog } from '../src/log/index.ts'
import { MemoryNetwork } from '../src/transport/index.ts'
import { latency } from './order/latency.ts'
import { heapBytes, median, timed } from './support/measure.ts'
import { perSecond, type Suite, type Table } from './support/report.ts'

const PEERS = 4
const PAYLOAD_BYTES = 200
/** Each with a scheme of its own, as in a process of its own: else one peer's checks would serve all. */
const signers = Array.from({ length: PEERS }, (_, i) =>
  ed25519Signer(new Uint8Array(32).fill(i + 1), new Ed25519Scheme()),
)
const genesis = { members: signers.map(({ identity }) => identity) }

interface Group {
  readonly peers: readonly Witan[]
  readonly logs: readonly EventLog[]
}

async function withGroup<T>(batching: BatchingOptions | undefined, work: (group: Group) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'witan-bench-'))
  const network = new MemoryNetwork({ clock: systemClock, random: systemRandom })
  const logs = await Promise.all(signers.map((_, i) => embeddedLog({ folder: join(folder, String(i)) })))
  const transports = signers.map(({ identity }) => network.join(identity))
  const peers = await Promise.all(
    signers.map((identity, i) =>
      createWitan({
        identity,
        genesis,
        log: logs[i] as EventLog,
        transport: transports[i] as ReturnType<MemoryNetwork['join']>,
        ...(batching === undefined ? {} : { batching }),
      }),
    ),
  )
  // A peer's timers do not keep a process alive; a server's socket does, and here this.
  const alive = setInterval(() => undefined, 1_000)
  try {
    return await work({ peers, logs })
  } finally {
    clearInterval(alive)
    for (const peer of peers) await peer.close()
    for (const transport of transports) await transport.close()
    for (const log of logs) await log.close()
    await rm(folder, { recursive: true, force: true })
  }
}

let serial = 0
function payload(): Uint8Array {
  const bytes = new Uint8Array(PAYLOAD_BYTES)
  new DataView(bytes.buffer).setUint32(0, serial)
  serial += 1
  return bytes
}

/** Each peer keeps so many votes under way; resolves when all are ordered on every peer. */
async function order({ peers }: Group, count: number, underWay: number): Promise<void> {
  const seen = peers.map(() => 0)
  const done = new Promise<void>((resolve) => {
    for (const [i, peer] of peers.entries()) {
      peer.blocks$.subscribe(() => {
        seen[i] = (seen[i] ?? 0) + 1
        if (seen.every((n) => n >= count)) resolve()
      })
    }
  })
  let left = count
  const voter = async (peer: Witan): Promise<void> => {
    while (left > 0) {
      left -= 1
      await (await peer.vote(payload())).agreed
    }
  }
  await Promise.all(peers.flatMap((peer) => Array.from({ length: underWay }, () => voter(peer))))
  await done
}

/** Milliseconds from each vote to its block, at a steady rate over all peers. */
async function latencies({ peers }: Group, perSec: number, count: number): Promise<number[]> {
  const waits: Promise<number>[] = []
  const beginMs = performance.now()
  for (let i = 0; i < count; i += 1) {
    const dueMs = beginMs + (i * 1000) / perSec
    while (performance.now() < dueMs)
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, dueMs - performance.now())))
    const votedMs = performance.now()
    const peer = peers[i % peers.length] as Witan
    waits.push(
      peer
        .vote(payload())
        .then(({ agreed }) => agreed)
        .then(() => performance.now() - votedMs),
    )
  }
  return Promise.all(waits)
}

async function measure(name: string, batching: BatchingOptions | undefined, count: number, underWay: number) {
  return withGroup(batching, async (group) => {
    await order(group, Math.ceil(count / 10), underWay)
    const heapBefore = heapBytes()
    const before = await volume(group.logs[0] as EventLog)
    const ms = await timed(() => order(group, count, underWay))
    const after = await volume(group.logs[0] as EventLog)
    const heap = (heapBytes() - heapBefore) / PEERS / (after.blocks - before.blocks)
    const rate = perSecond(count, ms)
    const waits = (await latencies(group, rate / 2, Math.min(count, Math.ceil(rate * 2)))).sort((a, b) => a - b)
    const store = new PeerStore(
      group.logs[0] as EventLog,
      groupOf(genesis),
      signers[0] as (typeof signers)[number],
      systemRandom,
    )
    const total = await volume(group.logs[0] as EventLog)
    const replayMs = await timed(() => store.recover({ isAudit: true }))
    return [
      name,
      rate,
      median(waits),
      waits[Math.floor(waits.length * 0.99)] ?? Number.NaN,
      (after.facts - before.facts) / count,
      (after.bytes - before.bytes) / count,
      perSecond(total.facts + total.blocks, replayMs),
      (heap * 100_000) / 2 ** 20,
    ]
  })
}

interface Volume {
  readonly facts: number
  readonly bytes: number
  readonly blocks: number
}

/** Gossip events of one peer, their bytes, and its blocks. */
async function volume(log: EventLog): Promise<Volume> {
  let facts = 0
  let bytes = 0
  let blocks = 0
  for await (const { type, data } of log.readAll()) {
    if (type === 'BlockAgreed') blocks += 1
    if (type !== 'GossipEventAccepted') continue
    facts += 1
    const event = data['event']
    if (typeof event === 'string') bytes += (event.length * 3) / 4
  }
  return { facts, bytes, blocks }
}

export const suite: Suite = async function* ({ say }): AsyncGenerator<Table> {
  yield await latency(say)
  say('order: single payloads')
  const alone = await measure('one payload a vote', undefined, 4_000, 128)
  say('order: batches')
  const batched = await measure('batches of up to 100, 5 ms', { maxPayloads: 100, maxDelayMs: 5 }, 40_000, 1_000)
  yield {
    title: 'Order: four peers in one process, embedded logs, payloads of 200 bytes, mode single',
    columns: [
      'how',
      'payloads/s',
      'median ms',
      '99% ms',
      'events/payload',
      'bytes/payload',
      'replayed facts/s',
      'heap, MiB per 100,000 blocks',
    ],
    rows: [alone, batched],
    notes: [
      'payloads/s: ordered and durable on all four; latency from vote to block at half of that rate',
      'events and bytes: what one peer logs; replayed: gossip and blocks; heap: of one peer',
    ],
  }
}
