/**
 * parsec §8, §9: who joins from the checkpoint of its admission is a voter like any other. It refuses what others refuse, takes what they take, owes
 * no accusation of what was settled by then, and joins those that it cannot judge where a third of the voters accuse alike.
 */
import { describe, expect, test } from 'vitest'
import { present } from '../../../src/base/errors.ts'
import { toHex } from '../../../src/base/text.ts'
import type { SendMessage } from '../../../src/core/parsec/index.ts'
import { decodeEvent, encodeMessage, Parsec } from '../../../src/core/parsec/index.ts'
import { accusationsBy, convictions, Forger, firstOf, tipOf } from '../../support/parsec/forger.ts'
import { compareWith, joinFrom, startFrom, vouchedBase } from '../../support/parsec/late-joiner.ts'
import { add, disagreement, idOf, Network, opaque, type Peer, remove, signerOf } from '../../support/parsec/network.ts'

/** A group that has admitted Gus, who joins from the checkpoint of that, and has been heard by all. */
function withGus(
  names: readonly string[],
  before: (network: Network, peers: readonly Peer[]) => void = () => undefined,
) {
  const network = new Network(names, { mode: 'single', checkpointInterval: 2 })
  const peers = names.map((name) => network.start(name))
  network.settleWithMail(peers, 2)
  before(network, peers)
  for (const peer of peers) network.vote(peer, opaque(`early by ${peer.name}`))
  network.settleWithMail(peers, 4)
  for (const peer of peers) network.vote(peer, add('Gus'))
  network.settleWithMail(peers, 5)
  const gus = joinFrom(network, 'Gus', peers)
  const [first, second] = peers as [Peer, Peer]
  compareWith(network, gus, first, second)
  network.settleWithMail([...peers, gus], 2)
  return { network, peers, gus, all: [...peers, gus] }
}

const nameOf = (names: readonly string[], id: Uint8Array | string): string => {
  const hex = typeof id === 'string' ? id : toHex(id)
  return names.find((name) => toHex(idOf(name)) === hex) ?? hex
}

const request = (step: { readonly effects: readonly SendMessage[] }): SendMessage =>
  present(
    step.effects.find(({ kind }) => kind === 'request'),
    'a request',
  )

