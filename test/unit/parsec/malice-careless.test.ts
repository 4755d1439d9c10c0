/**
 * Scenarios in which a careless engine accuses a correct peer. Each goes on until all is agreed; then no correct peer is
 * accused by another, by an event or by a block.
 */
import { describe, expect, test } from 'vitest'
import { present } from '../../../src/base/errors.ts'
import { toHex } from '../../../src/base/text.ts'
import {
  bytesGroup,
  type Cause,
  decodeEvent,
  decodeMessage,
  encodeMessage,
  encodeObservation,
  explainBlock,
  type GossipEventAccepted,
  inspect,
  type Malice,
  type Observation,
  Parsec,
  type ParsecFact,
  type SendMessage,
  whyStuck,
} from '../../../src/core/parsec/index.ts'
import { ed25519Signer } from '../../../src/crypto/index.ts'
import { encodeContent } from '../../../src/wire/canonical/index.ts'
import { accusationsBy, convictions, Forger, tipOf } from '../../support/parsec/forger.ts'
import { add, idOf, Network, opaque, type Peer, remove, signerOf } from '../../support/parsec/network.ts'

const NAMES = ['Alice', 'Bob', 'Carol', 'Dave']
type Four = readonly [Peer, Peer, Peer, Peer]

function four(others: readonly string[] = []): { network: Network; correct: Four } {
  const network = new Network([...NAMES, ...others], { mode: 'single' })
  return {
    network,
    correct: [network.start('Alice'), network.start('Bob'), network.start('Carol'), network.start('Dave')],
  }
}

const only = (effects: readonly SendMessage[]): SendMessage => present(effects[0], 'a message')

/** Who is accused in the end, by anybody of `peers`, in whatever way. */
function accusedAfter(network: Network, peers: readonly Peer[]): string[] {
  for (const peer of peers) network.vote(peer, opaque(`last words of ${peer.name}`))
  network.settle(peers, 6)
  for (const peer of peers) expect(peer.blocks.length).toBeGreaterThanOrEqual(peers.length)
  const names = new Map([...NAMES, 'Eve', 'Gus'].map((name) => [toHex(idOf(name)), name]))
  const accused = peers.flatMap((peer) =>
    [...accusationsBy(peer), ...convictions(peer)].map(({ offender }) => offender),
  )
  return [...new Set(accused.map((id) => names.get(id) ?? id))]
}

/** Eve votes twice for something, as Alice learns by a request of hers. */
function offend(network: Network, to: Peer): Forger {
  const eve = new Forger(network, 'Eve')
  const initial = eve.sign({ type: 'Initial' })
  const genesis = eve.vote(network.group().genesis)
  const step = eve.send(to, [initial, genesis, eve.vote(opaque('x')), eve.vote(opaque('x'))])
  expect(step.error).toBeUndefined()
  return eve
}

describe('messages, parsec §9', () => {
  test('the same request delivered twice, and the same response', () => {
    const { network, correct } = four()
    const [alice, bob] = correct
    const request = only(network.ask(alice, bob).effects)
    const response = only(network.deliver(alice, bob, request).effects)
    network.vote(bob, opaque('in between'))
    network.deliver(alice, bob, request)
    network.deliver(bob, alice, response)
    network.deliver(bob, alice, response)
    expect(accusedAfter(network, correct)).toEqual([])
  })

  test('a message that ends with an event of its receiver, or of a third peer', () => {
    const { network, correct } = four()
    const [alice, bob, carol] = correct
    network.settle(correct, 1)
    const told = decodeMessage(only(network.ask(alice, bob).effects).bytes, alice.parsec.group.format)
    const receivers = bob.facts.flatMap((fact) => (fact.type === 'GossipEventAccepted' ? [fact.bytes] : []))
    network.gossip(carol, alice)
    const thirds = decodeMessage(only(network.ask(carol, bob).effects).bytes, alice.parsec.group.format)
    for (const events of [
      [...told.map(({ bytes }) => bytes), present(receivers[0], 'an event')],
      thirds.map(({ bytes }) => bytes),
    ]) {
      for (const handle of ['handleRequest', 'handleResponse'] as const) {
        network.note(bob, bob.parsec[handle](idOf('Alice'), encodeMessage(events)))
      }
    }
    expect(accusedAfter(network, correct)).toEqual([])
  })

  test('the answer of a joiner without events', () => {
    const { network, correct } = four()
    const [alice, bob] = correct
    const gus = network.join('Gus')
    for (const peer of correct) network.vote(peer, add('Gus'))
    network.settle(correct, 4)
    expect(gus.parsec.eventCount).toBe(0)
    // Of each request only the beginning arrives, then all of it, so that Gus owes and answers with what they lack.
    for (const peer of [alice, bob]) {
      const request = only(network.ask(peer, gus).effects)
      const answers = network.deliver(peer, gus, request).effects
      for (const answer of answers) network.deliver(gus, peer, answer)
      network.deliver(peer, gus, request)
    }
    expect(accusedAfter(network, [...correct, gus])).toEqual([])
    expect(gus.parsec.canVote()).toBe(true)
  })
})

