import fc from 'fast-check'
import { expect, it } from 'vitest'
import { parseStreamName, streamName } from '../../src/engine/streams.ts'

it('names streams so that no two scopes or proposals share one, and reads the names back', () => {
  const scope = fc.string({ unit: 'grapheme' })
  fc.assert(
    fc.property(scope, scope, fc.stringMatching(/^[0-9a-f]{1,64}$/), (a, b, peer) => {
      const name = { category: 'ballot', peer, scope: a, proposal: b } as const
      expect(parseStreamName(streamName(name))).toEqual({
        ...name,
        scope: a.toWellFormed(),
        proposal: b.toWellFormed(),
      })
      const [category, rest, ...more] = streamName(name).split('-')
      expect([category, more]).toEqual(['ballot', []])
      expect(rest?.split('.').length).toBe(3)
    }),
  )
})

it('knows its own names only', () => {
  expect(parseStreamName('scope-ab.tre%2Easury')).toEqual({ category: 'scope', peer: 'ab', scope: 'tre.asury' })
  for (const name of ['$ce-ballot', 'ballot', 'other-ab', 'ballot-', 'ballot-a.b.c.d', 'scope-a.%zz']) {
    expect(parseStreamName(name)).toBeUndefined()
  }
})
