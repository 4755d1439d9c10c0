/** Ed25519 for tests: real signatures, straight from Node. */

import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto'
import type { SignatureScheme, Signer, Verdict } from '../../src/ports/signature-scheme.ts'

const keys = new Map<string, KeyObject>()

function publicKey(identity: Uint8Array): KeyObject {
  const x = Buffer.from(identity).toString('base64url')
  let key = keys.get(x)
  if (key === undefined) {
    key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' })
    keys.set(x, key)
  }
  return key
}

function verdict(identity: Uint8Array, message: Uint8Array, signature: Uint8Array): Verdict {
  return verify(null, message, publicKey(identity), signature) ? 'valid' : 'invalid'
}

export const testScheme: SignatureScheme = {
  name: 'ed25519',
  identityLength: 32,
  signatureLength: 64,
  verify: verdict,
  verifyBatch: (requests) =>
    Promise.resolve(requests.map(({ identity, message, signature }) => verdict(identity, message, signature))),
}

/** PKCS #8 of an ed25519 seed (RFC 8410). */
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex')

export function testSigner(seed: Uint8Array): Signer {
  const key = createPrivateKey({ key: Buffer.concat([PKCS8, seed]), format: 'der', type: 'pkcs8' })
  const { x = '' } = createPublicKey(key).export({ format: 'jwk' })
  const identity = new Uint8Array(Buffer.from(x, 'base64url'))
  return { scheme: testScheme, identity, sign: (message) => new Uint8Array(sign(null, message, key)) }
}
