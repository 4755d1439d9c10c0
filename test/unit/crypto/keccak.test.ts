import { keccak_256 } from '@noble/hashes/sha3.js'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { toHex } from '../../../src/base/text.ts'
import { compiled, keccak256 } from '../../../src/crypto/ethereum/keccak.ts'

const lengths = Array.from({ length: 3 * 136 + 2 }, (_, length) => length)
const early = lengths.map((length) => toHex(keccak256(new Uint8Array(length).fill(length))))

describe('keccak256', () => {
  beforeAll(() => compiled)

  it('is the hash of noble for all lengths about its blocks, also before it is compiled', () => {
    for (const length of lengths) {
      const message = new Uint8Array(length).fill(length)
      const expected = toHex(keccak_256(message))
      expect([toHex(keccak256(message)), early[length]]).toEqual([expected, expected])
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
