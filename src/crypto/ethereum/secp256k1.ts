/**
 * @module crypto/ethereum/secp256k1
 *
 * The two operations on the curve that ballots need, from libsecp256k1 where the platform has it (21,000 recoveries a
 * second and core), else from noble (900). `CURVE.backend` says which: a silent fall by a factor of twenty would look like
 * a hang.
 *
 * Guarantee: both give the same bytes and refuse the same input (test/unit/crypto/ethereum.test.ts).
 */

import { createRequire } from 'node:module'
import { secp256k1 as noble } from '@noble/curves/secp256k1.js'
import type * as Secp256k1 from 'secp256k1'

export interface Curve {
  readonly backend: 'native' | 'noble'
  isPrivateKey(key: Uint8Array): boolean
  /** 64 bytes: x, y. */
  publicKey(privateKey: Uint8Array): Uint8Array
  /** RFC 6979 with HMAC-SHA-256, low s. `compact` is r, s. */
  sign(hash: Uint8Array, privateKey: Uint8Array): { readonly compact: Uint8Array; readonly recovery: number }
  /** 64 bytes, or `undefined`: r or s is zero or at least n, r is no point's, or the key is the point at infinity. */
  recover(hash: Uint8Array, compact: Uint8Array, recovery: number): Uint8Array | undefined
}

export const nobleCurve: Curve = {
  backend: 'noble',
  isPrivateKey: (key) => noble.utils.isValidSecretKey(key),
  publicKey: (privateKey) => noble.getPublicKey(privateKey, false).subarray(1),
  sign(hash, privateKey) {
    const recovered = noble.sign(hash, privateKey, { prehash: false, lowS: true, format: 'recovered' })
    return { compact: recovered.slice(1), recovery: recovered[0] ?? 0 }
  },
  recover(hash, compact, recovery) {
    try {
      const signature = noble.Signature.fromBytes(compact, 'compact').addRecoveryBit(recovery)
      return signature.recoverPublicKey(hash).toBytes(false).subarray(1)
    } catch {
      // noble has one kind of error for all of this: the signature belongs to no key.
      return undefined
    }
  },
}

function nativeCurve(native: typeof Secp256k1): Curve {
  return {
    backend: 'native',
    isPrivateKey: (key) => key.length === 32 && native.privateKeyVerify(key),
    publicKey: (privateKey) => native.publicKeyCreate(privateKey, false).subarray(1),
    sign(hash, privateKey) {
      const { signature, recid } = native.ecdsaSign(hash, privateKey)
      return { compact: signature, recovery: recid }
    },
    recover(hash, compact, recovery) {
      try {
        return native.ecdsaRecover(compact, recovery, hash, false).subarray(1)
      } catch {
        // Lengths are the caller's: what is left to throw is a signature that belongs to no key.
        return undefined
      }
    },
  }
}

function loadCurve(): Curve {
  try {
    // The package's main entry falls back to a slow implementation without a word, its bindings do not.
    return nativeCurve(createRequire(import.meta.url)('secp256k1/bindings.js') as typeof Secp256k1)
  } catch {
    return nobleCurve
  }
}

export const CURVE: Curve = loadCurve()
