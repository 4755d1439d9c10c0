/**
 * @module core/parsec/checkpoint/verify
 *
 * Checks checkpoints, and places in the order, offline, from genesis alone (parsec §8, Stronger).
 *
 * Guarantee: what passes is so, as long as fewer than a third of each past set of voters ever turn bad.
 */

import { type Bytes, equalBytes } from '../../../base/bytes.ts'
import { WitanError } from '../../../base/errors.ts'
import type { SignatureScheme } from '../../../ports/signature-scheme.ts'
import { CodecError } from '../../../wire/canonical/errors.ts'
import { decodeObservation } from '../../../wire/canonical/event.ts'
import type { Observation, PeerId } from '../../../wire/canonical/types.ts'
import { blockKeyOf, nextChainHash } from '../../../wire/checkpoint/chain.ts'
import { decodeCheckpointEvidence } from '../../../wire/checkpoint/evidence.ts'
import { type CertifiedCheckpoint, decodeCheckpointProof, decodePositionProof } from '../../../wire/checkpoint/proof.ts'
import { type CheckpointStatement, checkpointMessage, decodeStatement } from '../../../wire/checkpoint/statement.ts'
import { isSupermajority } from '../election/voters.ts'
import type { Group } from '../group.ts'

export interface CheckpointErrorData {
  readonly code: 'InvalidCheckpoint'
  readonly why: string
}

export class CheckpointError extends WitanError<CheckpointErrorData> {
  constructor(why: string, options?: ErrorOptions) {
    super({ code: 'InvalidCheckpoint', why }, `not proven: ${why}`, options)
  }
}

/** What a stranger knows: the group's genesis, and how to check its signatures. */
export interface CheckpointTrust<Payload> {
  readonly group: Group<Payload>
  readonly scheme: SignatureScheme
}

export interface VerifiedCheckpoint extends CheckpointStatement {
  /** Who voted on the block at a position, up to the checkpoint's own: constant within a group of blocks. In order of id. */
  readonly votersBefore: (position: number) => readonly PeerId[]
}

export interface VerifiedPosition<Payload> {
  /** Place of the block in the order, from 0. */
  readonly position: number
  readonly observation: Observation<Payload>
  /** In `Single` mode: whose vote it is. */
  readonly voter: PeerId | null
  readonly checkpoint: VerifiedCheckpoint
}

export interface VerifiedContradiction {
  readonly signer: PeerId
  readonly position: number
}

/** Follows the epochs from genesis on; throws `InvalidCheckpoint`. */
export function verifyCheckpoint<P>(bytes: Bytes, { group, scheme }: CheckpointTrust<P>): VerifiedCheckpoint {
  const { groupId, path } = decoded(() => decodeCheckpointProof(bytes, group.format))
  if (!equalBytes(groupId, group.id)) throw new CheckpointError('it is of another group')
  const changes: { readonly position: number; readonly voters: readonly PeerId[] }[] = []
  let last: CheckpointStatement | null = null
  let voters: readonly PeerId[] = group.members
  for (const [i, certified] of path.entries()) {
    const statement = decoded(() => decodeStatement(certified.statement, group.format))
    checkSignatures(certified, voters, group.id, scheme)
    const isChange = !isSameSet(voters, statement.nextVoters)
    checkStep(statement, last, isChange)
    if (!isChange && i < path.length - 1) throw new CheckpointError('its path holds more than the changes of voters')
    if (isChange) changes.push({ position: statement.position, voters: statement.nextVoters })
    voters = statement.nextVoters
    last = statement
  }
  if (last === null) throw new CheckpointError('its path is empty')
  const votersBefore = (position: number): readonly PeerId[] =>
    changes.findLast((change) => change.position <= position)?.voters ?? group.members
  return { ...last, votersBefore }
}

