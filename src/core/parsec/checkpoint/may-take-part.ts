/**
 * @module core/parsec/checkpoint/may-take-part
 *
 * Whether who starts from a base may become a member (parsec §9): not where the base is later than the checkpoint of its admission, since others expect
 * every voter to accuse what was not settled by then; nor with a key that made events or was removed.
 */

import { equalBytes } from '../../../base/bytes.ts'
import type { PeerId } from '../../../wire/canonical/types.ts'
import { type CheckpointBase, readStubs } from '../../../wire/checkpoint/base.ts'
import { decodeCheckpointProof } from '../../../wire/checkpoint/proof.ts'
import { decodeStatement } from '../../../wire/checkpoint/statement.ts'
import type { Group } from '../group.ts'
import { VOTES_NOW } from './digest.ts'

/** Of a base that was verified. */
export function mayTakePart<P>({ proof, standings, stubs }: CheckpointBase, id: PeerId, group: Group<P>): boolean {
  const place = standings.findIndex((it) => equalBytes(it.id, id))
  if (place < 0) return true
  const [before, last] = [group.members, ...votersAlong(proof, group)].slice(-2)
  const isAdmittedHere = last !== undefined && before !== undefined && !isAmong(id, before) && isAmong(id, last)
  if (!isAdmittedHere || ((standings[place]?.flags ?? 0) & VOTES_NOW) === 0) return false
  for (const { creator } of readStubs(stubs)) if (creator === place) return false
  return true
}

function isAmong(id: PeerId, peers: readonly PeerId[]): boolean {
  return peers.some((peer) => equalBytes(peer, id))
}

/** The voters from each checkpoint of the proof on: those that changed them, and the last. */
function votersAlong<P>(proof: CheckpointBase['proof'], { format }: Group<P>): readonly (readonly PeerId[])[] {
  const { path } = decodeCheckpointProof(proof, format)
  return path.map(({ statement }) => decodeStatement(statement, format).nextVoters)
}
