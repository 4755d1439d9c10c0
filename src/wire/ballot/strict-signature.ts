/**
 * @module wire/ballot/strict-signature
 *
 * The one form of a signature that safe ballots take (ballots §8.2), for schemes whose `verify` is kinder: nobody but the
 * owner can then make a second signature of one.
 *
 * Assumes of a scheme that is not named here that its own `verify` refuses all other forms.
 */

import type { Bytes } from '../../base/bytes.ts'
import { compareBytes } from '../../base/bytes.ts'
import { fromHex } from '../../base/text.ts'

/** Half of the order of secp256k1, rounded down (SEC 2 §2.4.1; Ethereum, EIP-2). */
const SECP256K1_HALF_ORDER = fromHex('7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0')
/** The order of edwards25519 (RFC 8032 §5.1), big-endian. */
const ED25519_ORDER = fromHex('1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3ed')

export function isStrictSignature(scheme: string, signature: Bytes): boolean {
  switch (scheme) {
    case 'ethereum': {
      const v = signature[64]
      const isLow = compareBytes(signature.subarray(32, 64), SECP256K1_HALF_ORDER) <= 0
      return signature.length === 65 && isLow && (v === 27 || v === 28)
    }
    case 'ed25519':
      return signature.length === 64 && compareBytes(signature.slice(32).reverse(), ED25519_ORDER) < 0
    default:
      return true
  }
}
