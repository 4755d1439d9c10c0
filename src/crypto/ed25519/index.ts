/**
 * @module crypto/ed25519
 *
 * The signature scheme `ed25519` (RFC 8032, pure): an identity is a public key of 32 bytes, a signature has 64. Verified
 * by OpenSSL: without cofactor, and s must be below the order, so that nobody can make a second signature of one.
 */

import { createPrivateKey, createPublicKey, sign as signWith, verify as verifyWith } from 'node:crypto'
import { concatBytes } from '../../base/bytes.ts'
import { fromBase64Url, fromHex } from '../../base/text.ts'
import type { Random } from '../../ports/random.ts'
import type { SignatureScheme, Signer, Verdict, VerificationRequest } from '../../ports/signature-scheme.ts'
import { invalidPrivateKey } from '../errors.ts'
import { RecentVerdicts } from '../recent-verdicts.ts'
import { PublicKeyCache } from './keys.ts'

const IDENTITY_LENGTH = 32
const SIGNATURE_LENGTH = 64
const SEED_LENGTH = 32

/** PKCS #8 of an Ed25519 seed (RFC 8410 §7), all but the seed. */
const PKCS8_HEAD = fromHex('302e020100300506032b657004220420')

export interface Ed25519Options {
  /** Public keys kept ready. Default 10,000 (some 2 kB each). */
  readonly maxKeys?: number
  /** Batches smaller than this stay on the calling thread. Default 4. */
  readonly minBatch?: number
  /** Verdicts of batches kept at least, for peers that send the same at about the same time. At most twice as many are. Default 5,000 (some 200 bytes each). */
  readonly maxVerdicts?: number
}

export class Ed25519Scheme implements SignatureScheme {
  readonly name = 'ed25519'
  readonly identityLength = IDENTITY_LENGTH
  readonly signatureLength = SIGNATURE_LENGTH
  readonly #keys: PublicKeyCache
  readonly #minBatch: number
  readonly #recent: RecentVerdicts

  constructor(options: Ed25519Options = {}) {
    this.#keys = new PublicKeyCache(options.maxKeys ?? 10_000)
    this.#minBatch = options.minBatch ?? 4
    this.#recent = new RecentVerdicts(options.maxVerdicts ?? 5_000)
  }

  verify(identity: Uint8Array, message: Uint8Array, signature: Uint8Array): Verdict {
    if (identity.length !== IDENTITY_LENGTH || signature.length !== SIGNATURE_LENGTH) return 'malformed'
    return verifyWith(null, message, this.#keys.get(identity), signature) ? 'valid' : 'invalid'
  }

  async verifyBatch(requests: readonly VerificationRequest[]): Promise<readonly Verdict[]> {
    const isSmall = requests.length < this.#minBatch
    return Promise.all(requests.map((request) => this.#verdictOn(request, isSmall)))
  }

  async #verdictOn(request: VerificationRequest, isSmall: boolean): Promise<Verdict> {
    const { identity, message, signature } = request
    if (identity.length !== IDENTITY_LENGTH || signature.length !== SIGNATURE_LENGTH) return 'malformed'
    return this.#recent.of(request, () =>
      isSmall ? Promise.resolve(this.verify(identity, message, signature)) : this.#verifyElsewhere(request),
    )
  }

  /** On a thread of libuv's pool. */
  async #verifyElsewhere({ identity, message, signature }: VerificationRequest): Promise<Verdict> {
    return new Promise((resolve, reject) => {
      verifyWith(null, message, this.#keys.get(identity), signature, (error, valid) => {
        if (error) reject(error)
        else resolve(valid ? 'valid' : 'invalid')
      })
    })
  }
}

/** The scheme with default options, shared by all signers of `ed25519Signer`. */
export const ed25519: Ed25519Scheme = new Ed25519Scheme()

/** `seed`: 32 bytes (RFC 8032 calls it the private key); otherwise `CryptoError` `InvalidPrivateKey`. */
export function ed25519Signer(seed: Uint8Array, scheme: SignatureScheme = ed25519): Signer {
  if (seed.length !== SEED_LENGTH) throw invalidPrivateKey('ed25519', seed)
  const der = Buffer.from(concatBytes(PKCS8_HEAD, seed))
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
  const { x } = createPublicKey(key).export({ format: 'jwk' })
  return {
    scheme,
    identity: fromBase64Url(x ?? ''),
    sign: (message) => new Uint8Array(signWith(null, message, key)),
  }
}

/** A fresh seed of 32 bytes. */
export function generateEd25519Seed(random: Random): Uint8Array {
  return random.bytes(SEED_LENGTH)
}
