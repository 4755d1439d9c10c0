/** Facts as the log holds them: what is read back is what was written, and makes the same peer. */
import { describe, expect, test } from 'vitest'
import { utf8 } from '../../../src/base/bytes.ts'
import { AssertionError } from '../../../src/base/errors.ts'
import { type ParsecFact, parsecFactFromJson, parsecFactToJson } from '../../../src/core/parsec/index.ts'
import type { JsonObject } from '../../../src/ports/event-log.ts'

const [a, b, c] = ['a', 'longer', ''].map(utf8) as [Uint8Array, Uint8Array, Uint8Array]
const started = { type: 'PeerStarted', self: a, members: [a, b], relatedInfo: c, section: [b] } as const
const event = { type: 'GossipEventAccepted', hash: a, bytes: b } as const
const taken = { type: 'CheckpointSignatureTaken', position: 3, signer: a, signature: b } as const

const FACTS: readonly ParsecFact[] = [
  { ...started, origin: 'genesis' },
  { ...started, origin: 'existing' },
  { ...started, origin: 'checkpoint', members: [], section: [] },
  { type: 'BaseTaken', part: b, isLast: false },
  { type: 'BaseTaken', part: a, isLast: true },
  { ...event, observationHash: null },
  { ...event, observationHash: c },
  { ...event, observationHash: b, isCarriedSigned: true },
  { ...event, observationHash: b, isCarriedSigned: false },
  { type: 'SyncEventOwed', cause: 'Request', otherParent: a },
  { type: 'SyncEventOwed', cause: 'Response', otherParent: a },
  { type: 'CheckpointSigned', position: 7, statement: a, signature: b },
  { ...taken, statement: null },
  { ...taken, statement: c },
  { type: 'OffenceReported', accusation: b },
]

const written = (fact: ParsecFact): JsonObject => JSON.parse(JSON.stringify(parsecFactToJson(fact))) as JsonObject

describe('a fact in the log', () => {
  test.each(FACTS.map((fact) => [fact.type, fact] as const))('%s is read as it was written', (type, fact) => {
    expect(parsecFactFromJson(type, written(fact))).toStrictEqual(fact)
  })

  test('of an unknown type, or with something else in the place of a field, is a corrupted log', () => {
    expect(() => parsecFactFromJson('Unheard', {})).toThrow(AssertionError)
    for (const fact of FACTS) {
      const json = written(fact)
      for (const [field, value] of Object.entries(json)) {
        if (typeof value === 'boolean' || field === 'origin' || field === 'cause') continue
        expect(() => parsecFactFromJson(fact.type, { ...json, [field]: { not: 'this' } })).toThrow(AssertionError)
      }
    }
  })
})
