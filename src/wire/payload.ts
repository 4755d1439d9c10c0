/**
 * @module wire/payload
 *
 * The frame of an opaque payload in a group: one kind byte, then the body. The kind alone gives the consensus mode, so
 * that all peers agree on the mode of bytes that none of them can read (parsec §2).
 *
 * | kind | body | mode |
 * | --- | --- | --- |
 * | 0 application | the application's bytes | the group's choice |
 * | 1 batch | a sequence of application payloads, one at least | single |
 * | 2 ballot proposal | a signed proposal (ballots §8.2) | single |
 * | 3 ballot vote | a signed vote | single |
 * | 4 close | the id of a proposal | supermajority |
 */

import type { Bytes } from '../base/bytes.ts'
import { CodecError } from './canonical/errors.ts'
import { CanonicalReader } from './canonical/reader.ts'
import { CanonicalWriter } from './canonical/writer.ts'

export type PayloadKind = 'application' | 'batch' | 'ballotProposal' | 'ballotVote' | 'close'

/** Kinds in order of their byte. */
export const PAYLOAD_KINDS = [
  'application',
  'batch',
  'ballotProposal',
  'ballotVote',
  'close',
] as const satisfies readonly PayloadKind[]

export type PayloadMode = 'single' | 'supermajority'

export interface PayloadFrame {
  readonly kind: PayloadKind
  /** A view of the payload. */
  readonly body: Bytes
}

export function encodePayload(kind: PayloadKind, body: Bytes): Bytes {
  return new CanonicalWriter(1 + body.length).u8(PAYLOAD_KINDS.indexOf(kind)).fixed(body).finish()
}

/** Throws a `CodecError` on an empty payload and on an unknown kind. The body is not judged. */
export function decodePayload(payload: Bytes): PayloadFrame {
  const reader = new CanonicalReader(payload)
  const tag = reader.u8()
  const kind = PAYLOAD_KINDS[tag]
  if (kind === undefined) throw new CodecError({ code: 'UnknownTag', offset: 0, type: 'payload', tag })
  return { kind, body: payload.subarray(1) }
}

/**
 * The consensus mode of a payload, a function of its bytes alone. What has no known kind is ordered like an application's,
 * for some application may run without frames.
 */
export function payloadMode(payload: Bytes, applicationMode: PayloadMode): PayloadMode {
  const tag = payload[0]
  switch (tag === undefined ? undefined : PAYLOAD_KINDS[tag]) {
    case 'batch':
    case 'ballotProposal':
    case 'ballotVote':
      return 'single'
    case 'close':
      return 'supermajority'
    case 'application':
    case undefined:
    default:
      return applicationMode
  }
}

export function encodeBatch(payloads: readonly Bytes[]): Bytes {
  const writer = new CanonicalWriter()
  writer.u64(payloads.length)
  for (const payload of payloads) writer.byteString(payload)
  return encodePayload('batch', writer.finish())
}

/** The payloads of a batch's body, one at least; throws a `CodecError`. */
export function decodeBatch(body: Bytes, maxPayloadBytes: number): readonly Bytes[] {
  const reader = new CanonicalReader(body)
  const count = reader.count(8, body.length, 'batch')
  if (count === 0) throw new CodecError({ code: 'InvalidValue', offset: 0, what: 'empty batch' })
  const payloads = Array.from({ length: count }, () => reader.byteString(maxPayloadBytes, 'payload'))
  reader.finish()
  return payloads
}
