/**
 * @module crypto/ed25519/keys
 *
 * Public keys as Node's key objects, kept: making one costs a third of a verification. JWK is the quick way to make one
 * (DER takes 14 times as long).
 */

import { createPublicKey, type KeyObject } from 'node:crypto'
import { toBase64Url, toHex } from '../../base/text.ts'

/** The keys used last, at most `capacity`. */
export class PublicKeyCache {
  readonly #capacity: number
  // A Map gives its keys in order of insertion: the first is the one not used for longest.
  readonly #keys = new Map<string, KeyObject>()

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  /** `identity`: 32 bytes. */
  get(identity: Uint8Array): KeyObject {
    const name = toHex(identity)
    const known = this.#keys.get(name)
    if (known !== undefined) {
      this.#keys.delete(name)
      this.#keys.set(name, known)
      return known
    }
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: toBase64Url(identity) }, format: 'jwk' })
    this.#keys.set(name, key)
    if (this.#keys.size > this.#capacity) {
      for (const oldest of this.#keys.keys()) {
        this.#keys.delete(oldest)
        break
      }
    }
    return key
  }

  get size(): number {
    return this.#keys.size
  }
}
