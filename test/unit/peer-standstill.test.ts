/** When a peer that started from a checkpoint takes for granted that it stands still. In whole groups: test/integration/peer-whole-graph.test.ts. */
import { expect, test } from 'vitest'
import { ParsecError } from '../../src/core/parsec/index.ts'
import { Standstill } from '../../src/engine/peer/follow/standstill.ts'

const PEERS = [1, 2, 3, 4].map((byte) => Uint8Array.of(byte))
const [ANN, BEN, CAS] = PEERS as [Uint8Array, Uint8Array, Uint8Array]
const refused = {
  facts: [],
  blocks: [],
  error: new ParsecError({ code: 'UnknownOtherParent', event: new Uint8Array(32) }),
}

test('refusals count after a while without a block, by a third of those whose word counts', () => {
  const standstill = new Standstill(1_000)
  standstill.note(ANN, refused, [BEN, CAS], 0)
  expect(standstill.isSuspected).toBe(false)
  standstill.note(ANN, refused, PEERS, 0)
  expect([standstill.isSuspected, standstill.reason(PEERS, 2_000)]).toEqual([true, undefined])
  standstill.note(BEN, refused, PEERS, 500)
  expect([standstill.reason(PEERS, 999), standstill.reason(PEERS, 1_000)]).toEqual([undefined, 'UnknownOtherParent'])
  standstill.clear()
  expect([standstill.isSuspected, standstill.reason(PEERS, 2_000)]).toEqual([false, undefined])
})

test('who is cut off stands still after a while of it on end', () => {
  const standstill = new Standstill(1_000)
  standstill.noteReach(true, 0)
  standstill.noteReach(true, 900)
  expect([standstill.isSuspected, standstill.reason(PEERS, 999)]).toEqual([true, undefined])
  standstill.noteReach(false, 950)
  expect([standstill.isSuspected, standstill.reason(PEERS, 1_000)]).toEqual([false, undefined])
  standstill.noteReach(true, 1_000)
  expect([standstill.reason(PEERS, 1_999), standstill.reason(PEERS, 2_000)]).toEqual([undefined, 'PrematureGossip'])
  standstill.clear()
  expect(standstill.reason(PEERS, 9_000)).toBeUndefined()
})
