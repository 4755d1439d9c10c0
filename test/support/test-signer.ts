/** A peer's key for tests of what only needs a signer: Ed25519 from a name, the same every time. */
import { createHash, createPrivateKey, createPublicKey, sign, verify } from 'node:crypto'
import type { SignatureScheme, Signer } from '../../src/ports/signature-scheme.ts'

const PRIVATE_DER = Buffer.from('302e020100300506032b657004220420', 'hex')
const PUBLIC_DER = Buffer.from('302a300506032b6570032100', 'hex')

const scheme: SignatureScheme = {
  name: 'test-ed25519',
  identityLength: 32,
  signatureLength: 64,
  verify(identity, message, signature) {
    if (identity.length !== 32 || signature.length !== 64) return 'malformed'
    const key = createPublicKey({ key: Buffer.concat([PUBLIC_DER, identity]), format: 'der', type: 'spki' })
    return verify(null, message, key, signature) ? 'valid' : 'invalid'
  },
  verifyBatch(requests) {
    return Promise.resolve(requests.map((r) => scheme.verify(r.identity, r.message, r.signature)))
  },
}

export function testSigner(name: string): Signer {
  const seed = createHash('sha256').update(name).digest()
  const key = createPrivateKey({ key: Buffer.concat([PRIVATE_DER, seed]), format: 'der', type: 'pkcs8' })
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' })
  return {
    scheme,
    identity: new Uint8Array(spki.subarray(PUBLIC_DER.length)),
    sign: (message) => new Uint8Array(sign(null, message, key)),
  }
}
