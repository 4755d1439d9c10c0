/**
 * parsec §8: a sponsor leaves out stubs of a malicious peer, which others vouch for, since those that it gives are true. That peer opens a branch where
 * they are missing, for the joiner alone, which must not take it for what the stubs of others stand on.
 */
import { describe, expect, test } from 'vitest'
import { equalBytes } from '../../../src/base/bytes.ts'
import { present } from '../../../src/base/errors.ts'
import { toHex } from '../../../src/base/text.ts'
import { encodeMessage, withVouches } from '../../../src/core/parsec/index.ts'
import { decodeBase, encodeBase } from '../../../src/wire/checkpoint/base.ts'
import { Overheard } from '../../support/few-stubs.ts'
import { accusationsBy, Forger } from '../../support/parsec/forger.ts'
import { compareWith, startFrom } from '../../support/parsec/late-joiner.ts'
import { add, idOf, Network, opaque, type Peer, remove, strictScheme } from '../../support/parsec/network.ts'

const NAMES = ['Alice', 'Bob', 'Carol', 'Dave', 'Zoe', 'Eve'] as const

const eventsOf = ({ facts }: Peer): readonly Uint8Array[] =>
  facts.flatMap((fact) => (fact.type === 'GossipEventAccepted' ? [fact.bytes] : []))

/** Gus joins by a base without any stub of Eve, of whom nobody has heard for a while. */
function withoutEve(change: readonly ReturnType<typeof add>[]) {
  const network = new Network(NAMES, { mode: 'single', checkpointInterval: 2 })
  const peers = NAMES.map((name) => network.start(name))
  network.settleWithMail(peers, 2)
  const eve = present(peers[5], 'Eve')
  const others = peers.slice(0, 5)
  network.settleWithMail(others, 2)
  for (const observation of [...change, add('Gus')]) {
    for (const peer of others) network.vote(peer, observation)
    network.settleWithMail(others, 4)
  }
  const [alice, bob] = others as [Peer, Peer]
  const trust = { group: network.group(), scheme: strictScheme }
  const position = present(alice.parsec.bases.placeFor(idOf('Gus')), 'a place to start from')
  const base = decodeBase(present(alice.parsec.bases.at(position), 'a base'), trust.group.format)
  const overheard = new Overheard(trust.group)
  overheard.message(encodeMessage(eventsOf(alice)))
  const place = base.standings.findIndex(({ id }) => equalBytes(id, idOf('Eve')))
  const stubs = overheard.stubsWithout(base, place)
  const vouches = others.flatMap(({ name, parsec }) => {
    const signature = parsec.bases.vouch(position, stubs)
    return signature === null ? [] : [{ signer: idOf(name), signature }]
  })
  const gus = startFrom(network, 'Gus', withVouches(encodeBase({ ...base, stubs, vouches: [] }), vouches, trust))
  expect(gus.parsec.canVote()).toBe(true)
  return { network, others, alice, bob, eve, gus, position }
}

/** Eve's second vote, and more, on a branch that only Gus is shown. */
function show({ network, eve, gus }: ReturnType<typeof withoutEve>, texts: readonly string[]): void {
  const [initial, genesis] = eventsOf(eve).filter((bytes) => equalBytes(bytes.subarray(0, 32), idOf('Eve')))
  const forger = new Forger(network, 'Eve')
  const { group } = gus.parsec
  const content = present(genesis, 'her vote for Genesis')
  forger.tip = group.hash(group.eventMessage(content.subarray(0, content.length - 64)))
  const made = texts.map((text) => forger.vote(opaque(text)).bytes)
  const message = encodeMessage([present(initial, 'her first event'), content, ...made])
  network.note(gus, gus.parsec.handleGraph(idOf('Dave'), message))
}

describe('a branch where stubs were left out', () => {
  test('of a voter: the joiner orders what all others order', () => {
    const scene = withoutEve([])
    const { network, others, alice, bob, gus, position } = scene
    show(scene, ['for Gus only'])
    compareWith(network, gus, alice, bob)
    for (const peer of others) network.vote(peer, opaque(`late by ${peer.name}`))
    for (let i = 0; i < 4; i += 1) {
      network.settleWithMail([...others, gus], 1)
      compareWith(network, gus, alice, bob)
    }
    expect(gus.blocks.length).toBeGreaterThan(0)
    expect(gus.blocks.map(({ hash }) => toHex(hash))).toEqual(
      alice.blocks.slice(position).map(({ hash }) => toHex(hash)),
    )
  })

  test('of a removed peer: the joiner accuses nobody of what its events do not show', () => {
    const scene = withoutEve([remove('Eve')])
    const { network, others, alice, bob, gus } = scene
    show(scene, ['twice', 'twice'])
    compareWith(network, gus, alice, bob)
    network.settleWithMail([...others, gus], 3)
    expect([gus, ...others].flatMap(accusationsBy)).toEqual([])
    expect(others.map(({ parsec }) => parsec.voters().length)).toEqual(others.map(() => 6))
  })
})
