/**
 * @module bench/order/group
 *
 * Four peers in one process, each with an embedded log and a signature scheme of its own, on a network without faults.
 */

import { join } from 'node:path'
import { Ed25519Scheme, ed25519Signer, systemRandom } from '../../src/crypto/index.ts'
import { type BatchingOptions, groupOf } from '../../src/engine/peer/options.ts'
import { createWitan, type Witan } from '../../src/engine/peer/witan.ts'
import { systemClock } from '../../src/engine/system-clock.ts'
import { type EventLog, embeddedLog } from '../../src/log/index.ts'
import { MemoryNetwork } from '../../src/transport/index.ts'

export const PEERS = 4
const PAYLOAD_BYTES = 200

/** As in a process of its own: else one peer's checks would serve all. */
const signers = Array.from({ length: PEERS }, (_, i) =>
  ed25519Signer(new Uint8Array(32).fill(i + 1), new Ed25519Scheme()),
)
const genesis = { members: signers.map(({ identity }) => identity) }

/** The group, and the peer whose log is measured. */
export const group = groupOf(genesis)
export const first = signers[0] as (typeof signers)[number]

export const firstLog = (folder: string): Promise<EventLog> => embeddedLog({ folder: join(folder, '0') })

export interface Running {
  readonly peers: readonly Witan[]
  readonly logs: readonly EventLog[]
}

/** Runs the four with their logs below `folder`, which stay. */
export async function withPeers<T>(
  folder: string,
  batching: BatchingOptions | undefined,
  work: (running: Running) => Promise<T>,
): Promise<T> {
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
  }
}

let serial = 0

export function payload(): Uint8Array {
  const bytes = new Uint8Array(PAYLOAD_BYTES)
  new DataView(bytes.buffer).setUint32(0, serial)
  serial += 1
  return bytes
}
