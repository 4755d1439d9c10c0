/**
 * @module wire/checkpoint/proof
 *
 * Codecs of what proves a checkpoint, or a block's place in the order, to a stranger who knows genesis (parsec §8). Only the form is judged here.
 *
 * - certified checkpoint: `bytes statement, bytes signers, sequence of signatures`. The signers are a bit set over those who voted before
 *   it, in order of id: bit `i mod 8` (lowest first) of byte `i div 8`.
 * - checkpoint proof: `text domain, [32] group id, sequence of certified checkpoints`: each change of voters from genesis
 *   on, then the checkpoint.
 * - position proof: `text domain, [32] chain hash before, block, keys after, bytes checkpoint proof`.
 */

import { type Bytes, utf8 } from '../../base/bytes.ts'
import { CodecError } from '../canonical/errors.ts'
import type { CanonicalFormat } from '../canonical/format.ts'
import { CanonicalReader } from '../canonical/reader.ts'
import { HASH_BYTES } from '../canonical/types.ts'
import { CanonicalWriter } from '../canonical/writer.ts'
import { type BlockKey, type CertifiedBlock, readBlock, readKeys, writeBlock, writeKeys } from './chain.ts'

export const CHECKPOINT_DOMAIN = {
  checkpoint: 'witan/checkpoint/proof/1',
  position: 'witan/position/proof/1',
} as const

/** A proof of either kind, in bytes. */
export const MAX_CHECKPOINT_PROOF_BYTES = 64 * 1024 * 1024

export interface CertifiedCheckpoint {
  /** Encoded; see statement.ts. */
  readonly statement: Bytes
  readonly signers: Bytes
  /** Of the signers, in order. */
  readonly signatures: readonly Bytes[]
}

export interface CheckpointProof {
  readonly groupId: Bytes
  /** In order of position. */
  readonly path: readonly CertifiedCheckpoint[]
}

export interface PositionProof {
  /** Before the block. */
  readonly chainHashBefore: Bytes
  readonly block: CertifiedBlock
  /** Of the blocks after it, up to the checkpoint. */
  readonly keysAfter: readonly BlockKey[]
  /** Encoded. */
  readonly checkpoint: Bytes
}

function beginWith(domain: string): CanonicalWriter {
  return new CanonicalWriter(1024).byteString(utf8(domain))
}

function opened(bytes: Bytes, domain: string): CanonicalReader {
  if (bytes.length > MAX_CHECKPOINT_PROOF_BYTES) {
    const limit = MAX_CHECKPOINT_PROOF_BYTES
    throw new CodecError({ code: 'LimitExceeded', what: 'checkpoint proof', limit, actual: bytes.length })
  }
  const reader = new CanonicalReader(bytes)
  const expected = utf8(domain)
  const actual = reader.byteString(64, 'domain')
  if (actual.length !== expected.length || actual.some((byte, i) => byte !== expected[i])) {
    throw new CodecError({ code: 'InvalidValue', offset: 0, what: `domain is not ${domain}` })
  }
  return reader
}

export function encodeCheckpointProof({ groupId, path }: CheckpointProof): Bytes {
  const writer = beginWith(CHECKPOINT_DOMAIN.checkpoint).fixed(groupId).u64(path.length)
  for (const { statement, signers, signatures } of path) {
    writer.byteString(statement).byteString(signers).u64(signatures.length)
    for (const signature of signatures) writer.fixed(signature)
  }
  return writer.finish()
}

/** Exactly one proof; throws a `CodecError`. */
export function decodeCheckpointProof(bytes: Bytes, format: CanonicalFormat): CheckpointProof {
  const reader = opened(bytes, CHECKPOINT_DOMAIN.checkpoint)
  const groupId = reader.fixed(HASH_BYTES)
  const count = reader.count(3 * 8, MAX_CHECKPOINT_PROOF_BYTES, 'path')
  const path = Array.from({ length: count }, () => readCertified(reader, format))
  reader.finish()
  return { groupId, path }
}

function readCertified(reader: CanonicalReader, format: CanonicalFormat): CertifiedCheckpoint {
  const { maxSetItems } = format.limits
  const statement = reader.byteString(MAX_CHECKPOINT_PROOF_BYTES, 'statement')
  const signers = reader.byteString(Math.ceil(maxSetItems / 8), 'signers')
  const count = reader.count(format.signatureBytes, maxSetItems, 'signatures')
  return { statement, signers, signatures: Array.from({ length: count }, () => reader.fixed(format.signatureBytes)) }
}

export function encodePositionProof({ chainHashBefore, block, keysAfter, checkpoint }: PositionProof): Bytes {
  const writer = beginWith(CHECKPOINT_DOMAIN.position).fixed(chainHashBefore)
  writeBlock(writer, block)
  return writeKeys(writer, keysAfter).byteString(checkpoint).finish()
}

/** Exactly one proof; throws a `CodecError`. */
export function decodePositionProof(bytes: Bytes): PositionProof {
  const reader = opened(bytes, CHECKPOINT_DOMAIN.position)
  const limit = MAX_CHECKPOINT_PROOF_BYTES
  const chainHashBefore = reader.fixed(HASH_BYTES)
  const block = readBlock(reader, limit)
  const keysAfter = readKeys(reader, limit)
  const checkpoint = reader.byteString(limit, 'checkpoint')
  reader.finish()
  return { chainHashBefore, block, keysAfter, checkpoint }
}
