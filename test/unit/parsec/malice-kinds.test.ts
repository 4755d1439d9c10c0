import { describe, expect, test } from 'vitest'
import { present } from '../../../src/base/errors.ts'
import { toHex } from '../../../src/base/text.ts'
import { DEFAULT_LIMITS, type Malice, Parsec, verifyEvidence } from '../../../src/core/parsec/index.ts'
import { accusationsBy, convictions, type Forged, Forger, firstOf, tipOf } from '../../support/parsec/forger.ts'
import { idOf, Network, opaque, type Peer, strictScheme as scheme, signerOf } from '../../support/parsec/network.ts'

const CORRECT = ['Alice', 'Bob', 'Carol', 'Dave', 'Fay']

interface Scene {
  readonly network: Network
  readonly correct: readonly Peer[]
  readonly alice: Peer
  readonly bob: Peer
  readonly eve: Forger
}

/** Five correct peers and two that are not, all of whom gossiped once. */
function scene(start: { readonly eve?: boolean; readonly members?: readonly string[] } = {}): Scene {
  const network = new Network(start.members ?? [...CORRECT, 'Eve', 'Mallory'], { mode: 'single' })
  const correct = CORRECT.map((name) => network.start(name))
  const [alice, bob] = correct as [Peer, Peer]
  if (start.eve === false) {
    network.settle(correct, 1)
    return { network, correct, alice, bob, eve: new Forger(network, 'Eve') }
  }
  const eve = network.start('Eve')
  network.settle([...correct, eve], 1)
  // All that Eve made is known to Alice and Bob.
  network.gossip(alice, eve)
  network.gossip(alice, bob)
  return { network, correct, alice, bob, eve: new Forger(network, eve) }
}

/** Goes on until the offender is removed, and checks that nobody else suffers. Gives the kind of the accusation that was agreed. */
function removed({ network, correct, alice }: Scene, offender: string): Malice['type'] {
  network.vote(alice, opaque('afterwards'))
  network.settle(correct, 6)
  const id = toHex(idOf(offender))
  for (const found of alice.parsec.offences()) {
    const bytes = found.evidence()
    if (bytes === null) continue
    expect(verifyEvidence(bytes, { group: network.group(), scheme })).toEqual({
      offender: found.offender,
      kind: found.malice.type,
    })
  }
  for (const peer of correct) {
    // One group of blocks may hold several accusations; what comes later is void.
    expect(convictions(peer).filter(({ offender: other }) => other === id)).not.toHaveLength(0)
    expect(peer.parsec.voters().map(toHex)).not.toContain(id)
    // No correct peer is accused by another, and of one offender nobody makes more accusations than there are peers.
    const made = accusationsBy(peer)
    for (const name of CORRECT) expect(made.map(({ offender: other }) => other)).not.toContain(toHex(idOf(name)))
    expect(made.filter(({ offender: other }) => other === id).length).toBeLessThanOrEqual(7)
    expect(peer.blocks.map(({ hash }) => toHex(hash))).toContain(toHex(alice.parsec.hashOf(opaque('afterwards'))))
    const rebuilt = Parsec.fromFacts(network.group(), signerOf(peer.name), peer.facts, peer.blocks.length)
    expect([rebuilt.eventCount, rebuilt.summary()]).toEqual([peer.parsec.eventCount, peer.parsec.summary()])
  }
  return present(convictions(alice).find(({ offender: other }) => other === id)?.kind, 'it is convicted')
}

const genesisOf = (network: Network) => network.group().genesis

