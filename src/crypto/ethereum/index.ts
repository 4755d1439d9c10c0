/**
 * @module crypto/ethereum
 *
 * The signature scheme `ethereum` (ballots §2): secp256k1 over EIP-191 personal messages; an identity is an address of 20
 * bytes, a signature r, s, v of 65.
 *
 * Guarantee: one verdict for one input on every machine, whichever backend or thread does the work.
 */

import type { Random } from '../../ports/random.ts'
import type { SignatureScheme, Signer, Verdict, VerificationRequest } from '../../ports/signature-scheme.ts'
import { invalidPrivateKey } from '../errors.ts'
import { type VerifierPool, WorkerPool } from './pool.ts'
import { CURVE, type Curve } from './secp256k1.ts'
import { addressOf, hasLengths, IDENTITY_LENGTH, SIGNATURE_LENGTH, signPersonal, verifyPersonal } from './verify.ts'

export interface EthereumOptions {
  /** Threads for batches, besides the caller's. Default: one less than there are cores; 0: no other threads. */
  readonly workers?: number
  /** Batches smaller than this stay on the calling thread. Default 16. */
  readonly minBatch?: number
}

export class EthereumScheme implements SignatureScheme {
  readonly name = 'ethereum'
  readonly identityLength = IDENTITY_LENGTH
  readonly signatureLength = SIGNATURE_LENGTH
  /** `noble` is twenty times slower: the platform has no prebuilt libsecp256k1. */
  readonly backend: Curve['backend'] = CURVE.backend
  readonly #pool: VerifierPool
  readonly #minBatch: number

  constructor(options: EthereumOptions = {}) {
    this.#minBatch = options.minBatch ?? 16
    this.#pool = new WorkerPool({
      ...(options.workers === undefined ? {} : { workers: options.workers }),
      verifyOne: (request) => this.#verifyOne(request),
    })
  }

  verify(identity: Uint8Array, message: Uint8Array, signature: Uint8Array): Verdict {
    return verifyPersonal(CURVE, identity, message, signature)
  }

  async verifyBatch(requests: readonly VerificationRequest[]): Promise<readonly Verdict[]> {
    if (requests.length < this.#minBatch) return requests.map((request) => this.#verifyOne(request))
    const verdicts = requests.map((): Verdict => 'malformed')
    const wellFormed = requests.flatMap(({ identity, signature }, i) => (hasLengths(identity, signature) ? [i] : []))
    const found = await this.#pool.verify(wellFormed.map((i) => requests[i] as VerificationRequest))
    for (const [at, i] of wellFormed.entries()) verdicts[i] = found[at] ?? 'malformed'
    return verdicts
  }

  /** Ends the threads; the scheme stays usable, and starts them again for the next batch. */
  async close(): Promise<void> {
    await this.#pool.close()
  }

  #verifyOne({ identity, message, signature }: VerificationRequest): Verdict {
    return verifyPersonal(CURVE, identity, message, signature)
  }
}

/** The scheme with default options, shared by all signers of `ethereumSigner`. */
export const ethereum: EthereumScheme = new EthereumScheme()

/** `privateKey`: 32 bytes, from 1 to n - 1; otherwise `CryptoError` `InvalidPrivateKey`. */
export function ethereumSigner(privateKey: Uint8Array, scheme: SignatureScheme = ethereum): Signer {
  if (!CURVE.isPrivateKey(privateKey)) throw invalidPrivateKey('ethereum', privateKey)
  const key = privateKey.slice()
  return {
    scheme,
    identity: addressOf(CURVE.publicKey(key)),
    sign: (message) => signPersonal(CURVE, key, message),
  }
}

/** A fresh private key of 32 bytes. */
export function generateEthereumKey(random: Random): Uint8Array {
  for (;;) {
    const key = random.bytes(32)
    if (CURVE.isPrivateKey(key)) return key
  }
}
