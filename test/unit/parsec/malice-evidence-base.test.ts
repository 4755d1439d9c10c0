/** parsec §8, §9: who started from a checkpoint lacks what admitted earlier voters, and makes no evidence that would take it. */
import { expect, test } from 'vitest'
import type { Malice } from '../../../src/core/parsec/index.ts'
import { Forger } from '../../support/parsec/forger.ts'
import { joinFrom } from '../../support/parsec/late-joiner.ts'
import { add, idOf, Network, type Peer } from '../../support/parsec/network.ts'

const GENESIS = ['Alice', 'Bob', 'Carol', 'Dave', 'Erin']

test('an offence of a voter from before our base is found, and has no evidence', () => {
  const network = new Network(GENESIS, { mode: 'single' })
  const peers = GENESIS.map((name) => network.start(name))
  const settle = (all: readonly Peer[], rounds: number): void => {
    for (let i = 0; i < rounds; i += 1) {
      network.settle(all, 1)
      network.deliverMail()
    }
  }
  settle(peers, 2)
  for (const late of ['Gus', 'Zoe']) for (const peer of peers) network.vote(peer, add(late))
  settle(peers, 6)
  const zoe = joinFrom(network, 'Zoe', peers)
  expect(zoe.parsec.canVote()).toBe(true)
  // Gus accuses Bob of what is nowhere.
  const gus = new Forger(network, 'Gus')
  const initial = gus.sign({ type: 'Initial' })
  const malice: Malice = { type: 'MissingGenesis', event: new Uint8Array(32).fill(7) }
  const lie = gus.vote({ type: 'Accusation', offender: idOf('Bob'), malice })
  expect(gus.send(zoe, [initial, lie]).error).toBeUndefined()
  const found = zoe.parsec.offences().find((it) => it.malice.type === 'InvalidAccusation')
  expect(found).toBeDefined()
  expect(found?.evidence()).toBeNull()
})
