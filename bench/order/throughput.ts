/**
 * @module bench/order/throughput
 *
 * Payloads ordered and durable on all four peers, alone or in batches; latency at half of that load; what it takes in
 * events, bytes and heap.
 */

import type { BatchingOptions } from '../../src/engine/peer/options.ts'
import type { Witan } from '../../src/engine/peer/witan.ts'
import type { EventLog } from '../../src/log/index.ts'
import { heapBytes, median, timed } from '../support/measure.ts'
import { perSecond } from '../support/report.ts'
import { PEERS, payload, type Running, withPeers } from './group.ts'

export interface Load {
  readonly name: string
  readonly batching: BatchingOptions | undefined
  readonly payloads: number
  /** Votes that each peer keeps under way. */
  readonly underWay: number
}

export const LOADS = {
  alone: { name: 'one payload a vote', batching: undefined, payloads: 16_000, underWay: 128 },
  batched: {
    name: 'batches of up to 100, 5 ms',
    batching: { maxPayloads: 100, maxDelayMs: 5 },
    payloads: 60_000,
    underWay: 1_000,
  },
} as const satisfies Readonly<Record<string, Load>>

export type LoadName = keyof typeof LOADS

export interface Throughput {
  readonly perSec: number
  readonly medianMs: number
  readonly ninetyNinthMs: number
  readonly eventsPerPayload: number
  readonly bytesPerPayload: number
  readonly heapBytesPerPayload: number
}

/** Leaves the logs below `folder`. */
export function throughput(folder: string, { batching, payloads, underWay }: Load): Promise<Throughput> {
  return withPeers(folder, batching, async (running) => {
    const log = running.logs[0] as EventLog
    await order(running, Math.ceil(payloads / 10), underWay)
    const heapBefore = heapBytes()
    const before = await volume(log)
    const perSec = perSecond(payloads, await timed(() => order(running, payloads, underWay)))
    const after = await volume(log)
    const heap = heapBytes() - heapBefore
    const waits = (await latencies(running, perSec / 2, Math.ceil(perSec * 2))).sort((a, b) => a - b)
    return {
      perSec,
      medianMs: median(waits),
      ninetyNinthMs: waits[Math.floor(waits.length * 0.99)] ?? Number.NaN,
      eventsPerPayload: (after.events - before.events) / payloads,
      bytesPerPayload: (after.bytes - before.bytes) / payloads,
      heapBytesPerPayload: heap / PEERS / payloads,
    }
  })
}

/** Each peer keeps so many votes under way; resolves when all are ordered on every peer. */
async function order({ peers }: Running, count: number, underWay: number): Promise<void> {
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
async function latencies({ peers }: Running, perSec: number, count: number): Promise<number[]> {
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

interface Volume {
  readonly events: number
  readonly bytes: number
}

/** Gossip events of one peer, and their bytes. */
async function volume(log: EventLog): Promise<Volume> {
  let events = 0
  let bytes = 0
  for await (const { type, data } of log.readAll()) {
    if (type !== 'GossipEventAccepted') continue
    events += 1
    const event = data['event']
    if (typeof event === 'string') bytes += (event.length * 3) / 4
  }
  return { events, bytes }
}
