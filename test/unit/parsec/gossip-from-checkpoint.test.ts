/**
 * parsec §8, Stronger: a member that started from a checkpoint gives nobody what stands on events that it has only stubs for, as long as the
 * receiver may lack them; in whole networks: test/property/malice-network.test.ts, parsec-network.test.ts.
 */
import { describe, expect, test } from 'vitest'
import { present } from '../../../src/base/errors.ts'
import { toHex } from '../../../src/base/text.ts'
import { encodeMessage, Parsec } from '../../../src/core/parsec/index.ts'
import { Forger } from '../../support/parsec/forger.ts'
import { add, idOf, label, Network, opaque, type Peer, remove, signerOf } from '../../support/parsec/network.ts'
import { baseOf } from '../../support/parsec/random-network.ts'

const NOBODY = new Uint8Array(8)

function busy(network: Network, peers: readonly Peer[], text: string): void {
  for (const peer of peers) network.vote(peer, opaque(`${text} by ${peer.name}`))
  network.settle(peers, 4)
  network.deliverMail()
}

/** Starts from a base of these peers; they vote to add it, and it follows until it takes part. */
function joinFrom(network: Network, name: string, peers: readonly Peer[]): Peer {
  const bytes = present(baseOf(network, peers) ?? undefined, 'a base')
  const { parsec, step } = Parsec.fromCheckpoint(network.group(), signerOf(name), bytes)
  const joiner: Peer = { name, parsec, facts: [], blocks: [] }
  network.peers.push(joiner)
  network.note(joiner, step)
  for (const peer of peers) network.vote(peer, add(name))
  for (let i = 0; i < 4; i += 1) {
    network.settle(peers, 1)
    network.deliverMail()
    for (const peer of peers) tell(network, peer, joiner)
  }
  expect(parsec.isFollower).toBe(false)
  return joiner
}

function tell(network: Network, from: Peer, to: Peer): string[] {
  const { effects } = from.parsec.graphBeyond(idOf(to.name), to.parsec.summary())
  return effects.flatMap(({ bytes }) => {
    const { error } = network.note(to, to.parsec.handleGraph(idOf(from.name), bytes))
    return error === undefined ? [] : [error.code]
  })
}

const recipients = ({ parsec }: Peer): string[] => parsec.gossipRecipients().map(toHex)

/** Dave hears nothing while the others go on. */
function withoutDave() {
  const names = ['alice', 'bob', 'carol', 'dave']
  const network = new Network(names, { mode: 'single', checkpointInterval: 2 })
  const [alice, bob, carol, dave] = names.map((name) => network.start(name)) as [Peer, Peer, Peer, Peer]
  busy(network, [alice, bob, carol, dave], 'all')
  const others = [alice, bob, carol]
  for (const text of ['one', 'two', 'three']) busy(network, others, text)
  return { network, alice, bob, carol, dave, others }
}

/** Dave hears nothing while the others go on, and eve joins from a checkpoint. */
function withSlowDave() {
  const { network, alice, bob, carol, dave, others } = withoutDave()
  const eve = joinFrom(network, 'eve', others)
  for (let i = 0; i < 2; i += 1) expect(network.settle([...others, eve], 1)).toEqual([])
  return { network, alice, bob, carol, dave, eve }
}

describe('to who may lack what lies before our checkpoint', () => {
  test('we do not gossip, and make no event for it', () => {
    const { network, eve, bob, dave } = withSlowDave()
    expect(recipients(eve)).toContain(toHex(idOf(bob.name)))
    expect(recipients(eve)).not.toContain(toHex(idOf(dave.name)))
    const refused = network.ask(eve, dave)
    expect([refused.error?.code, refused.facts, refused.effects]).toEqual(['PrematureGossip', [], []])
  })

  test('we give no answer, also not again, but take the request and answer it in the graph', () => {
    const { network, eve, alice, dave } = withSlowDave()
    // It knows of eve, but nothing of what lies between.
    const asked = dave.parsec.createGossip(idOf('alice'))
    expect(asked.error).toBeUndefined()
    network.note(dave, asked)
    // By way of what alice tells, so that dave can ask eve.
    const old = dave.parsec.summary()
    expect(eve.parsec.graphBeyond(idOf('dave'), old).effects).toEqual([])
    expect(eve.parsec.compareSummary(old)).toEqual({ weLack: true, theyLack: false })
    expect(alice.parsec.compareSummary(old).theyLack).toBe(true)
    expect(tell(network, alice, dave)).toEqual([])
    const request = network.ask(dave, eve)
    expect(request.error).toBeUndefined()
    for (const message of request.effects.filter(({ kind }) => kind === 'request')) {
      const answer = network.deliver(dave, eve, message)
      expect(answer.error).toBeUndefined()
      expect(answer.facts.some(({ type }) => type === 'GossipEventAccepted')).toBe(true)
      expect(answer.effects.filter(({ kind }) => kind === 'response')).toEqual([])
      const again = network.deliver(dave, eve, message)
      expect([again.error?.code, again.effects]).toEqual(['DuplicateMessage', []])
    }
  })

  test('we give all once we know that it has that', () => {
    const { network, eve, alice, dave } = withSlowDave()
    expect(network.gossip(alice, dave)).toEqual([])
    expect(network.gossip(dave, alice)).toEqual([])
    expect(network.gossip(alice, eve)).toEqual([])
    expect(recipients(eve)).toContain(toHex(idOf(dave.name)))
    expect(network.gossip(eve, dave)).toEqual([])
    expect(network.gossip(dave, eve)).toEqual([])
  })

  test('we give nothing for a summary that lacks it, and are not said to have more', () => {
    const { alice, eve } = withSlowDave()
    expect(eve.parsec.graphBeyond(idOf('alice'), NOBODY).effects).toEqual([])
    expect(eve.parsec.compareSummary(NOBODY)).toEqual({ weLack: false, theyLack: false })
    expect(alice.parsec.compareSummary(NOBODY)).toEqual({ weLack: false, theyLack: true })
  })
})

