/**
 * Signatures for tests that are not about signatures: eight bytes of a hash over identity and message, so that anybody can
 * make one, any change breaks it, and nothing is slow. An identity is the name of its peer, in bytes.
 */

import { sha256 } from '@noble/hashes/sha2.js'
import { concatBytes, equalBytes, utf8 } from '../../src/base/bytes.ts'
import type { SignatureScheme, Signer } from '../../src/ports/signature-scheme.ts'

const LENGTH = 8

const signatureOf = (identity: Uint8Array, message: Uint8Array): Uint8Array =>
  sha256(concatBytes(identity, message)).slice(0, LENGTH)

export const cheapScheme: SignatureScheme = {
  name: 'cheap',
  identityLength: 1,
  signatureLength: LENGTH,
  verify(identity, message, signature) {
    if (signature.length !== LENGTH) return 'malformed'
    return equalBytes(signature, signatureOf(identity, message)) ? 'valid' : 'invalid'
  },
  verifyBatch: (requests) =>
    Promise.resolve(
      requests.map(({ identity, message, signature }) => cheapScheme.verify(identity, message, signature)),
    ),
}

export function cheapSigner(name: string): Signer {
  const identity = utf8(name)
  return { scheme: cheapScheme, identity, sign: (message) => signatureOf(identity, message) }
}
