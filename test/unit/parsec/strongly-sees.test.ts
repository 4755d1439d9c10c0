import { describe, expect, test } from 'vitest'
import { Interesting } from '../../../src/core/parsec/election/interesting.ts'
import { Keys } from '../../../src/core/parsec/election/keys.ts'
import { Observers } from '../../../src/core/parsec/election/observers.ts'
import { VoteLists } from '../../../src/core/parsec/election/vote-lists.ts'
import { Voters } from '../../../src/core/parsec/election/voters.ts'
import { Graph } from '../../../src/core/parsec/graph/graph.ts'
import { CAUSE_TAG } from '../../../src/wire/canonical/index.ts'
import { sha3 } from '../../support/parsec/network.ts'

/** Six peers with an Initial event each: events 0 to 5. */
function sixPeers(): { graph: Graph; insert: (creator: number, otherParent: number, selfParent?: number) => number } {
  const graph = new Graph()
  for (let peer = 0; peer < 6; peer += 1) graph.addPeer()
  const insert = (creator: number, otherParent: number, selfParent = graph.lastEventOf(creator)): number =>
    graph.insert({
      hash: sha3(new Uint8Array([graph.size])),
      bytes: new Uint8Array(1),
      creator,
      cause: otherParent < 0 ? CAUSE_TAG.Initial : CAUSE_TAG.Request,
      selfParent,
      otherParent,
      subject: -1,
    })
  for (let peer = 0; peer < 6; peer += 1) insert(peer, -1)
  return { graph, insert }
}

function observers(graph: Graph, stronger: boolean, voters: readonly number[]): Observers {
  const rules = { stronger, compareKeys: (a: number, b: number) => a - b }
  const keys = new Keys()
  const those = new Voters(voters)
  return new Observers(graph, new Interesting(graph, keys, new VoteLists(keys), rules, those), rules, those)
}

describe('strongly seeing, parsec §4', () => {
  test('counts voters only; the reference counts any peer against the number of voters', () => {
    const { graph, insert } = sixPeers()
    insert(1, insert(4, 0))
    const x = insert(1, insert(5, 0))
    expect(observers(graph, false, [0, 1, 2, 3]).stronglySees(x, 0)).toBe(true)
    expect(observers(graph, true, [0, 1, 2, 3]).stronglySees(x, 0)).toBe(false)
    const later = insert(1, insert(2, 0))
    expect(observers(graph, true, [0, 1, 2, 3]).stronglySees(later, 0)).toBe(true)
  })

  test('a witness that forked is none for whoever knows its fork', () => {
    const { graph, insert } = sixPeers()
    const one = insert(2, 0)
    const x = insert(1, one)
    expect(observers(graph, true, [0, 1, 2, 3]).stronglySees(x, 0)).toBe(true)
    const other = insert(2, 3, 2)
    const knowing = insert(1, other)
    expect(observers(graph, true, [0, 1, 2, 3]).stronglySees(x, 0)).toBe(true)
    expect(observers(graph, true, [0, 1, 2, 3]).stronglySees(knowing, 0)).toBe(false)
  })
})
