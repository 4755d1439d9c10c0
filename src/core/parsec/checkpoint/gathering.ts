/**
 * @module core/parsec/checkpoint/gathering
 *
 * How signatures of checkpoints come together (parsec §8): who lacks some shows what it has, beside its gossip, and whoever
 * has more answers. Answers are not answered.
 *
 * Guarantees: what is taken is verified and of a voter from before the group; one message makes at most one answer. The first
 * signature that does not verify ends the message, and counts against the sender's budget (parsec §9): a correct peer passes on only
 * what it verified. So a message costs no more verifications than there are signatures that we lack, and one.
 */

import { type Bytes, equalBytes } from '../../../base/bytes.ts'
import { CodecError } from '../../../wire/canonical/errors.ts'
import type { PeerId } from '../../../wire/canonical/types.ts'
import { encodeCheckpointEvidence } from '../../../wire/checkpoint/evidence.ts'
import {
  decodeShares,
  encodeShares,
  MAX_SHARE_ENTRIES,
  type SharedSignature,
  type ShareEntry,
} from '../../../wire/checkpoint/shares.ts'
import { checkpointMessage, decodeStatement } from '../../../wire/checkpoint/statement.ts'
import { ParsecError } from '../errors.ts'
import type { ParsecFact } from '../facts.ts'
import type { Verify } from '../gossip/admission.ts'
import { NONE } from '../graph/graph.ts'
import type { State } from '../state.ts'
import type { Checkpoint } from './checkpoints.ts'
import { entryOf } from './entries.ts'

interface GatheringWork<P> {
  readonly state: State<P>
  note(fact: ParsecFact): void
  sendBytes(kind: 'checkpoints', to: PeerId, bytes: Bytes): void
  blame(peer: PeerId, error: ParsecError, evidence?: Bytes): void
}

/** Shows a peer what we have of checkpoints that lack signatures; nothing where none does. */
export function askForSignatures<P>(work: GatheringWork<P>, to: PeerId): void {
  const { checkpoints, graph } = work.state
  const unproven = [...checkpoints.unproven]
  if (unproven.length === 0) return
  // One that can never be proven must not keep the others waiting: the graph's size turns them.
  const start = unproven.length <= MAX_SHARE_ENTRIES ? 0 : graph.size % unproven.length
  const turned = [...unproven.slice(start), ...unproven.slice(0, start)].slice(0, MAX_SHARE_ENTRIES)
  const entries = turned.map((checkpoint) => entryOf(work.state, checkpoint))
  work.sendBytes('checkpoints', to, encodeShares({ isAnswer: false, entries }))
}

/** Takes the signatures of a message; null: done. */
export function takeSignatures<P>(
  work: GatheringWork<P>,
  from: PeerId,
  bytes: Bytes,
  verify: Verify,
): ParsecError | null {
  const { state } = work
  if (state.peers.find(from) === NONE) return new ParsecError({ code: 'UnknownPeer', peer: from })
  try {
    const { isAnswer, entries } = decodeShares(bytes, state.group.format)
    const lacking: ShareEntry[] = []
    for (const entry of entries) {
      const checkpoint = state.checkpoints.at(decodeStatement(entry.statement, state.group.format).position)
      if (checkpoint === undefined) continue
      const error = takeEntry(work, checkpoint, entry, verify)
      if (error !== null) return blamed(work, from, error)
      if (senderLacks(state, checkpoint, entry)) lacking.push(entryOf(state, checkpoint))
    }
    if (!isAnswer && lacking.length > 0) {
      work.sendBytes('checkpoints', from, encodeShares({ isAnswer: true, entries: lacking }))
    }
    return null
  } catch (error) {
    if (!(error instanceof CodecError)) throw error
    const refusal = new ParsecError({ code: 'InvalidMessage', why: error.message, codec: error.data }, { cause: error })
    return blamed(work, from, refusal)
  }
}

