import { sha3_256 } from '@noble/hashes/sha3.js'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { concatBytes } from '../../../src/base/bytes.ts'
import { KeyChain } from '../../../src/core/parsec/checkpoint/key-chain.ts'

const keyOf = (key: number) => ({ hash: new Uint8Array(32).fill(key), voter: null })

/** Of keys 0, 1, 2, … */
function afresh(count: number): Uint8Array {
  let hash: Uint8Array = new Uint8Array(32)
  for (let key = 0; key < count; key += 1) hash = sha3_256(concatBytes(hash, keyOf(key).hash))
  return hash
}

it('hashes what two chains share once, and the rest as two chains', () => {
  // Of each key: whether it is in the first chain, and whether both are asked for their hash then.
  const steps = fc.array(fc.record({ isShared: fc.boolean(), asks: fc.boolean() }), { maxLength: 12 })
  fc.assert(
    fc.property(fc.nat(12), steps, (alike, later) => {
      const first = new KeyChain(sha3_256, keyOf)
      const second = new KeyChain(sha3_256, keyOf, first)
      const asked: [count: number, hash: Uint8Array][] = []
      const all = [...Array.from({ length: alike }, () => ({ isShared: true, asks: false })), ...later]
      for (const [key, { isShared, asks }] of all.entries()) {
        if (isShared) first.push(key)
        second.push(key)
        if (asks) asked.push([second.count, second.hashAt(second.count)])
      }
      for (const [count, hash] of asked) expect(hash).toEqual(afresh(count))
      for (let count = 0; count <= second.count; count += 1) expect(second.hashAt(count)).toEqual(afresh(count))
    }),
  )
})

it('computes nothing twice', () => {
  let hashes = 0
  const counting = (bytes: Uint8Array): Uint8Array => {
    hashes += 1
    return sha3_256(bytes)
  }
  const first = new KeyChain(counting, keyOf)
  const second = new KeyChain(counting, keyOf, first)
  for (let key = 0; key < 10; key += 1) {
    first.push(key)
    second.push(key)
  }
  second.push(99)
  first.hashAt(10)
  second.hashAt(10)
  second.hashAt(11)
  expect(hashes).toBe(11)
})
