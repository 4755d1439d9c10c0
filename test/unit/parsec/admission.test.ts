import { describe, expect, test } from 'vitest'
import { utf8 } from '../../../src/base/bytes.ts'
import { toHex } from '../../../src/base/text.ts'
import {
  type Cause,
  type Compatibility,
  encodeMessage,
  Parsec,
  type ParsecStep,
} from '../../../src/core/parsec/index.ts'
import { encodeContent } from '../../../src/wire/canonical/index.ts'
import { idOf, Network, opaque, type Peer, signerOf } from '../../support/parsec/network.ts'

/** Everybody has it after a round of gossip. */
function firstHash(peer: Peer): Uint8Array {
  const fact = peer.facts.find(({ type }) => type === 'GossipEventAccepted')
  return fact?.type === 'GossipEventAccepted' ? fact.hash : new Uint8Array(32)
}

/** Alice tells Bob of an event that Eve signed. */
function forge(
  compatibility: Compatibility,
  cause: (hashes: { eve: Uint8Array; alice: Uint8Array }) => Cause,
): {
  step: ParsecStep<Uint8Array>
  bob: Peer
} {
  const network = new Network(['Alice', 'Bob', 'Eve'], { compatibility, mode: 'single' })
  const [alice, bob, eve] = ['Alice', 'Bob', 'Eve'].map((name) => network.start(name)) as [Peer, Peer, Peer]
  network.settle([alice, bob, eve], 1)
  const group = network.group()
  const content = encodeContent(idOf('Eve'), cause({ eve: firstHash(eve), alice: firstHash(alice) }), group.format)
  const signature = signerOf('Eve').sign(group.eventMessage(content))
  const bytes = new Uint8Array([...content, ...signature])
  return { step: bob.parsec.handleGraph(idOf('Alice'), encodeMessage([bytes])), bob }
}

const unknown = new Uint8Array(32).fill(9)
const sign = (observation: string): Uint8Array => signerOf('Eve').sign(utf8(observation))

describe('events of forms that are never added, parsec §9', () => {
  test.each<[string, (hashes: { eve: Uint8Array; alice: Uint8Array }) => Cause]>([
    [
      'self-parent by another creator',
      ({ alice }) => ({ type: 'Requesting', selfParent: alice, recipient: idOf('Bob') }),
    ],
    ['other parent by its creator', ({ eve }) => ({ type: 'Request', selfParent: eve, otherParent: eve })],
    [
      'Genesis of another group',
      ({ eve }) => ({
        type: 'Observation',
        selfParent: eve,
        observation: { type: 'Genesis', group: [idOf('Eve')], relatedInfo: utf8('') },
        voteSignature: sign('genesis'),
      }),
    ],
  ])('%s: refused by default, added by the reference', (why, cause) => {
    const { step } = forge('none', cause)
    expect(step.error?.data).toMatchObject({ code: 'InvalidEvent', why })
    expect(step.facts.filter(({ type }) => type === 'GossipEventAccepted')).toEqual([])
    // Alice passed it on, Eve signed it.
    expect(step.faults.map(({ peer, error }) => [toHex(peer), error.code])).toEqual([
      [toHex(idOf('Alice')), 'InvalidEvent'],
      [toHex(idOf('Eve')), 'Malice'],
    ])
    expect(forge('parsec-0.7', cause).step.error).toBeUndefined()
  })
})

describe('checks of one event, parsec §8 and §13', () => {
  test.each<[string, Cause]>([
    ['UnknownSelfParent', { type: 'Requesting', selfParent: unknown, recipient: idOf('Bob') }],
    ['UnknownSelfParent', { type: 'Request', selfParent: unknown, otherParent: unknown }],
  ])('%s', (code, cause) => {
    expect(forge('none', () => cause).step.error?.code).toBe(code)
  })

  test('UnknownOtherParent, and the recipient of a Requesting', () => {
    const other = forge('none', ({ eve }) => ({ type: 'Response', selfParent: eve, otherParent: unknown }))
    expect(other.step.error?.code).toBe('UnknownOtherParent')
    const to = forge('none', ({ eve }) => ({ type: 'Requesting', selfParent: eve, recipient: idOf('Nobody') }))
    expect(to.step.error?.data).toMatchObject({ code: 'UnknownPeer', peer: idOf('Nobody') })
  })

  test('what is in order joins the graph', () => {
    const { step, bob } = forge('none', ({ eve }) => ({
      type: 'Observation',
      selfParent: eve,
      observation: opaque('a branch'),
      voteSignature: sign('a branch'),
    }))
    expect(step.error).toBeUndefined()
    expect(step.facts).toHaveLength(1)
    expect(bob.parsec.eventCount).toBeGreaterThan(3)
  })

  test('who is no member cannot start at genesis, nor go on from facts of another group', () => {
    const network = new Network(['Alice', 'Bob'])
    expect(() => network.start('Nobody')).toThrow('UnknownPeer')
    const alice = network.start('Alice')
    const other = new Network(['Alice', 'Carol']).group()
    expect(() => Parsec.fromFacts(other, signerOf('Alice'), alice.facts)).toThrow('another group')
    expect(() => Parsec.fromFacts(network.group(), signerOf('Alice'), alice.facts.slice(1))).toThrow('first fact')
  })

  test('bytes that are no message', () => {
    const network = new Network(['Alice', 'Bob'])
    const bob = network.start('Bob')
    const step = bob.parsec.handleRequest(idOf('Alice'), utf8('nonsense'))
    expect(step.error?.data).toMatchObject({ code: 'InvalidMessage', codec: { code: expect.any(String) } })
    expect(bob.parsec.handleRequest(idOf('Nobody'), utf8('')).error?.code).toBe('UnknownPeer')
  })
})
