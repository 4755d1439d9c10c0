/**
 * @module crypto/keccak
 *
 * Keccak-256 as Ethereum has it: the sponge of FIPS 202 §4 with the padding of Keccak's own submission.
 */

import { keccakPermutation } from './permutation.ts'

const RATE = 136
const HASH_BYTES = 32
const { state, permute } = keccakPermutation()

/** 32 bytes. */
export function keccak256(message: Uint8Array): Uint8Array {
  state.fill(0)
  let at = 0
  for (const byte of message) {
    state[at] = (state[at] as number) ^ byte
    at += 1
    if (at < RATE) continue
    permute()
    at = 0
  }
  state[at] = (state[at] as number) ^ 1
  state[RATE - 1] = (state[RATE - 1] as number) ^ 0x80
  permute()
  return state.slice(0, HASH_BYTES)
}
