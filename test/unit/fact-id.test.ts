import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalJson } from '../../src/log/fact-id.ts'
import { factId, type JsonObject } from '../../src/log/index.ts'
import { sameContent } from '../../src/log/same-content.ts'
import { fact } from '../contract/event-log-support.ts'

const json = fc.jsonValue() as fc.Arbitrary<NonNullable<JsonObject[string]>>
const data = fc.dictionary(fc.string(), json)

function shuffled(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shuffled)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .map(([name, member]) => [name, shuffled(member)] as const)
      .reverse(),
  )
}

describe('fact id', () => {
  it('is the same for the same content in any order of members, here and in every release', () => {
    expect(factId('gossip-alice', 7, fact(1))).toBe('227e459c-deaf-855f-ae5d-19ff2bad532a')
    fc.assert(
      fc.property(data, (one) => {
        const other = shuffled(one) as JsonObject
        expect(canonicalJson(other)).toBe(canonicalJson(one))
        expect(factId('s', 0, { ...fact(0), data: other })).toBe(factId('s', 0, { ...fact(0), data: one }))
      }),
    )
  })

  it('differs with stream, revision, type, data and metadata', () => {
    const one = fact(1)
    const ids = [
      factId('s', 0, one),
      factId('t', 0, one),
      factId('s', 1, one),
      factId('s', 0, { ...one, type: 'Other' }),
      factId('s', 0, { ...one, data: {} }),
      factId('s', 0, { ...one, metadata: { ...one.metadata, $causationId: 'other' } }),
    ]
    expect(new Set(ids).size).toBe(ids.length)
  })

  it('agrees with the comparison of contents', () => {
    fc.assert(
      fc.property(data, data, (a, b) => {
        const [one, other] = [a, b].map((data) => ({ ...fact(0), data }))
        if (one === undefined || other === undefined) return
        expect(sameContent(one, other)).toBe(factId('s', 0, one) === factId('s', 0, other))
        expect(sameContent(one, { ...fact(0), data: shuffled(a) as JsonObject })).toBe(true)
      }),
    )
  })
})
