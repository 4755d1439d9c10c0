/**
 * @module core/parsec/checkpoint/verify-base
 *
 * Whether a base may be started from (parsec §8): its checkpoint leads from genesis, its state is what the checkpoint's digest covers, and
 * at least a third of the voters from there on vouch for its stubs, so that a correct one does. No single sponsor is trusted.
 */

import { type Bytes, equalBytes } from '../../../base/bytes.ts'
import { toHex } from '../../../base/text.ts'
import { type CheckpointBase, decodeBase, decodeStubs, vouchMessage } from '../../../wire/checkpoint/base.ts'
import { type BlockKey, FIRST_CHAIN_HASH, nextChainHash } from '../../../wire/checkpoint/chain.ts'
import { isAtLeastThird } from '../election/voters.ts'
import { REMOVED, stateDigest, VOTES_NOW } from './digest.ts'
import { isBlock } from './load-base.ts'
import { CheckpointError, type CheckpointTrust, decoded, type VerifiedCheckpoint, verifyCheckpoint } from './verify.ts'

/** Throws `InvalidCheckpoint`. */
export function verifyBase<P>(bytes: Bytes, trust: CheckpointTrust<P>): VerifiedCheckpoint {
  const { group } = trust
  const base = decoded(() => decodeBase(bytes, group.format))
  const checkpoint = verifyCheckpoint(base.proof, trust)
  checkState(base, checkpoint, trust)
  checkStubs(base)
  checkVouches(base, checkpoint, trust)
  return checkpoint
}

function checkState<P>(base: CheckpointBase, checkpoint: VerifiedCheckpoint, { group }: CheckpointTrust<P>): void {
  const { decided, blocks, standings } = base
  const chain = (keys: readonly BlockKey[]): Bytes =>
    keys.reduce((hash, key) => nextChainHash(hash, key, group.hash), FIRST_CHAIN_HASH)
  const digest = stateDigest(
    group.id,
    { ...base, decidedCount: decided.length, decidedHash: chain(decided), standings },
    group.hash,
  )
  if (!equalBytes(digest, checkpoint.stateDigest))
    throw new CheckpointError('its state is not the one of its checkpoint')
  const inBlocks = decided.filter((_, i) => isBlock(blocks, i))
  if (blocks.length !== Math.ceil(decided.length / 8) || inBlocks.length !== checkpoint.position) {
    throw new CheckpointError('its blocks are not those of its checkpoint')
  }
  if (!equalBytes(chain(inBlocks), checkpoint.chainHash)) throw new CheckpointError('its blocks are in another order')
  const voters = standings.filter(({ flags }) => (flags & VOTES_NOW) !== 0)
  const isSame = voters.length === checkpoint.nextVoters.length
  if (!isSame || !voters.every(({ id }, i) => equalBytes(id, checkpoint.nextVoters[i] as Bytes))) {
    throw new CheckpointError('its voters are not those of its checkpoint')
  }
  const known = new Set(standings.map(({ id }) => toHex(id)))
  if (decided.some(({ voter }) => voter !== null && !known.has(toHex(voter)))) {
    throw new CheckpointError('a voter of its blocks has no standing')
  }
}

/** Of a form in which they can be loaded; that they are true, voters vouch. */
function checkStubs({ stubs, standings }: CheckpointBase): void {
  const newest = new Map<number, number>()
  const hashes = new Set<string>()
  for (const { hash, creator, index, known, open } of decoded(() => decodeStubs(stubs))) {
    const flags = standings[creator]?.flags ?? 0
    const hasPlaces = creator < standings.length && (open?.by ?? 0) < standings.length
    const isOfForm = hasPlaces && known.length === standings.length && known[creator] === index + 1
    // Of who was removed, stubs may stand on several branches.
    const isInOrder = (flags & REMOVED) !== 0 || index > (newest.get(creator) ?? -1)
    if (!isOfForm || !isInOrder) throw new CheckpointError('its stubs are out of order')
    newest.set(creator, index)
    if (hashes.size === hashes.add(toHex(hash)).size) throw new CheckpointError('it holds a stub twice')
  }
}

function checkVouches<P>(
  { stubs, vouches }: CheckpointBase,
  { nextVoters, position }: VerifiedCheckpoint,
  { group, scheme }: CheckpointTrust<P>,
): void {
  const message = vouchMessage(group.id, position, group.hash(stubs))
  const voters = new Set(nextVoters.map(toHex))
  for (const { signer, signature } of vouches) {
    // Each once: who has vouched is taken out.
    if (!voters.delete(toHex(signer))) throw new CheckpointError('it is vouched for by somebody who does not vote')
    if (scheme.verify(signer, message, signature) !== 'valid') throw new CheckpointError('a vouch does not verify')
  }
  if (!isAtLeastThird(vouches.length, nextVoters.length)) {
    throw new CheckpointError(`${vouches.length} of ${nextVoters.length} voters vouch for it`)
  }
}