function checkStep(statement: CheckpointStatement, last: CheckpointStatement | null, isChange: boolean): void {
  // parsec §8: the epoch counts the changes of voters, so that none can be left out.
  if (statement.epoch !== (last?.epoch ?? 0) + (isChange ? 1 : 0))
    throw new CheckpointError('a change of voters is missing')
  if (statement.position <= (last?.position ?? 0)) throw new CheckpointError('its positions do not ascend')
}

/** parsec §8: just as many voters as a supermajority, by a bit set in order of id. */
function checkSignatures(
  { statement, signers, signatures }: CertifiedCheckpoint,
  voters: readonly PeerId[],
  groupId: Bytes,
  scheme: SignatureScheme,
): void {
  if (signers.length !== Math.ceil(voters.length / 8)) throw new CheckpointError('its bit set is not of its voters')
  const chosen: PeerId[] = []
  for (let seat = 0; seat < signers.length * 8; seat += 1) {
    if (((signers[seat >> 3] as number) & (1 << (seat & 7))) === 0) continue
    const voter = voters[seat]
    if (voter === undefined) throw new CheckpointError('a signer is no voter')
    chosen.push(voter)
  }
  if (chosen.length !== signatures.length) throw new CheckpointError('it has not one signature for each signer')
  const isJustEnough =
    isSupermajority(chosen.length, voters.length) && !isSupermajority(chosen.length - 1, voters.length)
  if (!isJustEnough) throw new CheckpointError(`${chosen.length} of ${voters.length} voters signed`)
  const message = checkpointMessage(groupId, statement)
  for (const [i, voter] of chosen.entries()) {
    if (scheme.verify(voter, message, signatures[i] as Bytes) !== 'valid') {
      throw new CheckpointError('a signature does not verify')
    }
  }
}

function isSameSet(a: readonly PeerId[], b: readonly PeerId[]): boolean {
  return a.length === b.length && a.every((id, i) => equalBytes(id, b[i] as PeerId))
}

/** That a block stands at a place in the order; throws `InvalidCheckpoint`. */
export function verifyPosition<P>(bytes: Bytes, trust: CheckpointTrust<P>): VerifiedPosition<P> {
  const { chainHashBefore, block, keysAfter, checkpoint: proof } = decoded(() => decodePositionProof(bytes))
  const checkpoint = verifyCheckpoint(proof, trust)
  let hash = nextChainHash(chainHashBefore, blockKeyOf(block))
  for (const key of keysAfter) hash = nextChainHash(hash, key)
  if (!equalBytes(hash, checkpoint.chainHash)) throw new CheckpointError('its blocks do not lead to its checkpoint')
  const position = checkpoint.position - keysAfter.length - 1
  if (position < 0) throw new CheckpointError('it holds more blocks than its checkpoint covers')
  const { observation, voter } = block
  return {
    position,
    observation: decoded(() => decodeObservation(observation, trust.group.format)),
    voter,
    checkpoint,
  }
}

/** That one peer signed two checkpoints for one position; throws `InvalidCheckpoint`. */
export function verifyCheckpointEvidence<P>(
  bytes: Bytes,
  { group, scheme }: CheckpointTrust<P>,
): VerifiedContradiction {
  const { groupId, signer, signed } = decoded(() => decodeCheckpointEvidence(bytes, group.format))
  if (!equalBytes(groupId, group.id)) throw new CheckpointError('it is of another group')
  const [first, second] = signed.map(({ statement, signature }) => {
    const { position } = decoded(() => decodeStatement(statement, group.format))
    if (scheme.verify(signer, checkpointMessage(groupId, statement), signature) !== 'valid') {
      throw new CheckpointError('a signature does not verify')
    }
    return position
  })
  if (first === undefined || first !== second) throw new CheckpointError('its statements are of two positions')
  return { signer, position: first }
}

export function decoded<T>(decode: () => T): T {
  try {
    return decode()
  } catch (error) {
    if (error instanceof CodecError) throw new CheckpointError(error.message, { cause: error })
    throw error
  }
}
