import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Graph } from '../../../src/core/parsec/graph/graph.ts'
import { CAUSE_TAG } from '../../../src/wire/canonical/index.ts'
import { sha3 } from '../../support/parsec/network.ts'

const PEERS = 4

interface Plan {
  readonly creator: number
  /** Where among the creator's events the self-parent is taken; 0 is the newest, so that others fork. */
  readonly back: number
  readonly other: number
}

const plan = fc.record({
  creator: fc.nat(PEERS - 1),
  back: fc.oneof({ weight: 6, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(4) }),
  other: fc.nat(1000),
})

interface Model {
  readonly graph: Graph
  readonly ancestors: Set<number>[]
  readonly creators: number[]
  readonly indices: number[]
  /** `last` of parsec §4 by its recurrence. */
  readonly last: number[][]
}

function insert(model: Model, creator: number, selfParent: number, otherParent: number): void {
  const event = model.graph.insert({
    hash: sha3(new Uint8Array([model.graph.size, model.graph.size >> 8])),
    bytes: new Uint8Array(1),
    creator,
    cause: selfParent < 0 ? CAUSE_TAG.Initial : CAUSE_TAG.Request,
    selfParent,
    otherParent,
    subject: -1,
  })
  const parents = [selfParent, otherParent].filter((parent) => parent >= 0)
  const index = selfParent < 0 ? 0 : (model.indices[selfParent] as number) + 1
  model.ancestors.push(new Set([event, ...parents.flatMap((parent) => [...(model.ancestors[parent] as Set<number>)])]))
  model.creators.push(creator)
  model.indices.push(index)
  const row = Array.from({ length: PEERS }, (_, peer) =>
    Math.max(-1, ...parents.map((parent) => (model.last[parent] as number[])[peer] as number)),
  )
  row[creator] = index
  model.last.push(row)
}

function build(plans: readonly Plan[]): Model {
  const model: Model = { graph: new Graph(), ancestors: [], creators: [], indices: [], last: [] }
  for (let peer = 0; peer < PEERS; peer += 1) model.graph.addPeer()
  for (let peer = 0; peer < PEERS; peer += 1) insert(model, peer, -1, -1)
  for (const { creator, back, other } of plans) {
    const own = model.creators.flatMap((by, event) => (by === creator ? [event] : []))
    const others = model.creators.flatMap((by, event) => (by === creator ? [] : [event]))
    insert(model, creator, own.at(-1 - Math.min(back, own.length - 1)) ?? -1, others[other % others.length] ?? -1)
  }
  return model
}

function forkSet(model: Model, event: number): number[] {
  return model.creators.flatMap((creator, other) =>
    creator === model.creators[event] && model.indices[other] === model.indices[event] ? [other] : [],
  )
}

function knowsFork(model: Model, x: number, peer: number): boolean {
  const indices = [...(model.ancestors[x] as Set<number>)]
    .filter((event) => model.creators[event] === peer)
    .map((event) => model.indices[event])
  return new Set(indices).size < indices.length
}

