/**
 * parsec §9, §10: who took part in a key generation before it was a voter owes no accusation, whatever the order has decided by now: a peer that has not decided yet
 * that it is a voter must not judge otherwise than the others.
 */
import { describe, expect, test } from 'vitest'
import { present } from '../../../src/base/errors.ts'
import { fromHex, toHex } from '../../../src/base/text.ts'
import { type Malice, type Observation, verifyEvidence } from '../../../src/core/parsec/index.ts'
import { accusationsBy, convictions, Forger } from '../../support/parsec/forger.ts'
import { joinFrom } from '../../support/parsec/late-joiner.ts'
import { add, idOf, Network, opaque, type Peer, strictScheme as scheme } from '../../support/parsec/network.ts'

const CORRECT = ['Alice', 'Bob', 'Carol', 'Dave', 'Frank', 'Grace']
const NAMES = [...CORRECT, 'Eve', 'Mallory', 'Gus']

const nameOf = (id: Uint8Array): string => NAMES.find((name) => toHex(idOf(name)) === toHex(id)) ?? toHex(id)
const accusedBy = (peer: Peer): string[] => accusationsBy(peer).map(({ offender }) => nameOf(fromHex(offender)))

/** Mallory was removed, and then Gus took part in a key generation. Bob is slow: the others have made Gus a voter too. */
function withParticipant() {
  const network = new Network([...CORRECT, 'Eve', 'Mallory'], { mode: 'single' })
  const peers = CORRECT.map((name) => network.start(name))
  const [alice, bob] = peers as [Peer, Peer]
  const [eve, mallory] = [Forger.begin(network, 'Eve', alice), Forger.begin(network, 'Mallory', alice)]
  network.settleWithMail(peers, 3)
  const twice = [mallory.vote(opaque('x')), mallory.vote(opaque('x'))] as const
  const offence = { type: 'DuplicateVote', events: [twice[0].hash, twice[1].hash] } as const
  expect(mallory.send(alice, twice).error).toBeUndefined()
  network.settleWithMail(peers, 5)
  const keys: Observation = { type: 'StartDkg', participants: [...CORRECT, 'Gus'].map(idOf) }
  for (const peer of peers) expect(network.vote(peer, keys).error).toBeUndefined()
  network.settleWithMail(peers, 4)
  expect(bob.parsec.knows(idOf('Gus'))).toBe(true)
  const others = peers.filter((peer) => peer !== bob)
  for (const peer of others) network.vote(peer, add('Gus'))
  network.settleWithMail(others, 6)
  expect([alice, bob].map(({ parsec }) => parsec.voters().map(nameOf).includes('Gus'))).toEqual([true, false])
  return { network, peers, others, alice, bob, eve, mallory, offence }
}

describe('a voter that had taken part in a key generation', () => {
  test('is accused by nobody of what it cannot know, and nobody is accused of that', () => {
    const { network, peers, others, alice, bob } = withParticipant()
    const gus = joinFrom(network, 'Gus', others)
    expect(gus.parsec.canVote()).toBe(true)
    expect(network.gossip(bob, gus)).toEqual([])
    expect(accusedBy(bob)).toEqual(['Mallory'])
    network.settleWithMail([...peers, gus], 6)
    expect(peers.flatMap(accusedBy)).toEqual(CORRECT.map(() => 'Mallory'))
    expect(convictions(alice).map(({ offender }) => nameOf(fromHex(offender)))).toEqual(['Mallory'])
  })

  test('is falsely accused by who does accuse it, which a stranger can be shown', () => {
    const { network, peers, bob, eve, mallory, offence } = withParticipant()
    const asked = mallory.requesting('Gus')
    const gus = new Forger(network, 'Gus')
    const initial = gus.sign({ type: 'Initial' })
    const silent = gus.sign({ type: 'Request', selfParent: initial.hash, otherParent: asked.hash })
    const asks = gus.requesting('Eve')
    const own = eve.vote({ type: 'Accusation', offender: idOf('Mallory'), malice: offence })
    const silence: Malice = { type: 'Accomplice', event: silent.hash, malice: offence }
    const lie = eve.vote({ type: 'Accusation', offender: idOf('Gus'), malice: silence })
    const basis = eve.sign({ type: 'Request', selfParent: lie.hash, otherParent: asks.hash })
    network.settleWithMail(peers, 2)
    expect(eve.send(bob, [asked, initial, silent, asks, own, lie, basis]).error).toBeUndefined()
    const found = bob.parsec.offences().find(({ malice }) => malice.type === 'InvalidAccusation')
    const bytes = present(found?.evidence(), 'Bob can prove it')
    const { offender, kind } = verifyEvidence(bytes, { group: network.group(), scheme })
    expect([nameOf(offender), kind]).toEqual(['Eve', 'InvalidAccusation'])
  })
})
