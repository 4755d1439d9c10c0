/**
 * @module crypto/ethereum/keccak
 *
 * Keccak-256 by WebAssembly: the same bytes as noble's, several times as fast (test/unit/crypto/keccak.test.ts). Two thirds
 * of what checking an Ethereum signature costs besides the curve is this.
 */

import { createKeccak } from 'hash-wasm'

/** One for all: each hash is done when its call returns. */
const hasher = await createKeccak(256)

/** 32 bytes. */
export function keccak256(message: Uint8Array): Uint8Array {
  return hasher.init().update(message).digest('binary')
}
