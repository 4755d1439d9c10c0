/**
 * @module core/parsec/checkpoint/signing
 *
 * Our signatures of checkpoints (parsec §8): once each, from our own computation, as soon as the group of blocks ended or,
 * where a crash came between, with the next operation.
 *
 * The caller owes what it owes for every step: the fact is durable before the signature leaves.
 */

import type { Bytes } from '../../../base/bytes.ts'
import type { PeerId } from '../../../wire/canonical/types.ts'
import { encodeShares } from '../../../wire/checkpoint/shares.ts'
import { checkpointMessage } from '../../../wire/checkpoint/statement.ts'
import type { ParsecFact } from '../facts.ts'
import type { PeerIndex } from '../graph/graph.ts'
import type { State } from '../state.ts'
import type { Checkpoint } from './checkpoints.ts'
import { entryOf } from './entries.ts'

interface SigningWork<P> {
  readonly state: State<P>
  sign(message: Bytes): Bytes
  note(fact: ParsecFact): void
  sendBytes(kind: 'checkpoints', to: PeerId, bytes: Bytes): void
}

/** Signs what is due, and shows it to all whom it concerns. */
export function signDue<P>(work: SigningWork<P>): void {
  const { checkpoints, group, isPassive } = work.state
  if (isPassive) return
  for (const checkpoint of Array.from(checkpoints.unsigned)) {
    const statement = checkpoints.statementOf(checkpoint)
    const signature = work.sign(checkpointMessage(group.id, statement))
    work.note({ type: 'CheckpointSigned', position: checkpoint.position, statement, signature })
    show(work, checkpoint)
  }
}

/** Shows again what we signed last. A peer that was removed does so when it starts: its last act may have been lost. */
export function showLast<P>(work: SigningWork<P>): void {
  const { checkpoints, self } = work.state
  const last = checkpoints.all.findLast(({ signers, signatures }) => signatures.has(signers.seatOf(self)))
  if (last !== undefined) show(work, last)
}

/** To all whom it concerns. */
function show<P>(work: SigningWork<P>, checkpoint: Checkpoint): void {
  const bytes = encodeShares({ isAnswer: false, entries: [entryOf(work.state, checkpoint)] })
  for (const peer of concerned(work.state, checkpoint))
    work.sendBytes('checkpoints', work.state.peers.idOf(peer), bytes)
}

function concerned<P>({ self }: State<P>, { signers, nextVoters }: Checkpoint): readonly PeerIndex[] {
  return [...new Set([...signers.peers, ...nextVoters.peers])].filter((peer) => peer !== self)
}
