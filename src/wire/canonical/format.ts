/**
 * @module wire/canonical/format
 *
 * What the encoding leaves to the group: how an id and a signature look, how a payload is encoded, and the limits.
 */

import type { Bytes } from '../../base/bytes.ts'
import { type CanonicalLimits, DEFAULT_LIMITS } from './limits.ts'
import type { CanonicalReader } from './reader.ts'

/** How ids stand in the stream. An id *is* its encoded bytes, which also give the order of ids (parsec §1). */
export interface IdentityFormat {
  /** The least number of bytes of an id: a bound for lengths of sets. */
  readonly minBytes: number
  /** Reads over one id and gives its encoded bytes. */
  read(reader: CanonicalReader): Bytes
}

/** Canonical encoding of the application's value. `encode` includes a length where the value has no fixed one. */
export interface PayloadCodec<Payload> {
  encode(payload: Payload): Bytes
  /** Throws a `CodecError` for bytes that `encode` never makes. */
  read(reader: CanonicalReader, maxBytes: number): Payload
}

export interface CanonicalFormat<Payload = unknown> {
  readonly identity: IdentityFormat
  readonly signatureBytes: number
  readonly payload: PayloadCodec<Payload>
  readonly limits: CanonicalLimits
}

/** Ids of one length, as the keys of most signature schemes. */
export function fixedIdentity(bytes: number): IdentityFormat {
  return { minBytes: bytes, read: (reader) => reader.fixed(bytes) }
}

/** The default payload: bytes, with their length before them. */
export const BYTES_PAYLOAD: PayloadCodec<Bytes> = {
  encode(payload) {
    const bytes = new Uint8Array(8 + payload.length)
    for (let i = 0; i < 4; i += 1) bytes[i] = payload.length >>> (8 * i)
    bytes.set(payload, 8)
    return bytes
  },
  read: (reader, maxBytes) => reader.byteString(maxBytes, 'payload'),
}

/** Bytes signed with 32-byte keys and 64-byte signatures: ed25519. */
export const DEFAULT_FORMAT: CanonicalFormat<Bytes> = {
  identity: fixedIdentity(32),
  signatureBytes: 64,
  payload: BYTES_PAYLOAD,
  limits: DEFAULT_LIMITS,
}
