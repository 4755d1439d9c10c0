import fc from 'fast-check'
import { expect, test } from 'vitest'
import { present } from '../../src/base/errors.ts'
import { Parsec, type ParsecFact } from '../../src/core/parsec/index.ts'
import type { Signer } from '../../src/ports/signature-scheme.ts'
import { SeededRandom } from '../../src/testing/seeded-random.ts'
import { add, idOf, Network, opaque, type Peer, remove, signerOf } from '../support/parsec/network.ts'

const NAMES = ['Alice', 'Bob', 'Carol', 'Dave']

function refuse(): never {
  throw new Error('replay needs no key')
}

/** A key that must not be used. */
function keyless(name: string): Signer {
  return { ...signerOf(name), sign: refuse, scheme: { ...signerOf(name).scheme, verify: refuse } }
}

function answers(parsec: Parsec): unknown {
  return {
    recipients: parsec.gossipRecipients(),
    canVote: parsec.canVote(),
    unpolled: parsec.hasUnpolledObservations(),
    ours: parsec.ourUnpolledObservations(),
    voters: parsec.voters(),
    events: parsec.eventCount,
    blocks: parsec.blockCount,
  }
}

function act(network: Network, random: SeededRandom, i: number): void {
  const [from, to] = [random.pick(network.peers), random.pick(network.peers)]
  if (random.chance(0.2)) network.vote(from, opaque(`payload ${i % 7}`))
  if (random.chance(0.03)) network.vote(from, add('Eve'))
  if (random.chance(0.03)) network.vote(from, remove('Dave'))
  if (from === to) return
  const [first] = network.ask(from, to).effects
  if (first === undefined || random.chance(0.1)) return
  const answer = network.deliver(from, to, first)
  if (random.chance(0.1)) network.deliver(from, to, first)
  if (random.chance(0.1)) return
  for (const back of answer.effects) network.deliver(to, from, back)
}

/** The engine made again from its facts, and the original, are asked and told the same from here on. */
function expectSame(network: Network, peer: Peer, other: Peer): void {
  const facts = structuredClone<ParsecFact[]>(peer.facts)
  const idle = Parsec.fromFacts(network.group(), keyless(peer.name), facts, peer.blocks.length)
  expect(answers(idle)).toEqual(answers(peer.parsec))
  const rebuilt = Parsec.fromFacts(network.group(), signerOf(peer.name), facts, peer.blocks.length)
  const payload = opaque('after')
  expect(rebuilt.voteFor(payload)).toEqual(network.vote(peer, payload))
  const made = peer.parsec.createGossip(idOf(other.name))
  expect(rebuilt.createGossip(idOf(other.name))).toEqual(made)
  network.note(peer, made)
  const request = other.parsec.createGossip(idOf(peer.name))
  for (const message of network.note(other, request).effects) {
    const handled = peer.parsec.handleRequest(idOf(other.name), message.bytes)
    expect(rebuilt.handleRequest(idOf(other.name), message.bytes)).toEqual(handled)
    peer.facts.push(...handled.facts)
    expect(rebuilt.poll()).toEqual(peer.parsec.poll())
  }
  expect(answers(rebuilt)).toEqual(answers(peer.parsec))
}

test('an engine made from its facts answers everything as the original does', () => {
  const compatibility = fc.constantFrom('none' as const, 'parsec-0.7' as const)
  const mode = fc.constantFrom('single' as const, 'supermajority' as const)
  fc.assert(
    fc.property(fc.nat(1_000_000), compatibility, mode, fc.integer({ min: 5, max: 120 }), (seed, how, of, steps) => {
      const random = new SeededRandom(seed)
      const network = new Network(NAMES, { compatibility: how, mode: of })
      for (const name of NAMES) network.start(name)
      network.join('Eve')
      for (let i = 0; i < steps; i += 1) act(network, random, i)
      const peer = random.pick(network.peers)
      const other = present(
        network.peers.find((it) => it !== peer && it.name !== 'Eve'),
        'a founder',
      )
      expectSame(network, peer, other)
      expect(peer.facts.length).toBeGreaterThan(0)
    }),
    { numRuns: 60 },
  )
})
