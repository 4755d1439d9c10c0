/**
 * parsec §9, with §8: a peer that started from the checkpoint of its admission lacks the past, and cannot tell a second vote from a first one. A careless
 * engine takes it for an accomplice. A second answer it must know for one: else all that it makes on top of it would be refused.
 */
import { expect, test } from 'vitest'
import { present } from '../../../src/base/errors.ts'
import { toHex } from '../../../src/base/text.ts'
import { encodeMessage } from '../../../src/core/parsec/index.ts'
import { accusationsBy, convictions, Forger, tipOf } from '../../support/parsec/forger.ts'
import { joinFrom } from '../../support/parsec/late-joiner.ts'
import { add, idOf, Network, opaque, type Peer } from '../../support/parsec/network.ts'

const NAMES = ['Alice', 'Bob', 'Carol', 'Dave', 'Eve']

const ends = (names: readonly string[], offender: string): string =>
  names.find((name) => toHex(idOf(name)) === offender) ?? offender

test('a peer started from a checkpoint, to which an old vote is repeated and an old request answered', () => {
  const network = new Network(NAMES, { mode: 'single', checkpointInterval: 2 })
  const [alice, bob, carol, dave, eve] = NAMES.map((name) => network.start(name)) as [Peer, Peer, Peer, Peer, Peer]
  const all = [alice, bob, carol, dave, eve]
  network.settleWithMail(all, 2)
  network.vote(eve, opaque('voted for once'))
  network.settleWithMail(all, 4)
  for (const peer of all) network.vote(peer, add('Gus'))
  // Alice's request, and the answer that Eve gave it.
  const asked = network.ask(alice, eve)
  const request = present(
    asked.effects.find(({ kind }) => kind === 'request'),
    'a request',
  )
  const answered = tipOf(alice)
  network.deliver(alice, eve, request)
  network.settleWithMail(all, 5)
  for (const peer of all) network.vote(peer, opaque(`after by ${peer.name}`))
  network.settleWithMail(all, 4)
  const base = joinFrom(network, 'Gus', [bob, carol, dave])
  const others = [alice, bob, carol, dave]
  const compare = (from: Peer, to = base): void => {
    for (const { bytes } of from.parsec.graphBeyond(idOf('Carol'), to.parsec.summary()).effects) {
      network.note(to, to.parsec.handleGraph(idOf(from.name), bytes))
    }
  }
  compare(eve)
  compare(eve, alice)
  const forger = new Forger(network, eve)
  const repeated = forger.vote(opaque('voted for once'))
  const told = [repeated, forger.requesting('Gus')]
  const step = network.note(base, base.parsec.handleRequest(idOf('Eve'), encodeMessage(told.map(({ bytes }) => bytes))))
  expect(step.error).toBeUndefined()
  // Only then an answer to what was answered long ago: it is nothing that others add.
  const answer = forger.sign({ type: 'Request', selfParent: forger.tip, otherParent: answered })
  const refused = network.note(base, base.parsec.handleGraph(idOf('Eve'), encodeMessage([answer.bytes])))
  expect(refused.error?.data).toMatchObject({ code: 'InvalidEvent', malice: { type: 'InvalidRequest' } })
  forger.tip = present(told[1], 'its Requesting').hash
  // Whatever Gus makes is shown to all; and Alice gets the second vote too.
  for (const peer of others) network.gossip(base, peer)
  expect(forger.send(alice, told).error).toBeUndefined()
  for (const peer of others) network.vote(peer, opaque(`last words of ${peer.name}`))
  network.settleWithMail(others, 6)
  compare(bob)
  const accused = [...others, base].flatMap((peer) => [...accusationsBy(peer), ...convictions(peer)])
  expect([...new Set(accused.map(({ offender }) => ends([...NAMES, 'Gus'], offender)))]).toEqual(['Eve'])
  // It voted, and what it made was taken by all.
  expect(base.parsec.canVote()).toBe(true)
  expect(accusationsBy(base).length).toBeGreaterThan(0)
  expect(others.map(({ parsec }) => parsec.eventCount > 0 && parsec.knows(idOf('Gus')))).toEqual(others.map(() => true))
  expect(
    others.map(({ parsec }) =>
      parsec
        .voters()
        .map((id) => ends([...NAMES, 'Gus'], toHex(id)))
        .includes('Gus'),
    ),
  ).toEqual(others.map(() => true))
})
