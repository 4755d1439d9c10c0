import { keccak_256 } from '@noble/hashes/sha3.js'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { toHex } from '../../../src/base/text.ts'
import { keccak256 } from '../../../src/crypto/ethereum/keccak.ts'

describe('keccak256', () => {
  it('is the hash of noble for all lengths about its blocks', () => {
    for (let length = 0; length <= 3 * 136 + 1; length += 1) {
      const message = Uint8Array.from({ length }, (_, i) => i * 37 + length)
      expect(toHex(keccak256(message))).toBe(toHex(keccak_256(message)))
    }
  })

  it('is the hash of noble whatever the message', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 1_000 }), (message) => {
        expect(toHex(keccak256(message))).toBe(toHex(keccak_256(message)))
      }),
    )
  })
})