describe('one key in two groups, parsec §9', () => {
  test('its events carried across are nobody’s offence but of who carries them', () => {
    const signers = [1, 2, 3, 4].map((seed) => ed25519Signer(new Uint8Array(32).fill(seed)))
    const members = signers.map(({ identity }) => identity)
    const [here, there] = ['here', 'there'].map((name) =>
      bytesGroup({ members, mode: 'single', relatedInfo: new TextEncoder().encode(name) }),
    ) as [ReturnType<typeof bytesGroup>, ReturnType<typeof bytesGroup>]
    const start = (group: typeof here, by: number) => Parsec.fromGenesis(group, present(signers[by], 'a signer'))
    const [alice] = [start(here, 0).parsec]
    const bobThere = start(there, 1)
    const events = eventsOf(bobThere.step.facts).map(({ bytes }) => bytes)
    const carol = present(signers[2], 'a signer').identity
    const step = alice.handleGraph(carol, encodeMessage(events))
    expect(step.error?.data).toMatchObject({ code: 'SignatureFailure' })
    expect(step.facts.filter(({ type }) => type === 'OffenceReported')).toEqual([])
  })

  test('nor do they prove anything when they are carried by an accusation', () => {
    const signers = [1, 2, 3, 4].map((seed) => ed25519Signer(new Uint8Array(32).fill(seed)))
    const members = signers.map(({ identity }) => identity)
    const inGroup = (name: string) =>
      bytesGroup({ members, mode: 'single', relatedInfo: new TextEncoder().encode(name) })
    const here = inGroup('here')
    const correct = signers.slice(0, 3).map((signer) => Parsec.fromGenesis(here, signer).parsec)
    const [alice, bob] = correct as [Parsec, Parsec]
    const mallory = present(signers[3], 'a signer')
    const [initial, genesis] = eventsOf(Parsec.fromGenesis(here, mallory).step.facts)
    const elsewhere = eventsOf(Parsec.fromGenesis(inGroup('there'), present(signers[1], 'a signer')).step.facts)
    // Mallory says that Bob voted for another Genesis; he did, in another group.
    const malice: Malice = { type: 'IncorrectGenesis', carried: present(elsewhere[1], 'his Genesis').bytes }
    const observation: Observation = { type: 'Accusation', offender: bob.ourId, malice }
    const sign = (cause: Cause) => {
      const content = encodeContent(mallory.identity, cause, here.format)
      const message = here.eventMessage(content)
      return { hash: here.hash(message), bytes: new Uint8Array([...content, ...mallory.sign(message)]) }
    }
    const accusation = sign({
      type: 'Observation',
      selfParent: present(genesis, 'its Genesis').hash,
      observation,
      voteSignature: mallory.sign(here.voteMessage(encodeObservation(observation, here.format))),
    })
    const asked = sign({ type: 'Requesting', selfParent: accusation.hash, recipient: alice.ourId })
    const told = [present(initial, 'its Initial'), present(genesis, 'its Genesis'), accusation, asked]
    const step = alice.handleRequest(mallory.identity, encodeMessage(told.map(({ bytes }) => bytes)))
    expect(step.error).toBeUndefined()
    for (let round = 0; round < 6; round += 1) for (const from of correct) for (const to of correct) gossip(from, to)
    for (const parsec of correct) {
      const kinds: string[] = []
      for (let block = parsec.poll(); block !== undefined; block = parsec.poll()) {
        if (block.payload.type === 'Accusation')
          kinds.push(`${block.payload.malice.type} of ${toHex(block.payload.offender)}`)
      }
      expect(kinds).toEqual([`InvalidAccusation of ${toHex(mallory.identity)}`])
    }
  })
})

/** The facts of a step that accuses Eve, without those from the first accusation's sync event on. */
function crashed(network: Network, peer: Peer, before: number): ParsecFact[] {
  const { format } = network.group()
  const cut = peer.facts.findIndex(
    (fact, i) =>
      i > before &&
      fact.type === 'GossipEventAccepted' &&
      decodeEvent(fact.bytes, format).vote?.observation.type === 'Accusation',
  )
  return peer.facts.slice(0, cut + 1)
}