function blamed<P>(work: GatheringWork<P>, from: PeerId, error: ParsecError): ParsecError {
  work.blame(from, error)
  return error
}

/** For one who only follows: what it lacks, where we have it; nothing that it says is taken. Null: done. */
export function showSignatures<P>(work: GatheringWork<P>, to: PeerId, bytes: Bytes): ParsecError | null {
  const { state } = work
  try {
    const lacking = decodeShares(bytes, state.group.format).entries.flatMap((entry) => {
      const checkpoint = state.checkpoints.at(decodeStatement(entry.statement, state.group.format).position)
      return checkpoint !== undefined && senderLacks(state, checkpoint, entry) ? [entryOf(state, checkpoint)] : []
    })
    if (lacking.length > 0) work.sendBytes('checkpoints', to, encodeShares({ isAnswer: true, entries: lacking }))
    return null
  } catch (error) {
    if (!(error instanceof CodecError)) throw error
    return new ParsecError({ code: 'InvalidMessage', why: error.message, codec: error.data }, { cause: error })
  }
}

function senderLacks<P>({ checkpoints }: State<P>, checkpoint: Checkpoint, entry: ShareEntry): boolean {
  const { length } = entry.signatures
  const isSame = equalBytes(entry.statement, checkpoints.statementOf(checkpoint))
  return isSame && length < checkpoint.signers.majority && length < checkpoint.signatures.size
}

/** Null: done. */
function takeEntry<P>(
  work: GatheringWork<P>,
  checkpoint: Checkpoint,
  { statement, signatures }: ShareEntry,
  verify: Verify,
): ParsecError | null {
  const { checkpoints, group, peers } = work.state
  const isOurs = equalBytes(statement, checkpoints.statementOf(checkpoint))
  const message = checkpointMessage(group.id, statement)
  for (const share of signatures) {
    const seat = checkpoint.signers.seatOf(peers.find(share.signer))
    if (seat < 0 || !isWanted(checkpoints.isSigned(checkpoint), checkpoint, seat, isOurs)) continue
    if (verify(share.signer, message, share.signature) !== 'valid') {
      return new ParsecError({ code: 'InvalidMessage', why: 'a signature of a checkpoint does not verify' })
    }
    if (!isOurs) blameContradiction(work, checkpoint, seat, statement, share)
    work.note({
      type: 'CheckpointSignatureTaken',
      position: checkpoint.position,
      signer: share.signer,
      statement: isOurs ? null : statement,
      signature: share.signature,
    })
    if (isOurs) proveContradiction(work, checkpoint, seat, share)
  }
  return null
}

/** Each signer is heard once for what we state, until enough are, and once against it. */
function isWanted(isSigned: boolean, checkpoint: Checkpoint, seat: number, isOurs: boolean): boolean {
  const { signatures, contradictions } = checkpoint
  if (!isOurs) return !contradictions.has(seat)
  return !signatures.has(seat) && (!isSigned || contradictions.has(seat))
}

/** A fault of the signer; with both signatures it is proved to anybody. */
function blameContradiction<P>(
  work: GatheringWork<P>,
  checkpoint: Checkpoint,
  seat: number,
  statement: Bytes,
  { signer, signature }: SharedSignature,
): void {
  const { checkpoints, group } = work.state
  const other = checkpoint.signatures.get(seat)
  const evidence =
    other === undefined
      ? undefined
      : encodeCheckpointEvidence(group.id, signer, [
          { statement: checkpoints.statementOf(checkpoint), signature: other },
          { statement, signature },
        ])
  work.blame(signer, new ParsecError({ code: 'CheckpointMismatch', position: checkpoint.position }), evidence)
}

/** It signed something else before: now there is proof. */
function proveContradiction<P>(
  work: GatheringWork<P>,
  checkpoint: Checkpoint,
  seat: number,
  share: SharedSignature,
): void {
  const other = checkpoint.contradictions.get(seat)
  if (other !== undefined) blameContradiction(work, checkpoint, seat, other.statement, { ...share, ...other })
}
