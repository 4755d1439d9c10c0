/** A step's facts are appended however many they are: what an append takes has bounds (architecture: the log). */
import { expect, it } from 'vitest'
import { equalBytes } from '../../src/base/bytes.ts'
import { present } from '../../src/base/errors.ts'
import { encodeMessage, type GossipEventAccepted, Parsec, type ParsecFact } from '../../src/core/parsec/index.ts'
import { PeerStore } from '../../src/engine/peer/store.ts'
import { memoryLog } from '../../src/log/index.ts'
import { SeededRandom } from '../../src/testing/seeded-random.ts'
import { Forger } from '../support/parsec/forger.ts'
import { add, idOf, Network, opaque, type Peer, signerOf } from '../support/parsec/network.ts'

/** Logs all facts of a peer as its engine does, the last step's at once, and gives how many stand in the log. */
async function logged(network: Network, { name, facts }: Peer, step: readonly ParsecFact[]): Promise<number> {
  const log = memoryLog()
  const store = new PeerStore(log, network.group(), signerOf(name), new SeededRandom('appends'))
  const isOurs = (fact: ParsecFact): boolean =>
    fact.type !== 'GossipEventAccepted' || equalBytes(fact.bytes.subarray(0, 32), idOf(name))
  for (const fact of facts.slice(0, facts.length - step.length)) await store.appendFacts([fact], isOurs)
  await store.appendFacts(step, isOurs)
  const revision = await log.lastRevision(store.gossipStream)
  await log.close()
  return revision + 1
}

it('a joiner that owes hundreds of sync events, because one member asked so often', async () => {
  const names = ['Alice', 'Bob', 'Carol', 'Eve']
  const network = new Network(names, { mode: 'single' })
  const peers = names.map((name) => network.start(name))
  const [alice, , , evePeer] = peers as [Peer, Peer, Peer, Peer]
  network.settle(peers, 2)
  const joiner = network.join('Joe')
  for (const peer of peers) network.vote(peer, add('Joe'))
  network.settle(peers, 3)
  network.gossip(alice, evePeer)
  const eve = new Forger(network, evePeer)
  // What Joe is shown lacks the events that let him in.
  const events = evePeer.facts.filter((fact): fact is GossipEventAccepted => fact.type === 'GossipEventAccepted')
  const genesis = events.findIndex(
    ({ observationHash, bytes }) => observationHash !== null && equalBytes(bytes.subarray(0, 32), idOf('Eve')),
  )
  eve.tip = present(events[genesis], 'Eve votes for Genesis').hash
  let shown = events.slice(0, genesis + 1).map(({ bytes }) => bytes)
  for (let i = 0; i < 600; i += 1) {
    const message = encodeMessage([...shown, eve.requesting('Joe').bytes])
    network.note(joiner, joiner.parsec.handleRequest(idOf('Eve'), message))
    shown = []
  }
  const [request] = network.ask(alice, joiner).effects
  const { facts } = network.deliver(alice, joiner, present(request, 'Alice asks'))
  const made = facts.filter(
    (fact) => fact.type === 'GossipEventAccepted' && equalBytes(fact.bytes.subarray(0, 32), idOf('Joe')),
  )
  expect(made.length).toBeGreaterThan(500)
  expect(await logged(network, joiner, facts)).toBe(joiner.facts.length)
})

it('a voter that was away signs all the checkpoints that it missed', async () => {
  const names = ['Alice', 'Bob', 'Carol', 'Dave']
  const network = new Network(names, { mode: 'single', checkpointInterval: 1 })
  const peers = names.map((name) => network.start(name))
  const [alice, bob, carol, dave] = peers as [Peer, Peer, Peer, Peer]
  network.settle(peers, 3)
  for (let i = 0; alice.parsec.proofs.checkpoints().length < 560; i += 1) {
    network.vote(alice, opaque(`payload ${i}`))
    network.settle([alice, bob, carol], 1)
    network.mail.length = 0
  }
  const requests = network.ask(alice, dave).effects.filter(({ kind }) => kind !== 'checkpoints')
  const steps = requests.map((message) => network.deliver(alice, dave, message).facts)
  const last = present(steps.at(-1), 'Alice asks')
  expect(last.filter(({ type }) => type === 'CheckpointSigned').length).toBeGreaterThan(500)
  expect(await logged(network, dave, last)).toBe(dave.facts.length)
  // And it goes on from there.
  expect(Parsec.fromFacts(network.group(), signerOf('Dave'), dave.facts).summary()).toEqual(dave.parsec.summary())
})
