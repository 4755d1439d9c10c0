/**
 * @module crypto
 *
 * Signature schemes for peers and ballots, and the system's randomness. All peers of a group use one scheme.
 */

export { type Ed25519Options, Ed25519Scheme, ed25519, ed25519Signer, generateEd25519Seed } from './ed25519/index.ts'
export { CryptoError, type CryptoErrorData } from './errors.ts'
export {
  type EthereumOptions,
  EthereumScheme,
  ethereum,
  ethereumSigner,
  generateEthereumKey,
} from './ethereum/index.ts'
export { sha3 } from './sha3.ts'
export { systemRandom } from './system-random.ts'
