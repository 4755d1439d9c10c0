/**
 * @module cli/demo/ballots/verdict
 *
 * Judges a run from the outside: each peer's log is opened again, after its process has ended, and folded into a new
 * service; its state must equal what the process held, and all peers must have decided alike.
 */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fromHex } from '../../../base/text.ts'
import { ethereumSigner } from '../../../crypto/index.ts'
import { ConsensusService } from '../../../engine/ballots/consensus-service.ts'
import { embeddedLog } from '../../../log/index.ts'
import type { DemoPeer } from './proposals-file.ts'
import type { PeerReport } from './run.ts'
import { demoServiceOptions, stateHash } from './state-hash.ts'

export interface PeerVerdict extends PeerReport {
  /** The state folded from the log alone. */
  readonly rebuiltHash: string
}

export interface BallotsVerdict {
  readonly agreed: boolean
  readonly sameDecisions: boolean
  readonly sameStates: boolean
  readonly decisions: number
  readonly counts: { readonly yes: number; readonly no: number; readonly failed: number }
  readonly peers: readonly PeerVerdict[]
}

export async function judge(
  reports: readonly PeerReport[],
  results: ReadonlyMap<string, ReadonlyMap<DemoPeer, boolean | null>>,
): Promise<BallotsVerdict> {
  const peers: PeerVerdict[] = []
  for (const report of reports) peers.push({ ...report, rebuiltHash: await rebuild(report.folder) })
  const split = [...results.values()].some((byPeer) => new Set(byPeer.values()).size > 1)
  const sameDecisions = !split && new Set(peers.map((peer) => peer.decisionsHash)).size === 1
  const sameStates = peers.every((peer) => peer.rebuiltHash === peer.stateHash)
  const outcomes = [...results.values()].map((byPeer) => [...byPeer.values()][0])
  const count = (wanted: boolean | null): number => outcomes.filter((outcome) => outcome === wanted).length
  return {
    agreed: sameDecisions && sameStates,
    sameDecisions,
    sameStates,
    decisions: outcomes.length,
    counts: { yes: count(true), no: count(false), failed: count(null) },
    peers,
  }
}

async function rebuild(folder: string): Promise<string> {
  const signer = ethereumSigner(fromHex(readFileSync(join(folder, 'key'), 'utf8').trim()))
  const log = await embeddedLog({ folder: join(folder, 'log') })
  try {
    const service = new ConsensusService(demoServiceOptions(signer, log))
    await service.recover()
    await service.close()
    return stateHash(service)
  } finally {
    await log.close()
  }
}
