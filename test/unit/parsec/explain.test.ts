/** Why a block stands where it stands, and what an election waits for (parsec §5). */
import { describe, expect, it } from 'vitest'
import { toHex } from '../../../src/base/text.ts'
import { explainBlock, inspect, whyStuck } from '../../../src/core/parsec/index.ts'
import { add, idOf, Network, opaque, type Peer, remove } from '../../support/parsec/network.ts'

const NAMES = ['alice', 'bob', 'carol', 'dave']
const hexOf = (...names: readonly string[]): string[] => names.map((name) => toHex(idOf(name))).sort()

function start(): { readonly network: Network; readonly peers: Peer[]; readonly alice: Peer } {
  const network = new Network(NAMES, { mode: 'single' })
  const peers = NAMES.map((name) => network.start(name))
  return { network, peers, alice: peers[0] as Peer }
}

const stuck = (network: Network, { facts }: Peer) => whyStuck(network.group(), facts)
const waits = (network: Network, peer: Peer): string => stuck(network, peer).waitsFor

describe('a block explained', () => {
  const { network, peers, alice } = start()
  for (const [i, peer] of peers.entries()) {
    network.vote(peer, opaque(`${i} a`))
    network.vote(peer, opaque(`${i} b`))
  }
  for (const peer of peers) network.vote(peer, remove('dave'))
  network.settle(peers, 8)
  const group = network.group()
  const inspection = inspect(group, alice.facts)

  it('has the election that the inspection shows, and its place in the decided group', () => {
    expect(alice.blocks.length).toBe(10)
    const decided = inspection.elections.flatMap(({ outcome, voters }, number) =>
      (outcome?.decided ?? []).map(({ observation }, place) => ({ number, place, voters, outcome, observation })),
    )
    for (const [index, { payload }] of alice.blocks.entries()) {
      const explained = explainBlock(group, alice.facts, index)
      const expected = decided[index]
      expect(explained).toMatchObject({ index, observation: payload })
      expect(explained?.observation).toEqual(expected?.observation)
      expect(explained?.election).toMatchObject({ number: expected?.number, place: expected?.place })
      expect(explained?.election.voters.length).toBe(expected?.voters.length)
      const ending = inspection.events[expected?.outcome?.event ?? -1]
      expect(explained?.election.endedBy.hash).toEqual(ending?.hash)
      expect(explained?.agreements.filter(({ isCounted }) => isCounted).length).toBe(expected?.outcome?.counted.length)
    }
  })

  it('names its votes, its observers, and the lists that it stands in', () => {
    const at = alice.blocks.findIndex(({ payload }) => payload.type === 'Remove')
    const explained = explainBlock(group, alice.facts, at)
    expect(explained?.votes.length).toBeGreaterThanOrEqual(3)
    expect(explained?.voter).toBeNull()
    expect(explained?.observers.length).toBeGreaterThan(0)
    for (const { observed } of explained?.observers ?? []) expect(observed.length).toBeGreaterThanOrEqual(3)
    const places = (explained?.agreements ?? []).flatMap(({ place }) => (place === null ? [] : [place]))
    expect(explained?.lists).toBe(places.length)
    expect(explained?.lowestPlace).toBe(Math.min(...places))
  })

  it('is none beyond the newest block', () => {
    expect(explainBlock(group, alice.facts, alice.blocks.length)).toBeNull()
    expect(explainBlock(group, alice.facts, -1)).toBeNull()
  })
})

describe('why an election does not end', () => {
  it('there is nothing to decide', () => {
    const { network, peers, alice } = start()
    network.settle(peers, 6)
    expect(stuck(network, alice)).toMatchObject({ waitsFor: 'nothing', undecided: [], silent: [] })
  })

  it('too few voted', () => {
    const { network, peers, alice } = start()
    network.settle(peers, 6)
    network.vote(alice, add('erin'))
    network.settle(peers, 2)
    const { waitsFor, undecided, needed } = stuck(network, alice)
    expect([waitsFor, needed]).toEqual(['votes', 3])
    const [change] = undecided
    expect(change?.supporters.map(toHex)).toEqual(hexOf('alice'))
    expect(change?.lacks).toBe(2)
    expect(change?.missing.map(toHex).sort()).toEqual(hexOf('bob', 'carol', 'dave'))
  })

  it('nobody heard of it yet; then the silent are named', () => {
    const { network, peers, alice } = start()
    network.settle(peers, 6)
    const [, bob] = peers as [Peer, Peer, Peer, Peer]
    network.vote(alice, opaque('x'))
    expect(waits(network, alice)).toBe('spread')
    for (let i = 0; i < 4; i += 1) network.gossip(alice, bob)
    const { interested, notInterested, silent, undecided } = stuck(network, alice)
    expect(undecided[0]).toMatchObject({ lacks: 0, missing: [] })
    expect(interested.map(toHex).sort()).toEqual(hexOf('alice', 'bob'))
    expect(notInterested.map(toHex).sort()).toEqual(hexOf('carol', 'dave'))
    expect(silent.map(({ peer }) => toHex(peer)).sort()).toEqual(hexOf('carol', 'dave'))
  })

  it('its stages come one by one, stage by stage, as the others are heard', () => {
    const { network, peers, alice } = start()
    network.settle(peers, 6)
    network.vote(alice, opaque('x'))
    const seen: string[] = []
    const three = peers.slice(0, 3)
    for (let round = 0; round < 40; round += 1) {
      const now = waits(network, alice)
      if (seen.at(-1) !== now) seen.push(now)
      const [from, to] = [three[round % 3], three[(round + 1) % 3]] as [Peer, Peer]
      network.gossip(from, to)
    }
    expect(seen).toEqual(['spread', 'observer', 'agreement', 'nothing'].filter((stage) => seen.includes(stage)))
    expect(seen.at(0)).toBe('spread')
    expect(seen.at(-1)).toBe('nothing')
    expect(seen).toContain('agreement')
  })

  it('we are out', () => {
    const { network, peers } = start()
    for (const peer of peers) network.vote(peer, remove('dave'))
    network.settle(peers, 8)
    const dave = peers[3] as Peer
    expect(dave.parsec.isRemoved).toBe(true)
    expect(waits(network, dave)).toBe('removed')
  })
})
