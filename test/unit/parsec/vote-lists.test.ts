import { expect, test } from 'vitest'
import { Keys } from '../../../src/core/parsec/election/keys.ts'
import { VoteLists } from '../../../src/core/parsec/election/vote-lists.ts'
import { NONE } from '../../../src/core/parsec/graph/graph.ts'
import { sha3 } from '../../support/parsec/network.ts'

test.each([0, 1, 64, 65, 99, 100])(
  'of 100 votes the first %i are decided: the others stay in their places',
  (count) => {
    const keys = new Keys()
    const votes = new VoteLists(keys)
    const voted = Array.from({ length: 100 }, (_, i) => keys.intern(sha3(new Uint8Array([i])), NONE))
    for (const [i, key] of voted.entries()) votes.add(0, 1000 + i, key)
    for (const key of voted.slice(0, count)) keys.decide(key)
    votes.trim()
    expect(votes.end(0)).toBe(100)
    for (let entry = count; entry < 100; entry += 1) {
      expect([votes.key(0, entry), votes.event(0, entry)]).toEqual([voted[entry], 1000 + entry])
    }
  },
)
