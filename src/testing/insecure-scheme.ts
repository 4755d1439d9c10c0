/**
 * @module testing/insecure-scheme
 *
 * A signature scheme that calls every signature valid: anybody can sign for anybody. For benchmarks of the engine alone
 * and for tests that are not about signatures.
 */

import type { SignatureScheme, Signer } from '../ports/signature-scheme.ts'

const SIGNATURE = new Uint8Array(64).fill(1)

export const insecureAlwaysValid: SignatureScheme = {
  name: 'insecure-always-valid',
  identityLength: 20,
  signatureLength: SIGNATURE.length,
  verify: () => 'valid',
  verifyBatch: (requests) => Promise.resolve(requests.map(() => 'valid')),
}

/** Signs with 64 equal bytes. `identity` may be any bytes. */
export function insecureSigner(identity: Uint8Array): Signer {
  return { scheme: insecureAlwaysValid, identity, sign: () => SIGNATURE.slice() }
}
