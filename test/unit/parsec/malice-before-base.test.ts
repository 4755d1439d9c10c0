/**
 * parsec §8, §9: who started from a checkpoint knows too little of voters that were admitted before it to tell what they owe. It finds nobody wrong about that, though
 * what newcomers make stands on no stub, so that it has its whole ancestry.
 */
import { expect, test } from 'vitest'
import { fromHex, toHex } from '../../../src/base/text.ts'
import { accusationsBy, convictions, Forger } from '../../support/parsec/forger.ts'
import { joinFrom } from '../../support/parsec/late-joiner.ts'
import { add, idOf, Network, opaque, type Peer } from '../../support/parsec/network.ts'

const GENESIS = ['Alice', 'Bob', 'Carol', 'Dave', 'Erin']
const LATE = ['Gus', 'Hank', 'Ivy', 'Zoe']

const nameOf = (id: Uint8Array): string =>
  [...GENESIS, ...LATE].find((name) => toHex(idOf(name)) === toHex(id)) ?? toHex(id)

/** Ivy has all, and sees that Gus forks and that Hank is silent about it; Zoe starts from the checkpoint that admitted all four. */
function withNewcomers() {
  const network = new Network(GENESIS, { mode: 'single' })
  const peers = GENESIS.map((name) => network.start(name))
  network.settleWithMail(peers, 2)
  for (const late of LATE) for (const peer of peers) network.vote(peer, add(late))
  network.settleWithMail(peers, 6)
  const [alice] = peers as [Peer]
  const ivy = network.join('Ivy')
  tell(network, ivy, alice)
  const zoe = joinFrom(network, 'Zoe', peers)
  expect([ivy, zoe].map(({ parsec }) => parsec.canVote())).toEqual([true, true])
  const gus = new Forger(network, 'Gus')
  const hank = new Forger(network, 'Hank')
  const begins = gus.sign({ type: 'Initial' })
  const voted = gus.vote(opaque('new'))
  const first = gus.requesting('Hank')
  gus.tip = voted.hash
  const forked = gus.requesting('Bob')
  const second = gus.requesting('Hank')
  const initial = hank.sign({ type: 'Initial' })
  const one = hank.sign({ type: 'Request', selfParent: initial.hash, otherParent: first.hash })
  const silent = hank.sign({ type: 'Request', selfParent: one.hash, otherParent: second.hash })
  expect(hank.send(ivy, [begins, voted, first, forked, second, initial, one, silent]).error).toBeUndefined()
  expect(accusationsBy(ivy).map(({ offender, malice }) => [nameOf(fromHex(offender)), malice.type])).toEqual([
    ['Gus', 'Fork'],
    ['Hank', 'Accomplice'],
  ])
  tell(network, zoe, ivy)
  return { network, all: [...peers, ivy, zoe], alice, zoe }
}

function tell(network: Network, to: Peer, from: Peer): void {
  for (const { bytes } of from.parsec.graphBeyond(idOf(to.name), to.parsec.summary()).effects)
    expect(network.note(to, to.parsec.handleGraph(idOf(from.name), bytes)).error).toBeUndefined()
}

test('who started from a checkpoint finds no correct peer guilty, and is not convicted for that itself', () => {
  const { network, all, alice, zoe } = withNewcomers()
  expect(zoe.parsec.offences().map(({ offender, malice }) => [nameOf(offender), malice.type])).toEqual([
    ['Gus', 'Fork'],
  ])
  network.settleWithMail(all, 6)
  expect(convictions(alice).map(({ offender, kind }) => [nameOf(fromHex(offender)), kind])).toEqual([
    ['Gus', 'Fork'],
    ['Hank', 'Accomplice'],
  ])
  const accused = new Set(all.flatMap((peer) => accusationsBy(peer).map(({ offender }) => nameOf(fromHex(offender)))))
  expect([...accused].sort()).toEqual(['Gus', 'Hank'])
})
