/** parsec §9: a voter that forks late made one history before, so that what was decided with it then can be relied on: evidence stands, however few the voters were. */
import { expect, test } from 'vitest'
import { present } from '../../../src/base/errors.ts'
import { toHex } from '../../../src/base/text.ts'
import { type Malice, verifyEvidence } from '../../../src/core/parsec/index.ts'
import { convictions, Forger, tipOf } from '../../support/parsec/forger.ts'
import { add, idOf, Network, opaque, type Peer, strictScheme as scheme } from '../../support/parsec/network.ts'

/** Three founders, seven voters by and by; then one of the founders forks, one in seven, and is removed. */
function grown() {
  const founders = ['Alice', 'Bob', 'Mallory']
  const network = new Network(founders, { mode: 'single' })
  const peers = founders.map((name) => network.start(name))
  network.settle(peers, 2)
  for (const name of ['Dave', 'Erin', 'Frank', 'Gus']) {
    for (const peer of peers) network.vote(peer, add(name))
    network.settle(peers, 4)
    peers.push(
      network.join(
        name,
        peers.map((peer) => peer.name),
      ),
    )
    network.settle(peers, 4)
  }
  const find = (name: string): Peer =>
    present(
      peers.find((peer) => peer.name === name),
      name,
    )
  const alice = find('Alice')
  expect(alice.parsec.voters()).toHaveLength(7)
  const staying = peers.filter(({ name }) => name !== 'Mallory')
  expect(network.gossip(alice, find('Mallory'))).toEqual([])
  network.settle(staying, 1)
  const mallory = new Forger(network, find('Mallory'))
  const tip = mallory.tip
  expect(mallory.send(alice, [mallory.vote(opaque('one'))]).error).toBeUndefined()
  mallory.tip = tip
  expect(mallory.send(find('Dave'), [mallory.vote(opaque('two'))]).error).toBeUndefined()
  network.settle(staying, 5)
  expect(convictions(alice).map(({ kind }) => kind)).toEqual(['Fork'])
  expect(alice.parsec.voters()).toHaveLength(6)
  return { network, staying, find, alice }
}

test.each(['Bob', 'Gus'])('the lie of %s about a genesis member is still proved after that', (name) => {
  const { network, staying, find, alice } = grown()
  expect(alice.parsec.voters().map(toHex)).toContain(toHex(idOf(name)))
  expect(network.gossip(alice, find(name))).toEqual([])
  const liar = new Forger(network, find(name))
  expect(liar.tip).toEqual(tipOf(find(name)))
  const malice: Malice = { type: 'MissingGenesis', event: new Uint8Array(32).fill(7) }
  const lie = liar.vote({ type: 'Accusation', offender: idOf('Alice'), malice })
  expect(liar.send(alice, [lie]).error).toBeUndefined()
  network.settle(
    staying.filter((peer) => peer.name !== name),
    4,
  )
  expect(convictions(alice).map(({ kind }) => kind)).toEqual(['Fork', 'InvalidAccusation'])
  const found = present(
    alice.parsec.offences().find((it) => it.malice.type === 'InvalidAccusation'),
    'found',
  )
  const bytes = present(found.evidence() ?? undefined, 'evidence')
  expect(verifyEvidence(bytes, { group: network.group(), scheme }).kind).toBe('InvalidAccusation')
})