describe('offences that events of the graph show, parsec §9', () => {
  test('DuplicateVote: a second vote for one observation', () => {
    const it = scene()
    it.eve.send(it.alice, [it.eve.vote(opaque('x')), it.eve.vote(opaque('x'))])
    expect(removed(it, 'Eve')).toBe('DuplicateVote')
  })

  test('Fork: a second event on one self-parent', () => {
    const it = scene()
    const parent = it.eve.tip
    it.eve.send(it.alice, [it.eve.vote(opaque('left'), parent)])
    it.eve.send(it.alice, [it.eve.vote(opaque('right'), parent)])
    expect(removed(it, 'Eve')).toBe('Fork')
  })

  test('Fork: shown to two peers, one branch each', () => {
    const it = scene()
    const parent = it.eve.tip
    it.eve.send(it.alice, [it.eve.vote(opaque('left'), parent)])
    it.eve.send(it.bob, [it.eve.vote(opaque('right'), parent)])
    expect(removed(it, 'Eve')).toBe('Fork')
  })

  test('MissingGenesis: the second event of a member is no vote for Genesis', () => {
    const it = scene({ eve: false })
    const initial = it.eve.sign({ type: 'Initial' })
    it.eve.send(it.alice, [initial, it.eve.vote(opaque('x'))])
    expect(removed(it, 'Eve')).toBe('MissingGenesis')
  })

  test('UnexpectedGenesis: a vote for Genesis by who is no member', () => {
    const it = scene({ eve: false, members: CORRECT })
    for (const peer of it.correct) {
      it.network.vote(peer, { type: 'Add', peerId: idOf('Gus'), relatedInfo: new Uint8Array(0) })
    }
    it.network.settle(it.correct, 5)
    const gus = new Forger(it.network, 'Gus')
    const initial = gus.sign({ type: 'Initial' })
    gus.send(it.alice, [initial, gus.vote(genesisOf(it.network))])
    expect(removed(it, 'Gus')).toBe('UnexpectedGenesis')
  })

  test('UnexpectedGenesis: not right after Initial', () => {
    const it = scene({ eve: false })
    const initial = it.eve.sign({ type: 'Initial' })
    const late = [initial, it.eve.vote(opaque('x')), it.eve.vote(genesisOf(it.network))]
    it.eve.send(it.alice, late)
    expect(removed(it, 'Eve')).toBe('MissingGenesis')
  })

  test('InvalidAccusation: of what did not happen', () => {
    const it = scene()
    const event = tipOf(it.bob)
    it.eve.send(it.alice, [it.eve.vote({ type: 'Accusation', offender: idOf('Bob'), malice: { type: 'Fork', event } })])
    expect(removed(it, 'Eve')).toBe('InvalidAccusation')
  })

  test('InvalidAccusation: an event that nobody saw', () => {
    const it = scene()
    const malice: Malice = { type: 'MissingGenesis', event: new Uint8Array(32).fill(7) }
    it.eve.send(it.alice, [it.eve.vote({ type: 'Accusation', offender: idOf('Bob'), malice })])
    expect(removed(it, 'Eve')).toBe('InvalidAccusation')
  })

  test('Accomplice: is silent about what its ancestry shows', () => {
    const it = scene()
    const mallory = new Forger(it.network, 'Mallory')
    const initial = mallory.sign({ type: 'Initial' })
    const genesis = mallory.vote(genesisOf(it.network))
    const twice = [mallory.vote(opaque('x')), mallory.vote(opaque('x'))]
    const asked = mallory.requesting('Eve')
    const answer = it.eve.sign({ type: 'Request', selfParent: it.eve.tip, otherParent: asked.hash })
    it.eve.send(it.alice, [initial, genesis, ...twice, asked, answer])
    expect(removed(it, 'Mallory')).toBe('DuplicateVote')
    expect(removed(it, 'Eve')).toBe('Accomplice')
  })
})

describe('who accuses how often, parsec §9', () => {
  test('a second accusation of one offender, that joins nobody, is false', () => {
    const it = scene()
    const mallory = new Forger(it.network, 'Mallory')
    const told = [mallory.sign({ type: 'Initial' }), mallory.vote(genesisOf(it.network))]
    const twice = [opaque('x'), opaque('x'), opaque('y'), opaque('y')].map((payload) => mallory.vote(payload))
    const asked = mallory.requesting('Eve')
    const accuse = (a: number, b: number) => {
      const events = [twice[a], twice[b]].map((event) => present(event, 'a vote').hash) as [Uint8Array, Uint8Array]
      return it.eve.vote({ type: 'Accusation', offender: idOf('Mallory'), malice: { type: 'DuplicateVote', events } })
    }
    const accusations = [accuse(0, 1), accuse(2, 3)]
    const answer = it.eve.sign({ type: 'Request', selfParent: it.eve.tip, otherParent: asked.hash })
    it.eve.send(it.alice, [...told, ...twice, asked, ...accusations, answer])
    expect(removed(it, 'Mallory')).toBe('DuplicateVote')
    expect(removed(it, 'Eve')).toBe('InvalidAccusation')
  })

  test('those who saw different offences join each other, so that one is agreed', () => {
    const it = scene()
    const [, , carol, dave] = it.correct as [Peer, Peer, Peer, Peer]
    const parent = it.eve.tip
    it.eve.send(it.alice, [it.eve.vote(opaque('x'), parent), it.eve.vote(opaque('x'))])
    it.eve.send(it.bob, [it.eve.vote(opaque('y'), parent), it.eve.vote(opaque('y'))])
    it.network.gossip(it.alice, carol)
    it.network.gossip(it.bob, dave)
    expect(removed(it, 'Eve')).toBe('DuplicateVote')
    const kinds = it.correct.map((peer) => accusationsBy(peer).length)
    expect(Math.max(...kinds)).toBeGreaterThan(1)
    expect(Math.max(...kinds)).toBeLessThanOrEqual(5)
  })

  test('an event too large to be carried is refused, and nobody breaks the limits to accuse it', () => {
    const it = scene()
    const eventOf = (bytes: number): Forged => {
      const part = { degree: 0, commitment: [], rows: [new Uint8Array(bytes)] }
      return it.eve.sign({
        type: 'Observation',
        selfParent: tipOf(it.alice),
        observation: { type: 'DkgMessage', message: { type: 'Part', generation: 0, part } },
        voteSignature: new Uint8Array(64),
      })
    }
    const large = eventOf(DEFAULT_LIMITS.maxEventBytes - eventOf(0).bytes.length)
    expect(large.bytes).toHaveLength(DEFAULT_LIMITS.maxEventBytes)
    const step = it.eve.send(it.alice, [large])
    expect(step.error?.code).toBe('InvalidEvent')
    expect(step.facts.filter(({ type }) => type === 'OffenceReported')).toEqual([])
    it.network.vote(it.alice, opaque('the group goes on'))
    it.network.settle(it.correct, 6)
    expect(present(it.bob.blocks.at(-1), 'a block').payload.type).toBe('OpaquePayload')
  })
})