describe('what is there too late, parsec §9', () => {
  test('a crash between an accusation and its sync event: the accusation never was', () => {
    const { network, correct } = four(['Eve'])
    const [alice, ...others] = correct
    network.settle(correct, 1)
    const before = alice.facts.length
    offend(network, alice)
    expect(accusationsBy(alice)).toHaveLength(1)
    // The disk has the accusation and not the event after it; nothing of that step was sent.
    const facts = crashed(network, alice, before)
    const dropped = facts.at(-1)
    expect(dropped).not.toEqual(alice.facts.at(-1))
    const parsec = Parsec.fromFacts(network.group(), signerOf('Alice'), facts, alice.blocks.length)
    const again: Peer = { name: 'Alice', parsec, facts, blocks: [...alice.blocks] }
    network.gossip(others[0], again)
    network.gossip(again, others[1])
    const rebuilt = Parsec.fromFacts(network.group(), signerOf('Alice'), again.facts)
    expect([rebuilt.eventCount, rebuilt.summary()]).toEqual([parsec.eventCount, parsec.summary()])
    // Whoever else reads the log finds what the peer finds.
    const without = again.facts.filter((fact) => fact !== dropped)
    const group = network.group()
    expect(inspect(group, again.facts)).toEqual(inspect(group, without))
    expect(inspect(group, again.facts).events).toHaveLength(parsec.eventCount)
    expect(whyStuck(group, again.facts)).toEqual(whyStuck(group, without))
    expect(explainBlock(group, again.facts, 0)).toEqual(explainBlock(group, without, 0))
    expect(accusedAfter(network, [again, ...others]).filter((name) => name !== 'Eve')).toEqual([])
  })

  test('a joined accusation whose evidence is not yet in the joiner’s ancestry', () => {
    const { network, correct } = four(['Eve'])
    const [alice, bob, carol] = correct
    network.settle(correct, 1)
    offend(network, alice)
    expect(accusationsBy(alice)).toHaveLength(1)
    // Bob gets all that Alice has but the event that ends the message: it is in his graph, and no event of his descends from it.
    const told = decodeMessage(only(network.ask(alice, bob).effects).bytes, bob.parsec.group.format)
    const beginning = encodeMessage(told.slice(0, -1).map(({ bytes }) => bytes))
    expect(network.note(bob, bob.parsec.handleGraph(idOf('Alice'), beginning)).error).toBeUndefined()
    network.gossip(bob, carol)
    expect([accusationsBy(bob), accusationsBy(carol)]).toEqual([[], []])
    expect(accusedAfter(network, correct)).toEqual(['Eve'])
  })

  test('an offence found only after the removal of its offender', () => {
    const { network, correct } = four(['Eve'])
    const [alice, ...others] = correct
    network.settle(correct, 1)
    for (const peer of correct) network.vote(peer, remove('Eve'))
    network.settle(others, 1)
    offend(network, alice)
    const accused = accusedAfter(network, correct)
    expect(accused).toEqual(['Eve'])
    for (const peer of correct) {
      expect(peer.parsec.voters()).toHaveLength(4)
      expect(accusationsBy(peer).length).toBeGreaterThanOrEqual(1)
    }
  })

  test('a beginning of a broken message, which nobody builds on', () => {
    const { network, correct } = four(['Eve'])
    const [alice] = correct
    network.settle(correct, 1)
    const eve = new Forger(network, 'Eve')
    const events = [
      eve.sign({ type: 'Initial' }),
      eve.vote(network.group().genesis),
      eve.vote(opaque('x')),
      eve.vote(opaque('x')),
    ]
    network.note(alice, alice.parsec.handleGraph(idOf('Eve'), encodeMessage(events.map(({ bytes }) => bytes))))
    network.gossip(correct[1], alice)
    expect(accusedAfter(network, correct)).toEqual([])
    expect(tipOf(alice)).toBeDefined()
  })
})

function eventsOf(facts: readonly ParsecFact[]): readonly GossipEventAccepted[] {
  return facts.filter((fact) => fact.type === 'GossipEventAccepted')
}

function gossip(from: Parsec, to: Parsec): void {
  if (from === to) return
  for (const request of from.createGossip(to.ourId).effects) {
    for (const answer of to.handleRequest(from.ourId, request.bytes).effects) {
      if (answer.kind === 'response') from.handleResponse(to.ourId, answer.bytes)
    }
  }
}
