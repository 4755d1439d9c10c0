/**
 * @module wire/ballot/format
 *
 * What the encoding of safe ballots leaves to the scope: the signature scheme, which gives the lengths of keys and
 * signatures; and the bounds that are the same everywhere (ballots §8.1, §8.11).
 */

import { sha3_256 } from '@noble/hashes/sha3.js'
import type { Bytes } from '../../base/bytes.ts'
import { fromUtf8, utf8 } from '../../base/bytes.ts'
import { CodecError } from '../canonical/errors.ts'
import type { CanonicalReader } from '../canonical/reader.ts'
import { CanonicalWriter } from '../canonical/writer.ts'

/** A `SignatureScheme` is one. */
export interface BallotFormat {
  readonly name: string
  readonly identityLength: number
  readonly signatureLength: number
}

export const BALLOT_LIMITS = {
  maxScopeBytes: 256,
  maxNameBytes: 256,
  maxPayloadBytes: 64 * 1024,
  maxRosterKeys: 10_000,
  maxSchemeBytes: 32,
  /** A certificate of either finality. */
  maxCertificateBytes: 64 * 1024 * 1024,
} as const

export const DIGEST_BYTES = 32
export const NONCE_BYTES = 16
export const GROUP_ID_BYTES = 32

/** What is hashed or signed begins with one of these, as a string with its length. The number is the version. */
export const DOMAIN = {
  proposal: 'witan/ballot/proposal/1',
  vote: 'witan/ballot/vote/1',
  evidence: 'witan/ballot/evidence/1',
  certificate: 'witan/ballot/certificate/1',
} as const

export type Domain = (typeof DOMAIN)[keyof typeof DOMAIN]

export function writeDomain(writer: CanonicalWriter, domain: Domain): CanonicalWriter {
  return writer.byteString(utf8(domain))
}

export function readDomain(reader: CanonicalReader, domain: Domain): void {
  const at = reader.offset
  if (readText(reader, 64, 'domain') !== domain) invalid(at, `domain is not ${domain}`)
}

/** SHA3-256 of domain and bytes. */
export function digestOf(domain: Domain, bytes: Bytes): Bytes {
  return sha3_256(
    writeDomain(new CanonicalWriter(bytes.length + 64), domain)
      .fixed(bytes)
      .finish(),
  )
}

export function readText(reader: CanonicalReader, maxBytes: number, what: string): string {
  const at = reader.offset
  const bytes = reader.byteString(maxBytes, what)
  try {
    return fromUtf8(bytes)
  } catch (error) {
    if (error instanceof TypeError) return invalid(at, `${what} is no UTF-8`)
    throw error
  }
}

/** An IEEE 754 double, little-endian. */
export function writeF64(writer: CanonicalWriter, value: number): CanonicalWriter {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setFloat64(0, value, true)
  return writer.fixed(bytes)
}

export function readF64(reader: CanonicalReader): number {
  const bytes = reader.fixed(8)
  return new DataView(bytes.buffer, bytes.byteOffset, 8).getFloat64(0, true)
}

/** One byte 0 or 1, then the value. */
export function writeOption(writer: CanonicalWriter, value: Bytes | null): CanonicalWriter {
  writer.bool(value !== null)
  return value === null ? writer : writer.fixed(value)
}

export function readOption(reader: CanonicalReader, length: number): Bytes | null {
  return reader.bool() ? reader.fixed(length) : null
}

export function invalid(offset: number, what: string): never {
  throw new CodecError({ code: 'InvalidValue', offset, what })
}
