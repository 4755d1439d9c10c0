/**
 * @module testing/sim/scheme
 *
 * Signatures for simulations: a checksum of key and message, three lanes of MurmurHash3 (Austin Appleby, public domain).
 * They tell messages and signers apart, cost a fraction of a microsecond, and repeat; anybody could forge them, and nobody
 * here does.
 */

import { createHash } from 'node:crypto'
import { equalBytes } from '../../base/bytes.ts'
import type { SignatureScheme, Signer, Verdict } from '../../ports/signature-scheme.ts'

const ID_BYTES = 32
const SIGNATURE_BYTES = 64

const rotate = (word: number, by: number): number => (word << by) | (word >>> (32 - by))

const mix = (lane: number, word: number): number =>
  (Math.imul(rotate(lane ^ Math.imul(rotate(Math.imul(word, 0xcc9e2d51), 15), 0x1b873593), 13), 5) + 0xe6546b64) | 0

function finish(lane: number): number {
  let last = lane ^ (lane >>> 16)
  last = Math.imul(last, 0x85ebca6b)
  last = Math.imul(last ^ (last >>> 13), 0xc2b2ae35)
  return last ^ (last >>> 16)
}

function checksum(identity: Uint8Array, message: Uint8Array): Uint8Array {
  let [a, b, c] = [message.length, 0x3c6ef372, 0x510e527f]
  for (const part of [identity, message]) {
    const view = new DataView(part.buffer, part.byteOffset, part.length)
    const words = part.length & ~3
    for (let at = 0; at < part.length; at += 4) {
      const word = at < words ? view.getInt32(at, true) : tail(part, at)
      a = mix(a, word)
      b = mix(b, word)
      c = mix(c, word)
    }
  }
  const signature = new Uint8Array(SIGNATURE_BYTES)
  const view = new DataView(signature.buffer)
  for (const [i, lane] of [a, b, c].entries()) view.setInt32(4 * i, finish(lane))
  return signature
}

function tail(part: Uint8Array, from: number): number {
  let word = 0
  for (let at = from; at < part.length; at += 1) word |= (part[at] ?? 0) << (8 * (at - from))
  return word
}

const verify = (identity: Uint8Array, message: Uint8Array, signature: Uint8Array): Verdict =>
  equalBytes(checksum(identity, message), signature) ? 'valid' : 'invalid'

const simulatedScheme: SignatureScheme = {
  name: 'simulated',
  identityLength: ID_BYTES,
  signatureLength: SIGNATURE_BYTES,
  verify,
  verifyBatch: (requests) =>
    Promise.resolve(requests.map(({ identity, message, signature }) => verify(identity, message, signature))),
}

/** The same name, the same key. */
export function simulatedSigner(name: string): Signer {
  const identity = new Uint8Array(createHash('sha256').update(name).digest())
  return { scheme: simulatedScheme, identity, sign: (message) => checksum(identity, message) }
}
