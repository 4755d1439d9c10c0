/**
 * @module crypto/ethereum/frames
 *
 * A chunk of verifications as one buffer that moves to a worker without a copy, and its verdicts as one byte each.
 * Layout of a request: identity (20), signature (65), length of the message (4, LE), message.
 */

import type { Verdict, VerificationRequest } from '../../ports/signature-scheme.ts'
import { IDENTITY_LENGTH, SIGNATURE_LENGTH } from './verify.ts'

const HEAD = IDENTITY_LENGTH + SIGNATURE_LENGTH + 4
const VERDICTS: readonly Verdict[] = ['valid', 'invalid', 'malformed']

/** What crosses the border between threads. `chunk` names the chunk in both directions. */
export interface ChunkMessage {
  readonly chunk: number
  readonly bytes: Uint8Array<ArrayBuffer>
}

/** Every request has an identity and a signature of the right lengths. */
export function packRequests(requests: readonly VerificationRequest[]): Uint8Array<ArrayBuffer> {
  let length = 0
  for (const { message } of requests) length += HEAD + message.length
  const bytes = new Uint8Array(length)
  const view = new DataView(bytes.buffer)
  let at = 0
  for (const { identity, message, signature } of requests) {
    bytes.set(identity, at)
    bytes.set(signature, at + IDENTITY_LENGTH)
    view.setUint32(at + HEAD - 4, message.length, true)
    bytes.set(message, at + HEAD)
    at += HEAD + message.length
  }
  return bytes
}

export function unpackRequests(bytes: Uint8Array): VerificationRequest[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const requests: VerificationRequest[] = []
  let at = 0
  while (at < bytes.length) {
    const end = at + HEAD + view.getUint32(at + HEAD - 4, true)
    requests.push({
      identity: bytes.subarray(at, at + IDENTITY_LENGTH),
      signature: bytes.subarray(at + IDENTITY_LENGTH, at + HEAD - 4),
      message: bytes.subarray(at + HEAD, end),
    })
    at = end
  }
  return requests
}

export function packVerdicts(verdicts: readonly Verdict[]): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(verdicts, (verdict) => VERDICTS.indexOf(verdict))
}

export function unpackVerdicts(bytes: Uint8Array): Verdict[] {
  return Array.from(bytes, (code) => VERDICTS[code] ?? 'malformed')
}
