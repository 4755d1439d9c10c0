/**
 * @module crypto/errors
 *
 * Misuse of keys by our caller. What a peer's signature is worth is a `Verdict`, never an error.
 */

import { WitanError } from '../base/errors.ts'

export type CryptoErrorData = { readonly code: 'InvalidPrivateKey'; readonly scheme: string; readonly bytes: number }

export class CryptoError extends WitanError<CryptoErrorData> {}

/** Never names the key itself. */
export function invalidPrivateKey(scheme: string, key: Uint8Array): CryptoError {
  const bytes = key.length
  return new CryptoError(
    { code: 'InvalidPrivateKey', scheme, bytes },
    `not a private key of ${scheme} (${bytes} bytes)`,
  )
}
