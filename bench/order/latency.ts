/**
 * @module bench/order/latency
 *
 * From vote to block in virtual time: every message takes 10 ms, everything else none, so that what is measured is the
 * gossip schedule and the algorithm, not this machine. One seed, one result.
 */

import { createWitan, type Witan } from '../../src/engine/peer/witan.ts'
import { memoryLog } from '../../src/log/index.ts'
import { SeededRandom, VirtualClock } from '../../src/testing/index.ts'
import { simulatedSigner } from '../../src/testing/sim/scheme.ts'
import { MemoryNetwork } from '../../src/transport/index.ts'
import { median } from '../support/measure.ts'
import type { Table } from '../support/report.ts'

const HOP_MS = 10
const ROUND_TRIP_MS = 2 * HOP_MS
const PAYLOAD_BYTES = 200

interface Load {
  readonly peers: number
  /** Votes of all peers together in a virtual second, at moments drawn evenly. */
  readonly votesPerSec: number
  readonly votes: number
}

const LOADS: readonly Load[] = [
  { peers: 4, votesPerSec: 1, votes: 200 },
  { peers: 4, votesPerSec: 10, votes: 500 },
  { peers: 4, votesPerSec: 100, votes: 2_000 },
  { peers: 7, votesPerSec: 10, votes: 200 },
  { peers: 10, votesPerSec: 10, votes: 150 },
]

interface Outcome {
  readonly waitsMs: readonly number[]
  /** In the graph of one peer. */
  readonly events: number
}

async function run({ peers: count, votesPerSec, votes }: Load, seed: number): Promise<Outcome> {
  const clock = new VirtualClock()
  const random = new SeededRandom(seed)
  const faults = { minDelayMs: HOP_MS, maxDelayMs: HOP_MS }
  const network = new MemoryNetwork({ clock, random: random.fork('network'), faults })
  const signers = Array.from({ length: count }, (_, i) => simulatedSigner(`peer-${i}`))
  const genesis = { members: signers.map(({ identity }) => identity) }
  const peers: Witan[] = []
  for (const [i, identity] of signers.entries()) {
    const transport = network.join(identity.identity)
    const own = random.fork(`peer-${i}`)
    peers.push(await createWitan({ identity, genesis, log: memoryLog(), transport, clock, random: own }))
  }
  await clock.advance(1_000)
  let events = 0
  peers[0]?.gossip$.subscribe(() => {
    events += 1
  })
  const waitsMs: number[] = []
  const draws = random.fork('votes')
  for (let i = 0; i < votes; i += 1) {
    await clock.advance((draws.fraction() * 2_000) / votesPerSec)
    void vote(peers[draws.int(0, count - 1)] as Witan, i)
  }
  for (let i = 0; i < 60 && waitsMs.length < votes; i += 1) await clock.advance(1_000)
  for (const peer of peers) await peer.close()
  return { waitsMs: waitsMs.sort((a, b) => a - b), events }

  async function vote(peer: Witan, number: number): Promise<void> {
    const payload = new Uint8Array(PAYLOAD_BYTES)
    new DataView(payload.buffer).setUint32(0, number)
    const votedMs = clock.nowMs()
    const { agreed } = await peer.vote(payload)
    await agreed
    waitsMs.push(clock.nowMs() - votedMs)
  }
}

export async function latency(say: (text: string) => void): Promise<Table> {
  const rows: Table['rows'][number][] = []
  for (const load of LOADS) {
    say(`latency in virtual time: ${load.peers} peers, ${load.votesPerSec} votes/s`)
    const { waitsMs, events } = await run(load, 1)
    const share = (part: number): number =>
      (waitsMs[Math.min(waitsMs.length - 1, Math.floor(waitsMs.length * part))] ?? Number.NaN) / ROUND_TRIP_MS
    rows.push([
      load.peers,
      load.votesPerSec,
      median(waitsMs) / ROUND_TRIP_MS,
      share(0.99),
      share(1),
      events / load.votes,
    ])
  }
  return {
    title: `Order: from vote to the voter's block, in round trips of ${ROUND_TRIP_MS} ms, virtual time`,
    columns: ['peers', 'votes/s', 'median', '99%', 'longest', 'events/vote'],
    rows,
    notes: ['A message takes 10 ms, everything else nothing; deterministic. Events: in the graph of one peer.'],
  }
}
