/** parsec §9: what a peer owes is known, too, where one group of blocks admits and removes it: nothing. Who accuses it of silence does so falsely. */
import { expect, test } from 'vitest'
import { toHex } from '../../../src/base/text.ts'
import type { Malice } from '../../../src/core/parsec/index.ts'
import { Forger } from '../../support/parsec/forger.ts'
import { add, idOf, Network, opaque, type Peer, remove } from '../../support/parsec/network.ts'

const CORRECT = ['Alice', 'Bob', 'Carol', 'Dave', 'Frank']

test.each([true, false])('who falsely accuses a peer that one group admits and removes (%s)', (isSame) => {
  const network = new Network([...CORRECT, 'Eve', 'Mallory'], { mode: 'single' })
  const peers = CORRECT.map((name) => network.start(name))
  const [alice, bob] = peers as [Peer, Peer]
  const [eve, mallory] = [Forger.begin(network, 'Eve', alice), Forger.begin(network, 'Mallory', alice)]
  network.settle(peers, 3)
  const twice = [mallory.vote(opaque('x')), mallory.vote(opaque('x'))] as const
  const offence = { type: 'DuplicateVote', events: [twice[0].hash, twice[1].hash] } as const
  expect(mallory.send(alice, twice).error).toBeUndefined()
  network.settle(peers, 5)
  for (const peer of peers) network.vote(peer, add('Gus'))
  if (!isSame) network.settle(peers, 5)
  for (const peer of peers) network.vote(peer, remove('Gus'))
  network.settle(peers, 5)
  // Gus is asked by Mallory, whose offence it cannot know, and answers.
  const asked = mallory.requesting('Gus')
  const gus = new Forger(network, 'Gus')
  const initial = gus.sign({ type: 'Initial' })
  const silent = gus.sign({ type: 'Request', selfParent: initial.hash, otherParent: asked.hash })
  const asks = gus.requesting('Eve')
  const own = eve.vote({ type: 'Accusation', offender: idOf('Mallory'), malice: offence })
  const silence: Malice = { type: 'Accomplice', event: silent.hash, malice: offence }
  const lie = eve.vote({ type: 'Accusation', offender: idOf('Gus'), malice: silence })
  const basis = eve.sign({ type: 'Request', selfParent: lie.hash, otherParent: asks.hash })
  expect(eve.send(bob, [asked, initial, silent, asks, own, lie, basis]).error).toBeUndefined()
  const found = bob.parsec.offences().filter(({ offender }) => toHex(offender) === toHex(idOf('Eve')))
  expect(found.map(({ malice: { type } }) => type)).toEqual(['InvalidAccusation'])
})
