import { describe, expect, test } from 'vitest'
import type { Observation } from '../../../src/core/parsec/index.ts'
import { mayVoid } from '../../../src/core/parsec/void-keys.ts'
import { add, disagreement, idOf, label, Network, opaque, type Peer, remove } from '../../support/parsec/network.ts'

function five(): { network: Network; peers: Peer[]; stay: Peer[]; eve: Peer } {
  const network = new Network(['Alice', 'Bob', 'Carol', 'Dave', 'Eve'], { mode: 'single' })
  const peers = network.members.map((name) => network.start(name))
  return { network, peers, stay: peers.slice(0, 4), eve: peers[4] as Peer }
}

describe('void keys, parsec §5(f)', () => {
  test('a late vote of a removed peer makes no block, and keeps nobody from being idle', () => {
    const { network, peers, stay, eve } = five()
    network.settle(peers, 3)
    for (const peer of stay) network.vote(peer, remove('Eve'))
    network.settle(stay, 4)
    expect(stay[0]?.parsec.voters()).toHaveLength(4)
    // Eve, who does not know it yet, votes; her vote reaches the others inside the graph of somebody whom she reached.
    network.vote(eve, opaque('too late'))
    network.settle(stay, 3)
    expect(stay.every(({ blocks }) => blocks.every((block) => !label(block).startsWith('too late')))).toBe(true)
    expect(stay.every(({ parsec }) => !parsec.hasUnpolledObservations())).toBe(true)
  })

  test('a second removal or addition is void: it makes no block', () => {
    const { network, stay } = five()
    for (const peer of stay) network.vote(peer, remove('Eve'))
    network.settle(stay, 4)
    const blocks = stay.map((peer) => peer.blocks.length)
    for (const peer of stay) {
      network.vote(peer, { type: 'Remove', peerId: idOf('Eve'), relatedInfo: new Uint8Array([1]) })
      network.vote(peer, add('Eve'))
      network.vote(peer, add('Bob'))
    }
    network.settle(stay, 4)
    expect(stay.map((peer) => peer.blocks.length)).toEqual(blocks)
    expect(stay.every(({ parsec }) => !parsec.hasUnpolledObservations())).toBe(true)
    expect(stay.every(({ parsec }) => parsec.voters().length === 4)).toBe(true)
  })

  test('votes that the removal made void are open no more', () => {
    const { network, stay } = five()
    const [alice, bob] = stay as [Peer, Peer, Peer, Peer]
    for (const peer of [alice, bob]) {
      network.vote(peer, { type: 'Remove', peerId: idOf('Eve'), relatedInfo: new Uint8Array([1]) })
    }
    network.settle(stay, 1)
    expect(alice.parsec.ourUnpolledObservations().map(({ type }) => type)).toContain('Remove')
    for (const peer of stay) network.vote(peer, remove('Eve'))
    network.settle(stay, 4)
    expect(alice.blocks.map(label)).toEqual(['Genesis', 'Remove'])
    expect(alice.parsec.ourUnpolledObservations()).toEqual([])
  })

  test('votes that an addition made void are open no more', () => {
    const network = new Network(['Alice', 'Bob', 'Carol', 'Dave'], { mode: 'supermajority' })
    const peers = network.members.map((name) => network.start(name))
    const [alice] = peers as [Peer, ...Peer[]]
    network.vote(alice, { type: 'Add', peerId: idOf('Eve'), relatedInfo: new Uint8Array([1]) })
    network.settle(peers, 1)
    for (const peer of peers) network.vote(peer, add('Eve'))
    network.settle(peers, 4)
    expect(alice.blocks.map(label)).toEqual(['Genesis', 'Add'])
    expect(alice.parsec.ourUnpolledObservations()).toEqual([])
  })

  test('what changes who is removed, or who was a voter, may void others; nothing else', () => {
    const [peerId, relatedInfo] = [idOf('Eve'), new Uint8Array(0)]
    const changes: Observation[] = [
      { type: 'Add', peerId, relatedInfo },
      { type: 'Remove', peerId, relatedInfo },
      { type: 'Accusation', offender: peerId, malice: { type: 'Fork', event: new Uint8Array(32) } },
    ]
    expect(changes.map(mayVoid)).toEqual([true, true, true])
    const others: Observation[] = [
      opaque('else'),
      { type: 'Genesis', group: [peerId], relatedInfo },
      { type: 'StartDkg', participants: [peerId] },
    ]
    expect(others.map(mayVoid)).toEqual([false, false, false])
  })

  test('too few votes keep nobody from being idle, once all know of them', () => {
    const network = new Network(['Alice', 'Bob', 'Carol'], { mode: 'supermajority' })
    const peers = network.members.map((name) => network.start(name))
    network.vote(peers[0] as Peer, opaque('a minority'))
    expect(peers[0]?.parsec.hasUnpolledObservations()).toBe(true)
    network.settle(peers, 4)
    expect(peers.map(({ parsec }) => parsec.hasUnpolledObservations())).toEqual([false, false, false])
    expect(peers[0]?.parsec.ourUnpolledObservations()).toHaveLength(1)
    for (const peer of peers.slice(1)) network.vote(peer, opaque('a minority'))
    network.settle(peers, 4)
    expect(peers[0]?.blocks.map(label)).toEqual(['Genesis', 'a minority'])
  })
})