describe('relations, parsec §4, against their definitions', () => {
  test('ancestry, last, descends, forks and sees', () => {
    fc.assert(
      fc.property(fc.array(plan, { minLength: 10, maxLength: 50, size: 'max' }), (plans) => {
        const model = build(plans)
        const { graph } = model
        for (let x = 0; x < graph.size; x += 1) {
          for (let peer = 0; peer < PEERS; peer += 1) {
            expect(graph.last(x, peer)).toBe((model.last[x] as number[])[peer])
            expect(graph.knowsFork(x, peer)).toBe(knowsFork(model, x, peer))
          }
          for (let y = 0; y < graph.size; y += 1) {
            const isAncestor = (model.ancestors[x] as Set<number>).has(y)
            const creator = model.creators[y] as number
            const reaches = ((model.last[x] as number[])[creator] as number) >= (model.indices[y] as number)
            const descends = reaches && (forkSet(model, y).length > 1 ? isAncestor : true)
            expect(graph.isAncestor(x, y)).toBe(isAncestor)
            expect(graph.descends(x, y)).toBe(descends)
            expect(graph.sees(x, y)).toBe(descends && !knowsFork(model, x, creator))
          }
        }
      }),
      { numRuns: 60 },
    )
  })

  test('self-ancestors, by the path of self-parents, however long', () => {
    fc.assert(
      fc.property(fc.array(plan, { minLength: 200, maxLength: 300, size: 'max' }), (plans) => {
        const model = build(plans)
        const { graph } = model
        for (let x = 0; x < graph.size; x += 1) {
          const path = new Set<number>()
          for (let event = x; event >= 0; event = graph.selfParentOf(event)) path.add(event)
          const found = model.creators.flatMap((_, y) => (graph.isSelfAncestor(x, y) ? [y] : []))
          expect(new Set(found)).toEqual(path)
        }
      }),
      { numRuns: 20 },
    )
  })

  test('members of a fork set stand in insertion order, and the last event is the last member of the highest index', () => {
    const model = build([])
    insert(model, 0, 0, 1)
    insert(model, 0, 0, 2)
    expect(model.graph.membersAt(0, 1)).toEqual([4, 5])
    expect(model.graph.lastEventOf(0)).toBe(5)
    insert(model, 0, 4, 2)
    expect(model.graph.lastEventOf(0)).toBe(6)
  })

  test('rows grow with the peers, also in the middle of a chunk', () => {
    const model = build([])
    model.graph.addPeer()
    model.graph.addPeer()
    insert(model, 5, -1, -1)
    insert(model, 0, 0, 4)
    expect([0, 1, 4, 5].map((peer) => model.graph.last(5, peer))).toEqual([1, -1, -1, 0])
    expect([0, 1, 4, 5].map((peer) => model.graph.last(1, peer))).toEqual([-1, 0, -1, -1])
  })

  test("a fork is known exactly, also where a branch begins with another creator's event, as the reference allows", () => {
    const model = build([])
    insert(model, 0, 1, 2)
    insert(model, 0, 2, 3)
    insert(model, 3, 3, 4)
    insert(model, 3, 6, 5)
    insert(model, 1, 1, 0)
    insert(model, 1, 8, 4)
    expect([0, 1, 2, 3].map((peer) => model.graph.isForker(peer))).toEqual([true, false, false, false])
    for (let x = 0; x < model.graph.size; x += 1) {
      expect(model.graph.knowsFork(x, 0), `event ${x}`).toBe(knowsFork(model, x, 0))
    }
    expect([6, 7, 8, 9].map((x) => model.graph.knowsFork(x, 0))).toEqual([false, true, false, false])
  })

  test('a fork is known exactly above such a branch', () => {
    const model = build([])
    insert(model, 3, 0, 1)
    insert(model, 3, 4, 1)
    insert(model, 3, 4, 2)
    insert(model, 1, 1, 5)
    insert(model, 1, 7, 6)
    expect([4, 5, 6, 7, 8].map((x) => model.graph.knowsFork(x, 3))).toEqual([false, false, false, false, true])
    expect([4, 5, 6, 7, 8].map((x) => knowsFork(model, x, 3))).toEqual([false, false, false, false, true])
  })
})

const hashOf = (n: number): Uint8Array => sha3(new Uint8Array([n]))

describe('a graph that begins with stubs, parsec §8', () => {
  const graph = new Graph()
  for (let peer = 0; peer < 3; peer += 1) graph.addPeer()
  const insertEvent = (creator: number, selfParent: number, otherParent: number): number =>
    graph.insert({
      hash: hashOf(graph.size),
      bytes: new Uint8Array(graph.size),
      creator,
      cause: selfParent < 0 ? CAUSE_TAG.Initial : CAUSE_TAG.Request,
      selfParent,
      otherParent,
      subject: -1,
    })
  graph.insertStub({ hash: hashOf(0), creator: 0, index: 4, last: [4, 2, -1] })
  graph.insertStub({ hash: hashOf(1), creator: 1, index: 3, last: [4, 3, -1] })
  const initial = insertEvent(2, -1, -1)
  const own = insertEvent(2, initial, -1)
  const after = insertEvent(0, 0, own)
  const mixed = insertEvent(2, own, after)

  test('knows whose ancestry it holds, and what stubs stand for', () => {
    expect([0, 1, initial, own, after, mixed].map((event) => graph.hasWholeAncestry(event))).toEqual([
      false,
      false,
      true,
      true,
      false,
      false,
    ])
    expect([0, 1, 2].map((peer) => graph.prunedPlaces(peer))).toEqual([5, 4, 0])
    expect([graph.base, graph.size]).toEqual([2, 6])
  })

  test('goes on where they end', () => {
    expect([graph.indexOf(after), graph.placesOf(0), graph.firstAt(0, 5), graph.firstAt(0, 3)]).toEqual([
      5,
      6,
      after,
      -1,
    ])
    expect([0, 1, 2].map((peer) => graph.last(mixed, peer))).toEqual([5, 2, 2])
    expect([graph.descends(mixed, 0), graph.descends(mixed, 1), graph.isAncestor(after, own)]).toEqual([
      true,
      false,
      true,
    ])
    expect([graph.find(hashOf(1)), graph.lastEventOf(1), graph.isSync(1)]).toEqual([1, 1, false])
    expect([graph.bytesOf(1).length, graph.bytesOf(mixed).length]).toEqual([0, mixed])
  })
})
