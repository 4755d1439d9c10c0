/**
 * parsec §8, §9: a joiner is told of members that the order has not admitted yet, as far as it knows. What those owe follows from their admission: until
 * it has decided that, it judges neither their silence nor who accuses them of it.
 */
import { expect, test } from 'vitest'
import { encodeMessage, type Malice } from '../../../src/core/parsec/index.ts'
import { type Forged, Forger } from '../../support/parsec/forger.ts'
import { idOf, Network, type Peer } from '../../support/parsec/network.ts'

const NAMES = ['alice', 'bob', 'carol', 'dave']

function begin(network: Network, name: string): { readonly forger: Forger; readonly events: Forged[] } {
  const initial = new Forger(network, name).sign({ type: 'Initial' })
  const forger = new Forger(network, name)
  return { forger, events: [initial, forger.vote(network.group().genesis, initial.hash)] }
}

/** Gus, of whom hal was told only, is silent about alice's fork; bob accuses him of that, and carol accuses bob. */
function told() {
  const network = new Network(NAMES)
  const hal: Peer = network.join('hal', [...NAMES, 'gus'])
  const alice = begin(network, 'alice')
  const bob = begin(network, 'bob')
  const carol = begin(network, 'carol')
  const root = alice.forger.tip
  const first = alice.forger.requesting('gus')
  alice.forger.tip = root
  const second = alice.forger.requesting('carol')
  const third = alice.forger.requesting('gus')
  const gus = new Forger(network, 'gus')
  const initial = new Forger(network, 'gus').sign({ type: 'Initial' })
  const one = gus.sign({ type: 'Request', selfParent: initial.hash, otherParent: first.hash })
  const silent = gus.sign({ type: 'Request', selfParent: one.hash, otherParent: third.hash })
  const asks = gus.requesting('bob')
  const fork: Malice = { type: 'Fork', event: root }
  const silence: Malice = { type: 'Accomplice', event: silent.hash, malice: fork }
  const byBob = [
    bob.forger.vote({ type: 'Accusation', offender: idOf('alice'), malice: fork }),
    bob.forger.vote({ type: 'Accusation', offender: idOf('gus'), malice: silence }),
  ]
  const accused = bob.forger.tip
  const basis = bob.forger.sign({ type: 'Request', selfParent: accused, otherParent: asks.hash })
  const asksCarol = bob.forger.requesting('carol')
  const byCarol = [
    carol.forger.vote({ type: 'Accusation', offender: idOf('alice'), malice: fork }),
    carol.forger.vote({
      type: 'Accusation',
      offender: idOf('bob'),
      malice: { type: 'InvalidAccusation', event: accused },
    }),
  ]
  const { tip } = carol.forger
  const answer = carol.forger.sign({ type: 'Request', selfParent: tip, otherParent: asksCarol.hash })
  const begun = [...alice.events, ...bob.events, ...carol.events]
  const gossip = [first, second, third, initial, one, silent, asks, ...byBob, basis, asksCarol, ...byCarol, answer]
  return { network, hal, events: [...begun, ...gossip] }
}

test('who was told of a member finds neither that it is an accomplice, nor who accuses falsely in that matter', () => {
  const { network, hal, events } = told()
  const { error } = network.note(
    hal,
    hal.parsec.handleGraph(idOf('alice'), encodeMessage(events.map(({ bytes }) => bytes))),
  )
  expect(error).toBeUndefined()
  expect(hal.parsec.offences().map((offence) => offence.malice.type)).toEqual(['Fork'])
})