const idle = (peer: Peer): boolean => !peer.parsec.hasUnpolledObservations()

describe('votes that came as graph alone, parsec §5(f) and §8', () => {
  test.each(['single', 'supermajority'] as const)(
    'ask for no gossip while their voter is gone, and are agreed when it is back (%s)',
    (mode) => {
      const network = new Network(['Alice', 'Bob', 'Carol', 'Dave'], { mode })
      const peers = network.members.map((name) => network.start(name))
      const [alice, ...others] = peers as [Peer, ...Peer[]]
      network.settle(peers, 4)
      for (const peer of mode === 'single' ? [alice] : peers.slice(0, 3)) network.vote(peer, opaque('as graph'))
      if (mode === 'supermajority') network.settle(others, 2)
      expect(others.map(idle)).toEqual([true, true, true])
      for (const peer of others) {
        const step = network.note(alice, alice.parsec.graphBeyond(idOf(peer.name), peer.parsec.summary()))
        for (const message of step.effects)
          expect(network.deliver(alice, peer, message).facts.length).toBeGreaterThan(0)
      }
      expect(idle(alice)).toBe(false)
      expect(others.map(idle)).toEqual([true, true, true])
      // Nothing that they could say brings the vote to anybody.
      network.settle(others, 3)
      expect(others.map(idle)).toEqual([true, true, true])
      network.gossip(alice, others[0] as Peer)
      expect(idle(others[0] as Peer)).toBe(false)
      network.settle(peers, 4)
      expect(peers.map(idle)).toEqual([true, true, true, true])
      for (const peer of peers) expect(peer.blocks.map(label).at(-1)).toMatch(/^as graph/)
    },
  )
})

describe('changes of the voters, parsec §5(f) and §8', () => {
  test('a peer joins, decides everything again, and votes; then a founder leaves', () => {
    const network = new Network(['Alice', 'Bob', 'Carol'], { mode: 'single' })
    const founders = network.members.map((name) => network.start(name))
    const dave = network.join('Dave')
    expect(dave.parsec.canVote()).toBe(false)
    expect(network.vote(dave, opaque('early')).error?.data).toMatchObject({ code: 'InvalidSelfState', actual: 'RECV' })
    for (const peer of founders) network.vote(peer, add('Dave'))
    network.settle(founders, 4)
    network.settle([...founders, dave], 4)
    expect(dave.parsec.canVote()).toBe(true)
    network.vote(dave, opaque('hello'))
    for (const peer of [...founders.slice(1), dave]) network.vote(peer, remove('Alice'))
    network.settle([...founders, dave], 6)
    expect(disagreement([...founders, dave])).toBe(-1)
    const types = dave.blocks.map(({ payload }) => payload.type)
    expect([types.slice(0, 2), types.slice(2).sort()]).toEqual([
      ['Genesis', 'Add'],
      ['OpaquePayload', 'Remove'],
    ])
    expect(dave.parsec.voters()).toHaveLength(3)
    expect(founders[0]?.parsec.canVote()).toBe(false)
    expect(founders[0]?.parsec.gossipRecipients()).toEqual([])
  })

  test('a removed identity stays removed: it is no voter again', () => {
    const { network, stay } = five()
    for (const peer of stay) network.vote(peer, remove('Eve'))
    for (const peer of stay) network.vote(peer, add('Eve'))
    network.settle(stay, 6)
    expect(stay.every(({ parsec }) => parsec.voters().length === 4)).toBe(true)
  })
})