describe('offences by events that are not added, parsec §9', () => {
  const cases: [Malice['type'], (it: Scene) => Forged][] = [
    [
      'IncorrectGenesis',
      ({ eve }) => eve.vote({ type: 'Genesis', group: [idOf('Eve')], relatedInfo: new Uint8Array(0) }),
    ],
    [
      'SelfParentByDifferentCreator',
      ({ eve, alice }) => eve.sign({ type: 'Requesting', selfParent: tipOf(alice), recipient: idOf('Bob') }),
    ],
    ['OtherParentBySameCreator', ({ eve }) => eve.sign({ type: 'Request', selfParent: eve.tip, otherParent: eve.tip })],
    [
      'InvalidRequest',
      ({ eve, alice }) => eve.sign({ type: 'Request', selfParent: eve.tip, otherParent: tipOf(alice) }),
    ],
    [
      'InvalidResponse',
      ({ eve, alice }) => eve.sign({ type: 'Response', selfParent: eve.tip, otherParent: firstOf(alice) }),
    ],
  ]
  test.each(cases)('%s', (kind, forge) => {
    const it = scene()
    const before = it.alice.parsec.eventCount
    const step = it.eve.send(it.alice, [forge(it)])
    expect(step.error?.data).toMatchObject({ code: 'InvalidEvent', malice: { type: kind } })
    expect(it.alice.parsec.eventCount).toBe(before)
    expect(removed(it, 'Eve')).toBe(kind)
  })

  test('InvalidRequest: a Requesting that is answered already', () => {
    const it = scene()
    const asked = tipOf(it.alice)
    const before = it.alice.parsec.createGossip(idOf('Eve'))
    it.network.note(it.alice, before)
    const requesting = tipOf(it.alice)
    expect(toHex(requesting)).not.toBe(toHex(asked))
    const first = it.eve.sign({ type: 'Request', selfParent: it.eve.tip, otherParent: requesting })
    it.eve.send(it.alice, [first])
    const second = it.eve.sign({ type: 'Request', selfParent: it.eve.tip, otherParent: requesting })
    const step = it.eve.send(it.alice, [second])
    expect(step.error?.data).toMatchObject({ malice: { type: 'InvalidRequest' } })
    expect(removed(it, 'Eve')).toBe('InvalidRequest')
  })

  test('InvalidResponse: a Request that is answered already', () => {
    const it = scene()
    it.eve.send(it.alice, [])
    const otherParent = tipOf(it.alice)
    const first = it.eve.send(it.alice, [it.eve.sign({ type: 'Response', selfParent: it.eve.tip, otherParent })])
    expect(first.error).toBeUndefined()
    const again = it.eve.send(it.alice, [it.eve.sign({ type: 'Response', selfParent: it.eve.tip, otherParent })])
    expect(again.error?.data).toMatchObject({ malice: { type: 'InvalidResponse' } })
    expect(removed(it, 'Eve')).toBe('InvalidResponse')
  })

  test('an accusation that carries an event is judged once its parents are there', () => {
    const it = scene()
    it.network.vote(it.bob, opaque('unknown to Alice'))
    it.network.vote(it.bob, opaque('and its child'))
    const fact = present(it.bob.facts.at(-1), 'the vote')
    const carried = fact.type === 'GossipEventAccepted' ? fact.bytes : new Uint8Array(0)
    it.eve.send(it.alice, [
      it.eve.vote({ type: 'Accusation', offender: idOf('Bob'), malice: { type: 'InvalidRequest', carried } }),
    ])
    expect(it.alice.parsec.offences()).toEqual([])
    it.network.gossip(it.alice, it.bob)
    expect(it.alice.parsec.offences().map(({ malice }) => malice.type)).toEqual(['InvalidAccusation'])
    expect(removed(it, 'Eve')).toBe('InvalidAccusation')
  })

  test('Unprovable: what a supermajority suffered', () => {
    const it = scene()
    for (const peer of it.correct) it.network.note(peer, peer.parsec.reportSpam(idOf('Eve')))
    expect(removed(it, 'Eve')).toBe('Unprovable')
  })

  test('Unprovable: what only some say convicts nobody', () => {
    const it = scene()
    for (const peer of it.correct.slice(0, 2)) it.network.note(peer, peer.parsec.reportSpam(idOf('Eve')))
    it.network.vote(it.alice, opaque('meanwhile'))
    it.network.settle(it.correct, 6)
    expect(it.correct.flatMap(convictions)).toEqual([])
    expect(it.alice.parsec.voters()).toHaveLength(7)
    expect(present(it.bob.blocks.at(-1), 'a block').payload.type).toBe('OpaquePayload')
  })
})
