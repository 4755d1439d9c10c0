/**
 * @module core/parsec/checkpoint/entries
 *
 * A checkpoint with its signatures in the forms in which it travels and is kept (parsec §8).
 */

import type { Bytes } from '../../../base/bytes.ts'
import type { CertifiedCheckpoint } from '../../../wire/checkpoint/proof.ts'
import type { ShareEntry } from '../../../wire/checkpoint/shares.ts'
import type { State } from '../state.ts'
import type { Checkpoint } from './checkpoints.ts'

function bySeat({ signatures }: Checkpoint): readonly (readonly [number, Bytes])[] {
  return [...signatures].sort(([a], [b]) => a - b)
}

/** With every signature that we have. */
export function entryOf<P>({ checkpoints, peers }: State<P>, checkpoint: Checkpoint): ShareEntry {
  const signatures = bySeat(checkpoint).flatMap(([seat, signature]) => {
    const peer = checkpoint.signers.peers[seat]
    return peer === undefined ? [] : [{ signer: peers.idOf(peer), signature }]
  })
  return { statement: checkpoints.statementOf(checkpoint), signatures }
}

/** The proof: just as many signatures as it takes, those of the lowest ids. Assumes that it is proven. */
export function certifiedOf<P>({ checkpoints }: State<P>, checkpoint: Checkpoint): CertifiedCheckpoint {
  const chosen = bySeat(checkpoint).slice(0, checkpoint.signers.majority)
  const signers = new Uint8Array(Math.ceil(checkpoint.signers.count / 8))
  for (const [seat] of chosen) signers[seat >> 3] = (signers[seat >> 3] as number) | (1 << (seat & 7))
  return { statement: checkpoints.statementOf(checkpoint), signers, signatures: chosen.map(([, bytes]) => bytes) }
}
