import { expect, test } from 'vitest'
import { fromHex } from '../../src/base/text.ts'
import { bytesGroup, type Observation, Parsec, type SendMessage } from '../../src/core/parsec/index.ts'
import { ed25519Signer } from '../../src/crypto/index.ts'
import { add, idOf, Network, opaque } from '../support/parsec/network.ts'

const MEMBERS = 4
const PAYLOAD: Observation = { type: 'OpaquePayload', payload: fromHex('0102') }

/** Four peers, of which all but the last vote for one payload; gossip until the last has its block. */
function network(compatibility: 'none' | 'parsec-0.7'): Parsec {
  const signers = Array.from({ length: MEMBERS }, (_, i) => ed25519Signer(new Uint8Array(32).fill(i + 1)))
  const group = bytesGroup({ members: signers.map(({ identity }) => identity), compatibility })
  const peers = signers.map((signer) => Parsec.fromGenesis(group, signer).parsec)
  const peerOf = ({ to }: SendMessage) => peers.find(({ ourId }) => Buffer.from(ourId).equals(to)) as Parsec
  const last = peers[MEMBERS - 1] as Parsec
  for (const peer of peers) if (peer !== last) peer.voteFor(PAYLOAD)
  for (let round = 0; round < 20 && last.blockCount < 2; round += 1) {
    for (const from of peers) {
      for (const to of from.gossipRecipients()) {
        for (const request of from.createGossip(to).effects) {
          const { effects } = peerOf(request).handleRequest(from.ourId, request.bytes)
          for (const answer of effects) from.handleResponse(to, answer.bytes)
        }
      }
    }
  }
  return last
}

test.each(['none', 'parsec-0.7'] as const)(
  'a late vote for a block that waits to be polled is ours, unpolled (%s)',
  (compatibility) => {
    const peer = network(compatibility)
    expect(peer.blockCount).toBe(2)
    expect(peer.ourUnpolledObservations()).not.toContainEqual(PAYLOAD)
    expect(peer.voteFor(PAYLOAD).error).toBeUndefined()
    expect(peer.ourUnpolledObservations()).toContainEqual(PAYLOAD)
    while (peer.poll() !== undefined) continue
    expect(peer.ourUnpolledObservations()).toEqual([])
  },
)

test('a new voter asks for what others voted for, before any event of its own descends from theirs', () => {
  const network = new Network(['Alice', 'Bob', 'Carol', 'Dave'], { mode: 'supermajority' })
  const founders = network.members.map((name) => network.start(name))
  const [alice] = founders as [(typeof founders)[0]]
  const erin = network.join('Erin')
  for (const peer of founders) network.vote(peer, add('Erin'))
  network.settle(founders, 4)
  network.vote(alice, opaque('only by Alice'))
  for (const { bytes } of alice.parsec.graphBeyond(idOf('Erin'), erin.parsec.summary()).effects) {
    expect(network.note(erin, erin.parsec.handleGraph(idOf('Alice'), bytes)).error).toBeUndefined()
  }
  expect([erin.parsec.canVote(), erin.parsec.voters().length]).toEqual([true, 5])
  expect(erin.parsec.hasUnpolledObservations()).toBe(true)
})
