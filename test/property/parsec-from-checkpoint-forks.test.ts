/**
 * parsec §8: a forker shuts nobody out for good. Once the order removed it there are bases again, whatever its branches were, all correct
 * voters vouch for them, and whoever starts from one orders what everybody orders.
 */
import { describe, expect, it } from 'vitest'
import { present } from '../../src/base/errors.ts'
import { toHex } from '../../src/base/text.ts'
import { verifyBase } from '../../src/core/parsec/index.ts'
import { decodeBase, decodeStubs, encodeBase, encodeStubs } from '../../src/wire/checkpoint/base.ts'
import { Forger, tipOf } from '../support/parsec/forger.ts'
import { idOf, Network, opaque, type Peer, remove, strictScheme } from '../support/parsec/network.ts'
import { baseOf, compare, expectSame, follow, RandomNetwork } from '../support/parsec/random-network.ts'

// More seeds: WITAN_SEEDS=100 npx vitest run test/property/parsec-from-checkpoint-forks.test.ts
const SEEDS = Array.from({ length: Number(process.env['WITAN_SEEDS'] ?? 4) }, (_, i) => `forked ${i}`)

function isRemoved(world: RandomNetwork, { name }: Peer): boolean {
  const id = toHex(idOf(name))
  return world.voters.every(({ parsec }) => !parsec.voters().map(toHex).includes(id))
}

/** Both run on for a while; then the others find out, or are told, and vote the forker out. */
function forkAndRemove(world: RandomNetwork, detectsMalice: boolean, seed: string): Peer {
  world.run(world.random.int(60, 200))
  world.settle()
  const forker = world.fork()
  for (const peer of world.peers) {
    if (peer.name === forker.name && peer.parsec.canVote())
      world.network.vote(peer, opaque(`one of two ${world.peers.indexOf(peer)}`))
  }
  world.run(world.random.int(20, 80))
  for (let i = 0; i < 10 && !isRemoved(world, forker); i += 1) {
    if (!detectsMalice) for (const peer of world.correct) world.voteOnce(peer, remove(forker.name))
    world.settle()
    world.run(20)
  }
  expect(isRemoved(world, forker), `${seed}: the forker is removed`).toBe(true)
  return forker
}

/** Stubs of the forker with an index that another of them has. */
function twins(stubs: ReturnType<typeof decodeStubs>, place: number): number {
  const indexes = stubs.filter(({ creator }) => creator === place).map(({ index }) => index)
  return indexes.length - new Set(indexes).size
}

describe.each([true, false])('after a fork and a removal, where malice is detected: %s', (detectsMalice) => {
  let forked = 0
  let asked = 0
  it.each(SEEDS.slice(0, Math.ceil(SEEDS.length / 2)))(
    'there is a base, and who starts from it orders the same (seed %s)',
    (seed) => {
      const world = new RandomNetwork(seed, detectsMalice, 5)
      const forker = forkAndRemove(world, detectsMalice, seed)
      world.settle()
      const { bytes, position, sponsor } = world.someBase()
      const group = world.network.group()
      const { stubs, standings } = decodeBase(bytes, group.format)
      const place = standings.findIndex(({ id }) => toHex(id) === toHex(idOf(forker.name)))
      expect(standings[place]?.flags, `${seed}: removed`).toBe(4 | 2)
      forked += twins(decodeStubs(stubs), place)
      for (const peer of world.voters) {
        if (peer !== sponsor) compare(world, peer, sponsor, forker)
        const hasCheckpoint = peer.parsec.proofs.checkpoints(position, position).length > 0
        const isVoter = standings.some(({ id, flags }) => (flags & 1) !== 0 && toHex(id) === toHex(idOf(peer.name)))
        if (!hasCheckpoint || !isVoter) continue
        expect(peer.parsec.bases.vouch(position, stubs), `${seed}: ${peer.name} vouches`).not.toBeNull()
        asked += 1
      }
      world.run(world.random.int(0, 60))
      const reader = follow(world, bytes)
      world.settle()
      world.run(100)
      world.settle()
      const from = present(
        world.voters.find((peer) => peer !== sponsor),
        'two voters',
      )
      expect(compare(world, reader, from, sponsor), `${seed}: nothing is refused`).toEqual([])
      expect(reader.blocks.length, `${seed}: blocks`).toBe(from.blocks.length - position)
      expectSame(reader, position, world.voters, seed)
      // They have the same of the forker, so that comparing comes to rest.
      expect(from.parsec.compareSummary(reader.parsec.summary())).toEqual({ weLack: false, theyLack: false })
    },
  )

  it('some of the bases held several branches, and voters were asked', () => {
    expect(forked).toBeGreaterThan(0)
    expect(asked).toBeGreaterThan(2 * SEEDS.length)
  })
})

describe('what a forker makes after its removal', () => {
  it('joins the graph of who started from a checkpoint, where others build on it', () => {
    const names = ['Alice', 'Bob', 'Carol', 'Dave', 'Eve', 'Rob']
    const network = new Network(names, { mode: 'single', checkpointInterval: 2, detectsMalice: false })
    const all = names.map((name) => network.start(name))
    const [alice, bob, carol, dave, eve, rob] = all as [Peer, Peer, Peer, Peer, Peer, Peer]
    const settle = (peers: readonly Peer[], rounds: number): void => {
      for (let i = 0; i < rounds; i += 1) {
        network.settle(peers, 1)
        network.deliverMail()
      }
    }
    settle(all, 2)
    const forkedAt = tipOf(rob)
    const twin = new Forger(network, rob)
    const second = twin.vote(opaque('on another branch'))
    settle(all, 2)
    expect(twin.send(alice, [second]).error).toBeUndefined()
    const others = [alice, bob, carol, dave, eve]
    for (const peer of others) network.vote(peer, remove('Rob'))
    settle(others, 4)
    for (const peer of others) network.vote(peer, opaque(`after it, by ${peer.name}`))
    settle(others, 4)
    const bytes = present(baseOf(network, others) ?? undefined, 'a base')
    const trust = { group: network.group(), scheme: strictScheme }
    const base = decodeBase(bytes, trust.group.format)
    const stubs = decodeStubs(base.stubs)
    const place = base.standings.findIndex(({ id }) => toHex(id) === toHex(idOf('Rob')))
    expect(twins(stubs, place)).toBeGreaterThan(0)
    const his = stubs.find(({ creator }) => creator === place)
    const twice = encodeStubs([...stubs, present(his, 'a stub of his')])
    expect(() => verifyBase(encodeBase({ ...base, stubs: twice }), trust)).toThrow('a stub twice')
    const reader = follow({ network }, bytes)
    const position = reader.parsec.startedAt
    compare({ network }, reader, alice, bob)
    // Eve answers a request that Rob makes on a branch of its past; they are no part of what Eve's engine does.
    twin.tip = forkedAt
    const late = twin.requesting('Eve')
    const accomplice = new Forger(network, eve)
    const answer = accomplice.sign({ type: 'Request', selfParent: accomplice.tip, otherParent: late.hash })
    compare({ network }, alice, eve, bob)
    expect(accomplice.send(alice, [late, answer]).error).toBeUndefined()
    const voters = [alice, bob, carol, dave]
    for (const peer of voters) network.vote(peer, opaque(`last words of ${peer.name}`))
    settle(voters, 5)
    expect(compare({ network }, reader, alice, bob)).toEqual([])
    expect(reader.blocks.map(({ hash }) => toHex(hash))).toEqual(
      alice.blocks.slice(position).map(({ hash }) => toHex(hash)),
    )
    expect(reader.blocks.length).toBeGreaterThan(3)
  })
})
