/**
 * @module core/parsec/checkpoint/proofs
 *
 * The proofs that a peer can give of its order: of a checkpoint, and of a block's place (parsec §8).
 */

import { type Bytes, equalBytes } from '../../../base/bytes.ts'
import type { PeerId } from '../../../wire/canonical/types.ts'
import { type BlockKey, blockKeyOf } from '../../../wire/checkpoint/chain.ts'
import { encodeCheckpointProof, encodePositionProof } from '../../../wire/checkpoint/proof.ts'
import { type CheckpointStatement, decodeStatement } from '../../../wire/checkpoint/statement.ts'
import { ParsecError } from '../errors.ts'
import type { State } from '../state.ts'
import type { Checkpoint } from './checkpoints.ts'
import { certifiedOf } from './entries.ts'

/** A checkpoint as this peer knows it. */
export interface CheckpointView extends CheckpointStatement {
  /** Those who sign it, in order of id. */
  readonly signers: readonly PeerId[]
  /** Those who did, as far as we know. */
  readonly signed: readonly PeerId[]
  /** It and every change of voters before it have the signatures of a supermajority. */
  readonly isProven: boolean
}

export function viewOf<P>(state: State<P>, checkpoint: Checkpoint): CheckpointView {
  const { checkpoints, group, peers } = state
  const { signers, signatures } = checkpoint
  const signed = signers.peers.filter((_, seat) => signatures.has(seat))
  return {
    ...decodeStatement(checkpoints.statementOf(checkpoint), group.format),
    signers: signers.peers.map((peer) => peers.idOf(peer)),
    signed: signed.map((peer) => peers.idOf(peer)),
    isProven: checkpoints.isProven(checkpoint),
  }
}

/** Null while it is not proven. */
export function checkpointProof<P>(state: State<P>, checkpoint: Checkpoint): Bytes | null {
  const { checkpoints } = state
  if (!checkpoints.isProven(checkpoint)) return null
  const path = checkpoints.all.filter((it) => it === checkpoint || (it.isChange && it.position < checkpoint.position))
  return encodeCheckpointProof({
    groupId: state.group.id,
    path: [...checkpoints.inherited, ...path.map((it) => certifiedOf(state, it))],
  })
}

/** What chains the blocks from one position to the next proven checkpoint: for certificates (ballots §8.7). */
export interface ChainProof {
  /** Before the first block. */
  readonly chainHashBefore: Bytes
  /** The keys of the blocks from `after` to the checkpoint. */
  readonly keysAfter: readonly BlockKey[]
  /** Encoded checkpoint proof. */
  readonly checkpoint: Bytes
}

/** `from`: the first block; `after`: the place after the last one. Null while no checkpoint from there on is proven. */
export function chainProof<P>(state: State<P>, from: number, after: number): ChainProof | null {
  const { checkpoints } = state
  for (const checkpoint of checkpoints.all) {
    if (checkpoint.position < after) continue
    const proof = checkpointProof(state, checkpoint)
    if (proof === null) continue
    return {
      chainHashBefore: checkpoints.blocks.hashAt(from),
      keysAfter: checkpoints.blocks.slice(after, checkpoint.position),
      checkpoint: proof,
    }
  }
  return null
}

/** `observation`: the encoded observation of the block at this position. Null while no checkpoint covers it. */
export function positionProof<P>(state: State<P>, position: number, observation: Bytes): Bytes | null {
  const proof = chainProof(state, position, position + 1)
  if (proof === null) return null
  const [key] = state.checkpoints.blocks.slice(position, position + 1)
  const voter = key?.voter ?? null
  const block = { observation, voter }
  if (key === undefined || !equalBytes(blockKeyOf(block).hash, key.hash)) {
    throw new ParsecError({ code: 'Logic', why: `another block than this stands at position ${position}` })
  }
  return encodePositionProof({ ...proof, block })
}
