/**
 * @module wire/ballot/chain
 *
 * The observations of blocks as a certificate needs them (parsec §2, §11).
 */

import { sha3_256 } from '@noble/hashes/sha3.js'
import type { Bytes } from '../../base/bytes.ts'
import { CodecError } from '../canonical/errors.ts'
import { CanonicalReader } from '../canonical/reader.ts'

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
