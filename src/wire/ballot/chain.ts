/**
 * @module wire/ballot/chain
 *
 * The chain of blocks as a certificate needs it (parsec §8): each chain hash covers the one before and the key of one
 * block, from 32 zero bytes.
 */

import { sha3_256 } from '@noble/hashes/sha3.js'
import { type Bytes, concatBytes, EMPTY_BYTES } from '../../base/bytes.ts'
import { CodecError } from '../canonical/errors.ts'
import { CanonicalReader } from '../canonical/reader.ts'

/** What identifies a block for agreement: the hash of its observation, and its voter in `Single` mode. */
export interface BlockKey {
  readonly hash: Bytes
  readonly voter: Bytes | null
}

export const FIRST_CHAIN_HASH: Bytes = new Uint8Array(32)

export function nextChainHash(previous: Bytes, key: BlockKey): Bytes {
  return sha3_256(concatBytes(previous, key.hash, key.voter ?? EMPTY_BYTES))
}

/** Hash of an encoded observation (parsec §2). */
export function observationHash(observation: Bytes): Bytes {
  return sha3_256(observation)
}

const OPAQUE_PAYLOAD_TAG = 4

/** The payload of an encoded OpaquePayload of bytes, as a view; `null` for any other observation. */
export function opaquePayloadOf(observation: Bytes): Bytes | null {
  const reader = new CanonicalReader(observation)
  try {
    if (reader.u32() !== OPAQUE_PAYLOAD_TAG) return null
    const payload = reader.byteString(observation.length, 'payload')
    reader.finish()
    return payload
  } catch (error) {
    if (error instanceof CodecError) return null
    throw error
  }
}
