/**
 * @module testing/network/checksum-scheme
 *
 * Signatures that cost nothing and still cover their message: a checksum of identity and message. Anybody can make one,
 * so they are for simulations only, where a changed byte must be noticed and a forger is not part of the model.
 */

import type { SignatureScheme, Signer, Verdict } from '../../ports/signature-scheme.ts'

export const CHECKSUM_IDENTITY_BYTES = 8
export const CHECKSUM_BYTES = 8

/** Two FNV-1a sums with different seeds. */
function checksum(identity: Uint8Array, message: Uint8Array): Uint8Array {
  let low = 0x811c9dc5
  let high = 0x2a6b1f37
  for (const part of [identity, message]) {
    for (const byte of part) {
      low = Math.imul(low ^ byte, 0x01000193)
      high = Math.imul(high ^ byte, 0x01000193) + 1
    }
  }
  const bytes = new Uint8Array(CHECKSUM_BYTES)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, low >>> 0)
  view.setUint32(4, high >>> 0)
  return bytes
}

function verify(identity: Uint8Array, message: Uint8Array, signature: Uint8Array): Verdict {
  if (signature.length !== CHECKSUM_BYTES) return 'malformed'
  return checksum(identity, message).every((byte, i) => byte === signature[i]) ? 'valid' : 'invalid'
}

export const insecureChecksum: SignatureScheme = {
  name: 'insecure-checksum',
  identityLength: CHECKSUM_IDENTITY_BYTES,
  signatureLength: CHECKSUM_BYTES,
  verify,
  verifyBatch: (requests) =>
    Promise.resolve(requests.map(({ identity, message, signature }) => verify(identity, message, signature))),
}

export function checksumSigner(identity: Uint8Array): Signer {
  return { scheme: insecureChecksum, identity, sign: (message) => checksum(identity, message) }
}
