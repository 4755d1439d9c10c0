/**
 * @module testing/sim/scheme
 *
 * Signatures for simulations: a hash of key and message. They tell messages and signers apart, cost a microsecond, and
 * repeat; anybody could forge them, and nobody here does.
 */

import { createHash } from 'node:crypto'
import { equalBytes } from '../../base/bytes.ts'
import type { SignatureScheme, Signer, Verdict } from '../../ports/signature-scheme.ts'

const ID_BYTES = 32

const digest = (identity: Uint8Array, message: Uint8Array): Uint8Array =>
  new Uint8Array(createHash('sha512').update(identity).update(message).digest())

const verify = (identity: Uint8Array, message: Uint8Array, signature: Uint8Array): Verdict =>
  equalBytes(digest(identity, message), signature) ? 'valid' : 'invalid'

const simulatedScheme: SignatureScheme = {
  name: 'simulated',
  identityLength: ID_BYTES,
  signatureLength: 64,
  verify,
  verifyBatch: (requests) =>
    Promise.resolve(requests.map(({ identity, message, signature }) => verify(identity, message, signature))),
}

/** The same name, the same key. */
export function simulatedSigner(name: string): Signer {
  const identity = new Uint8Array(createHash('sha256').update(name).digest())
  return { scheme: simulatedScheme, identity, sign: (message) => digest(identity, message) }
}
