/**
 * @module wire/checkpoint/following
 *
 * What a peer that starts from a checkpoint asks others for (parsec §8), in messages of a transport that vouches for their senders.
 *
 * | message | bytes |
 * | --- | --- |
 * | ask for a base | u64 position in blocks (0: the newest that serves), u64 part, u8 whether the sender is to take part |
 * | a part of a base | u64 position (0: none is at hand), u64 payloads before it, u64 length of the base, u64 part, bytes |
 * | ask for a vouch | u64 position, bytes stubs |
 * | a vouch | u64 position, [32] hash of the stubs, u64 payloads before it, bytes signature (empty: refused) |
 *
 * Parts are of `BASE_PART_BYTES`, the last one of what is left.
 */

import type { Bytes } from '../../base/bytes.ts'
import { CodecError } from '../canonical/errors.ts'
import { CanonicalReader } from '../canonical/reader.ts'
import { HASH_BYTES } from '../canonical/types.ts'
import { CanonicalWriter } from '../canonical/writer.ts'
import { MAX_BASE_BYTES } from './base.ts'

/** Far below the least message of a transport. */
export const BASE_PART_BYTES = 256 * 1024

export interface BaseAsked {
  /** In blocks; 0: the newest that serves the purpose. */
  readonly position: number
  /** From 0. */
  readonly part: number
  /** It is to become a member, which not every checkpoint allows; otherwise it only follows. */
  readonly takesPart: boolean
}

export interface BasePart {
  /** 0: the sender has none to give now. */
  readonly position: number
  /** The first position after what the base covers, as `position` of blocks counts: payloads, not blocks. */
  readonly payloads: number
  /** Of the whole base, in bytes. */
  readonly length: number
  readonly part: number
  readonly bytes: Bytes
}

export interface VouchAsked {
  readonly position: number
  /** Encoded; see base.ts. */
  readonly stubs: Bytes
}

export interface Vouch {
  readonly position: number
  readonly stubsHash: Bytes
  readonly payloads: number
  /** Null: it does not vouch. */
  readonly signature: Bytes | null
}

/** How many parts a base of so many bytes has. */
export function partsOf(length: number): number {
  return Math.ceil(length / BASE_PART_BYTES)
}

export function encodeBaseAsked({ position, part, takesPart }: BaseAsked): Bytes {
  return new CanonicalWriter(17).u64(position).u64(part).bool(takesPart).finish()
}

/** Throws a `CodecError`, as all below. */
export function decodeBaseAsked(body: Bytes): BaseAsked {
  return strict(body, (reader) => ({ position: reader.u64(), part: reader.u64(), takesPart: reader.bool() }))
}

export function encodeBasePart({ position, payloads, length, part, bytes }: BasePart): Bytes {
  const writer = new CanonicalWriter(bytes.length + 40)
  return writer.u64(position).u64(payloads).u64(length).u64(part).byteString(bytes).finish()
}

export function decodeBasePart(body: Bytes): BasePart {
  const message = strict(body, (reader) => ({
    position: reader.u64(),
    payloads: reader.u64(),
    length: reader.u64(),
    part: reader.u64(),
    bytes: reader.byteString(BASE_PART_BYTES, 'part').slice(),
  }))
  const { length, part, bytes } = message
  if (length > MAX_BASE_BYTES)
    throw new CodecError({ code: 'LimitExceeded', what: 'base', limit: MAX_BASE_BYTES, actual: length })
  const expected = Math.max(0, Math.min(BASE_PART_BYTES, length - part * BASE_PART_BYTES))
  if (bytes.length !== expected)
    throw new CodecError({
      code: 'InvalidValue',
      offset: 0,
      what: `part ${part} has ${bytes.length} bytes, not ${expected}`,
    })
  return message
}

export function encodeVouchAsked({ position, stubs }: VouchAsked): Bytes {
  return new CanonicalWriter(stubs.length + 16).u64(position).byteString(stubs).finish()
}

export function decodeVouchAsked(body: Bytes): VouchAsked {
  return strict(body, (reader) => ({ position: reader.u64(), stubs: reader.byteString(body.length, 'stubs') }))
}

export function encodeVouch({ position, stubsHash, payloads, signature }: Vouch): Bytes {
  const writer = new CanonicalWriter(160).u64(position).fixed(stubsHash).u64(payloads)
  return writer.byteString(signature ?? new Uint8Array(0)).finish()
}

export function decodeVouch(body: Bytes, signatureBytes: number): Vouch {
  const { signature, ...vouch } = strict(body, (reader) => ({
    position: reader.u64(),
    stubsHash: reader.fixed(HASH_BYTES).slice(),
    payloads: reader.u64(),
    signature: reader.byteString(signatureBytes, 'signature').slice(),
  }))
  if (signature.length === 0) return { ...vouch, signature: null }
  if (signature.length !== signatureBytes)
    throw new CodecError({ code: 'InvalidValue', offset: 0, what: `a signature of ${signature.length} bytes` })
  return { ...vouch, signature }
}

function strict<T>(body: Bytes, read: (reader: CanonicalReader) => T): T {
  const reader = new CanonicalReader(body)
  const value = read(reader)
  reader.finish()
  return value
}
