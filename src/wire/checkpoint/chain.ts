/**
 * @module wire/checkpoint/chain
 *
 * The chain of blocks (parsec §8): each chain hash covers the one before and the key of one block, from 32 zero bytes.
 */

import { sha3_256 } from '@noble/hashes/sha3.js'
import { type Bytes, concatBytes, EMPTY_BYTES } from '../../base/bytes.ts'
import { CodecError } from '../canonical/errors.ts'
import type { CanonicalReader } from '../canonical/reader.ts'
import { HASH_BYTES } from '../canonical/types.ts'
import type { CanonicalWriter } from '../canonical/writer.ts'

/** What identifies a block for agreement: the hash of its observation, and its voter in `Single` mode. */
export interface BlockKey {
  readonly hash: Bytes
  readonly voter: Bytes | null
}

export interface CertifiedBlock {
  /** The encoded observation (parsec §11). */
  readonly observation: Bytes
  /** Its voter, where the block is one peer's (`Single`). */
  readonly voter: Bytes | null
}

const MAX_VOTER_BYTES = 256

export const FIRST_CHAIN_HASH: Bytes = new Uint8Array(HASH_BYTES)

/** `hash`: SHA3-256, where there is a faster one than the default. */
export function nextChainHash(previous: Bytes, key: BlockKey, hash: (bytes: Bytes) => Bytes = sha3_256): Bytes {
  return hash(concatBytes(previous, key.hash, key.voter ?? EMPTY_BYTES))
}

export function blockKeyOf({ observation, voter }: CertifiedBlock): BlockKey {
  return { hash: sha3_256(observation), voter }
}

export function writeBlock(writer: CanonicalWriter, { observation, voter }: CertifiedBlock): void {
  writeVoter(writer.byteString(observation), voter)
}

export function readBlock(reader: CanonicalReader, maxBytes: number): CertifiedBlock {
  return { observation: reader.byteString(maxBytes, 'observation'), voter: readVoter(reader) }
}

export function writeKeys(writer: CanonicalWriter, keys: readonly BlockKey[]): CanonicalWriter {
  writer.u64(keys.length)
  for (const { hash, voter } of keys) writeVoter(writer.fixed(hash), voter)
  return writer
}

export function readKeys(reader: CanonicalReader, maxKeys: number): readonly BlockKey[] {
  return Array.from({ length: reader.count(HASH_BYTES + 1, maxKeys, 'keys') }, () => ({
    hash: reader.fixed(HASH_BYTES),
    voter: readVoter(reader),
  }))
}

function writeVoter(writer: CanonicalWriter, voter: Bytes | null): void {
  writer.bool(voter !== null)
  if (voter !== null) writer.byteString(voter)
}

function readVoter(reader: CanonicalReader): Bytes | null {
  if (!reader.bool()) return null
  const offset = reader.offset
  const voter = reader.byteString(MAX_VOTER_BYTES, 'voter')
  // An empty voter would have the block key of no voter.
  if (voter.length === 0) throw new CodecError({ code: 'InvalidValue', offset, what: 'empty voter' })
  return voter
}
