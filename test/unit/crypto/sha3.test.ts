import { sha3_256 } from '@noble/hashes/sha3.js'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { sha3 } from '../../../src/crypto/sha3.ts'

it('hashes like the portable implementation', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
      expect(sha3(bytes)).toEqual(sha3_256(bytes))
    }),
  )
})
