/** parsec §9: evidence holds what admitted all whose events are in it, those too that come along with what admitted somebody else. */
import { expect, test } from 'vitest'
import { present } from '../../../src/base/errors.ts'
import { toHex } from '../../../src/base/text.ts'
import { encodeMessage, type Malice, verifyEvidence } from '../../../src/core/parsec/index.ts'
import { Forger } from '../../support/parsec/forger.ts'
import { add, idOf, Network, type Peer, strictScheme as scheme } from '../../support/parsec/network.ts'

const CORRECT = ['Alice', 'Bob', 'Carol', 'Dave', 'Frank']

test('evidence by a joiner that got a first event before what admitted its creator', () => {
  const network = new Network([...CORRECT, 'Eve'], { mode: 'single' })
  const peers = CORRECT.map((name) => network.start(name))
  const [alice, bob] = peers as [Peer, Peer]
  Forger.begin(network, 'Eve', alice)
  network.settle(peers, 2)
  const admit = (name: string): Forger => {
    for (const peer of peers) network.vote(peer, add(name))
    network.settle(peers, 4)
    expect(alice.parsec.voters().map(toHex)).toContain(toHex(idOf(name)))
    return new Forger(network, name)
  }
  // Gus, admitted later, accuses Bob of what is nowhere.
  const gus = admit('Gus')
  const initial = gus.sign({ type: 'Initial' })
  const malice: Malice = { type: 'MissingGenesis', event: new Uint8Array(32).fill(7) }
  const lie = gus.vote({ type: 'Accusation', offender: idOf('Bob'), malice })
  expect(gus.send(bob, [initial, lie]).error).toBeUndefined()
  const ivy = admit('Ivy')
  const first = ivy.sign({ type: 'Initial' })
  expect(ivy.send(alice, [first]).error).toBeUndefined()
  network.settle(peers, 1)
  const prove = (peer: Peer) => {
    const found = peer.parsec.offences().find((it) => it.malice.type === 'InvalidAccusation')
    const bytes = present(found, 'it is found').evidence()
    return bytes === null ? null : verifyEvidence(bytes, { group: network.group(), scheme }).kind
  }
  expect(prove(bob)).toBe('InvalidAccusation')
  // Hal was told of both; Eve shows him the first event of Ivy by itself.
  const hal = network.join('Hal', [...network.members, 'Gus', 'Ivy'])
  const take = (from: string, events: readonly Uint8Array[]): void =>
    expect(network.note(hal, hal.parsec.handleGraph(idOf(from), encodeMessage(events))).error).toBeUndefined()
  take('Eve', [first.bytes])
  take(
    'Bob',
    bob.facts.flatMap((fact) => (fact.type === 'GossipEventAccepted' ? [fact.bytes] : [])),
  )
  expect(hal.parsec.voters().map(toHex)).toContain(toHex(idOf('Ivy')))
  expect(prove(hal)).toBe('InvalidAccusation')
})