describe('a joiner from the checkpoint of its admission', () => {
  const NAMES = ['Alice', 'Bob', 'Carol']

  test('votes, orders, signs checkpoints, votes others out, and is the same again from its facts', () => {
    const { network, peers, gus, all } = withGus(NAMES)
    expect(gus.parsec.isFollower).toBe(false)
    expect(gus.parsec.eventCount).toBeLessThan(present(peers[0], 'a peer').parsec.eventCount)
    // Without it two of three others are no supermajority of four.
    const [alice, bob] = peers as [Peer, Peer]
    const three = [alice, bob, gus]
    for (const peer of three) network.vote(peer, opaque(`late by ${peer.name}`))
    network.settleWithMail(three, 4)
    for (const peer of three) network.vote(peer, remove('Carol'))
    network.settleWithMail(three, 5)
    expect(
      alice.parsec
        .voters()
        .map((id) => nameOf([...NAMES, 'Gus'], id))
        .sort(),
    ).toEqual(['Alice', 'Bob', 'Gus'])
    expect(gus.blocks.map(({ hash }) => toHex(hash))).toEqual(
      alice.blocks.slice(gus.parsec.startedAt).map(({ hash }) => toHex(hash)),
    )
    expect(gus.facts.some(({ type }) => type === 'CheckpointSigned')).toBe(true)
    expect(all.flatMap(accusationsBy)).toEqual([])
    const again = Parsec.fromFacts(network.group(), signerOf('Gus'), structuredClone(gus.facts), gus.blocks.length)
    expect([again.summary(), again.canVote(), again.blockCount]).toEqual([
      gus.parsec.summary(),
      true,
      gus.parsec.blockCount,
    ])
  })

  test('takes no part from a later checkpoint, nor with a key that made events', () => {
    const { network, peers } = withGus(NAMES)
    for (const peer of peers) network.vote(peer, opaque(`more by ${peer.name}`))
    network.settleWithMail(peers, 5)
    const [sponsor] = peers as [Peer]
    // It has made events: there is no place for it to start from again.
    expect(sponsor.parsec.bases.placeFor(idOf('Gus'))).toBeUndefined()
    const newest = present(
      sponsor.parsec.proofs.checkpoints().findLast(({ isProven }) => isProven),
      'a checkpoint',
    )
    const again = startFrom(network, 'Gus', vouchedBase(network, peers, newest.position))
    expect([again.parsec.isFollower, again.parsec.canVote()]).toEqual([true, false])
    const stranger = sponsor.parsec.bases.placeFor(idOf('nobody yet'))
    expect(stranger).toBe(newest.position)
  })

  test('takes the whole graph, though who gives first gives a beginning of it only', () => {
    const { network, peers } = withGus(NAMES)
    const [alice] = peers as [Peer]
    network.vote(alice, add('Hal'))
    network.settleWithMail(peers, 1)
    for (const peer of peers.slice(1)) network.vote(peer, add('Hal'))
    for (const peer of network.peers) if (peer.name === 'Gus') network.vote(peer, add('Hal'))
    network.settleWithMail(network.peers, 5)
    // Of its own it has only what stands on nothing.
    const hal = joinFrom(network, 'Hal', network.peers)
    const { parsec } = Parsec.again(network.group(), signerOf('Hal'), hal.parsec.voters())
    const first = alice.facts.find(({ type }) => type === 'GossipEventAccepted')
    const bytes = present(first?.type === 'GossipEventAccepted' ? first.bytes : undefined, 'her Initial')
    expect(parsec.handleGraph(idOf('Bob'), encodeMessage([bytes])).error).toBeUndefined()
    expect(parsec.takeOver(hal.parsec).error?.code).toBe('GraphLacks')
    for (const message of alice.parsec.graphBeyond(idOf('Hal'), parsec.summary()).effects)
      expect(parsec.handleGraph(idOf('Alice'), message.bytes).error).toBeUndefined()
    expect(parsec.takeOver(hal.parsec).error).toBeUndefined()
    expect(parsec.blockCount).toBe(alice.parsec.blockCount)
  })

  test('takes the late answer to a request from long before, and refuses another answer to it', () => {
    let lost: SendMessage | undefined
    let asked: Uint8Array | undefined
    const { network, peers, gus, all } = withGus(NAMES, (it, [alice, bob]) => {
      lost = request(it.ask(present(alice, 'Alice'), present(bob, 'Bob')))
      asked = tipOf(present(alice, 'Alice'))
      expect(lost.to).toEqual(idOf('Bob'))
    })
    const [alice, bob, carol] = peers as [Peer, Peer, Peer]
    const answer = network.deliver(alice, bob, present(lost, 'a lost request'))
    expect(answer.error).toBeUndefined()
    expect(compareWith(network, gus, bob, carol).map(({ error }) => error)).toEqual([undefined])
    for (const message of answer.effects) network.deliver(bob, alice, message)
    network.vote(alice, opaque('after the late answer'))
    network.settleWithMail(all, 4)
    expect(disagreement([alice, bob, carol])).toBe(-1)
    expect(gus.parsec.blockCount).toBe(alice.parsec.blockCount)
    const forger = new Forger(network, bob)
    const second = forger.sign({ type: 'Request', selfParent: forger.tip, otherParent: present(asked, 'a Requesting') })
    for (const peer of [gus, carol]) {
      const { error } = network.note(peer, peer.parsec.handleGraph(idOf('Bob'), encodeMessage([second.bytes])))
      expect(error?.data).toMatchObject({ code: 'InvalidEvent', malice: { type: 'InvalidRequest' } })
    }
  })
})

