import { expect, test } from 'vitest'
import { agreedBlock } from '../../src/engine/peer/blocks.ts'
import { Receipts } from '../../src/engine/peer/receipts.ts'
import { encodePayload } from '../../src/wire/payload.ts'

const payload = encodePayload('application', new Uint8Array([1]))
const block = agreedBlock({ payload: { type: 'OpaquePayload', payload }, hash: new Uint8Array([7]), proofs: [] }, 3, 5)

test('a second vote for the same, refused, takes nothing from the first', async () => {
  const receipts = new Receipts()
  const first = receipts.expect(block.hash, 0)
  const second = receipts.expect(block.hash, 0)
  receipts.forget(block.hash, [second], new Error('DuplicateVote'))
  await expect(second.agreed).rejects.toThrow('DuplicateVote')
  expect(receipts.count).toBe(1)
  receipts.settle(block)
  await expect(first.agreed).resolves.toMatchObject({ position: 5, payload: new Uint8Array([1]) })
  expect(receipts.count).toBe(0)
})