test('where everybody started from a checkpoint, joiners whose events have no parents yet are gossiped to all the same', () => {
  const network = new Network(['alice'], { mode: 'single', checkpointInterval: 1 })
  const alice = network.start('alice')
  busy(network, [alice], 'one')
  busy(network, [alice], 'two')
  const bob = joinFrom(network, 'bob', [alice])
  busy(network, [alice, bob], 'three')
  for (const peer of [alice, bob]) network.vote(peer, remove('alice'))
  network.settle([alice, bob], 4)
  network.deliverMail()
  busy(network, [bob], 'four')
  expect(bob.parsec.voters().map(toHex)).toEqual([toHex(idOf('bob'))])
  const carol = joinFrom(network, 'carol', [bob])
  // Its first event has no parents; that it is there shows that it decided its admission, and so what it has.
  expect(network.gossip(bob, carol)).toEqual(['PrematureGossip'])
  expect(network.gossip(carol, bob)).toEqual([])
  expect(network.gossip(bob, carol)).toEqual([])
  busy(network, [bob, carol], 'five')
  expect(carol.blocks.map(({ hash }) => toHex(hash))).toEqual(
    bob.blocks.slice(-carol.blocks.length).map(({ hash }) => toHex(hash)),
  )
  expect(carol.blocks.length).toBeGreaterThan(2)
})

/** Dave is silent, shows all others one late event that nobody builds on, and eve, who has a stub for it, what stands on it. */
function withHiddenEvent() {
  const { network, alice, dave, others } = withoutDave()
  const forger = new Forger(network, dave)
  const late = forger.requesting('alice')
  const message = encodeMessage([late.bytes])
  for (const peer of others) {
    expect(tell(network, dave, peer)).toEqual([])
    expect(network.note(peer, peer.parsec.handleGraph(idOf('dave'), message)).error).toBeUndefined()
  }
  const eve = joinFrom(network, 'eve', others)
  for (let i = 0; i < 2; i += 1) expect(network.settle([...others, eve], 1)).toEqual([])
  return { network, alice, others, eve, forger }
}

describe('a voter that hides what it made long ago', () => {
  test('can cut off a peer that has a stub for it: no message of it could be taken; it knows', () => {
    const { network, others, eve, forger } = withHiddenEvent()
    expect(eve.parsec.bases.isCutOff).toBe(false)
    expect(recipients(eve)).toHaveLength(3)
    expect(forger.send(eve, []).error).toBeUndefined()
    expect(recipients(eve)).toEqual([])
    expect(eve.parsec.bases.isCutOff).toBe(true)
    // They ask it, and get no answers.
    expect(network.settle(others, 2)).toEqual([])
    for (const peer of others) expect(network.gossip(peer, eve)).toEqual([])
    expect(eve.parsec.bases.isCutOff).toBe(true)
    expect(others.some(({ parsec }) => parsec.bases.isCutOff)).toBe(false)
  })

  test('cannot for good: it goes on by the whole graph', () => {
    const { network, alice, others, eve, forger } = withHiddenEvent()
    expect(forger.send(eve, []).error).toBeUndefined()
    network.vote(eve, opaque('nobody hears it'))
    const { parsec } = Parsec.again(network.group(), signerOf('eve'), eve.parsec.voters())
    for (const { bytes } of alice.parsec.graphBeyond(idOf('eve'), parsec.summary()).effects) {
      expect(parsec.handleGraph(idOf('alice'), bytes).error).toBeUndefined()
    }
    expect(parsec.takeOver(eve.parsec).error).toBeUndefined()
    expect(parsec.bases.isCutOff).toBe(false)
    const again: Peer = { name: 'eve', parsec, facts: [], blocks: [] }
    network.peers.splice(network.peers.indexOf(eve), 1, again)
    expect(recipients(again)).toHaveLength(4)
    busy(network, [...others, again], 'five')
    expect(alice.blocks.some((block) => label(block).startsWith('nobody hears it'))).toBe(true)
  })
})