describe('where a joiner from a checkpoint is needed for a supermajority', () => {
  const NAMES = ['Alice', 'Bob', 'Carol', 'Eve']
  const ALL = [...NAMES, 'Gus']
  function start() {
    let once: Uint8Array | undefined
    const { network, peers, gus } = withGus(NAMES, (it, all) => {
      const eve = present(all[3], 'Eve')
      it.vote(eve, opaque('voted for once'))
      once = tipOf(eve)
    })
    const [alice, bob, carol, eve] = peers as [Peer, Peer, Peer, Peer]
    compareWith(network, alice, eve, bob)
    compareWith(network, gus, eve, bob)
    const forger = new Forger(network, eve)
    return { network, alice, bob, gus, eve, others: [alice, bob, carol, gus], forger, once: present(once, 'a vote') }
  }

  /** The others settle what Eve did by hand. */
  function outcome({ network, others, alice, gus }: ReturnType<typeof start>) {
    network.settleWithMail(others, 6)
    const accused = others.flatMap((peer) => [...accusationsBy(peer), ...convictions(peer)])
    const voters = alice.parsec.voters().map((id) => nameOf(ALL, id))
    expect([...new Set(accused.map(({ offender }) => nameOf(ALL, offender)))]).toEqual(['Eve'])
    expect(voters.sort()).toEqual(['Alice', 'Bob', 'Carol', 'Gus'])
    return { convicted: convictions(alice).map(({ kind }) => kind), byGus: accusationsBy(gus).length }
  }

  test('it joins who accuses a second vote of which it cannot see the first', () => {
    const scene = start()
    expect(scene.forger.send(scene.alice, [scene.forger.vote(opaque('voted for once'))]).error).toBeUndefined()
    const { convicted, byGus } = outcome(scene)
    expect(convicted).toContain('DuplicateVote')
    expect(byGus).toBeGreaterThan(0)
  })

  test('it joins who calls an accusation false that it cannot judge', () => {
    const scene = start()
    const { alice, forger } = scene
    const malice = { type: 'Fork', event: firstOf(alice) } as const
    const accusation = forger.vote({ type: 'Accusation', offender: idOf('Alice'), malice })
    expect(forger.send(alice, [accusation]).error).toBeUndefined()
    expect(outcome(scene).convicted).toContain('InvalidAccusation')
  })

  test('its silence about what it cannot see is no offence; who says so accuses falsely', () => {
    const scene = start()
    const { network, alice, bob, gus, forger, once } = scene
    const second = forger.vote(opaque('voted for once'))
    expect(forger.send(gus, [second]).error).toBeUndefined()
    const silent = tipOf(gus)
    // Before anybody has accused Eve.
    network.ask(gus, scene.eve)
    const answer = forger.sign({ type: 'Request', selfParent: forger.tip, otherParent: tipOf(gus) })
    const malice = {
      type: 'Accomplice',
      event: silent,
      malice: { type: 'DuplicateVote', events: [once, second.hash] },
    } as const
    const accusation = forger.vote({ type: 'Accusation', offender: idOf('Gus'), malice })
    compareWith(network, alice, gus, bob)
    expect(forger.send(alice, [answer, accusation]).error).toBeUndefined()
    outcome(scene)
  })

  test('it joins nobody who calls an accusation false that is true, and that it cannot judge', () => {
    const scene = start()
    const { network, alice, bob, gus, forger } = scene
    expect(forger.send(alice, [forger.vote(opaque('voted for once'))]).error).toBeUndefined()
    const byAlice = alice.facts.findLast(
      (fact) => fact.type === 'GossipEventAccepted' && decodeEvent(fact.bytes, alice.parsec.group.format).vote !== null,
    )
    const event = present(byAlice?.type === 'GossipEventAccepted' ? byAlice.hash : undefined, 'her accusation')
    expect(accusationsBy(alice)).toHaveLength(1)
    network.ask(alice, scene.eve)
    const answer = forger.sign({ type: 'Request', selfParent: forger.tip, otherParent: tipOf(alice) })
    const malice = { type: 'InvalidAccusation', event } as const
    const accusation = forger.vote({ type: 'Accusation', offender: idOf('Alice'), malice })
    compareWith(network, gus, alice, bob)
    expect(forger.send(gus, [answer, accusation]).error).toBeUndefined()
    for (const peer of scene.others) network.gossip(gus, peer)
    outcome(scene)
  })
})
