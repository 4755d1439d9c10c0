import { describe, expect, test } from 'vitest'
import { equalBytes } from '../../../src/base/bytes.ts'
import { present } from '../../../src/base/errors.ts'
import { toHex } from '../../../src/base/text.ts'
import {
  type Compatibility,
  DEFAULT_LIMITS,
  decodeMessage,
  encodeMessage,
  Parsec,
  type SendMessage,
} from '../../../src/core/parsec/index.ts'
import { SeededRandom } from '../../../src/testing/seeded-random.ts'
import { CAUSE_TAG } from '../../../src/wire/canonical/index.ts'
import { add, idOf, Network, opaque, type Peer, remove, signerOf, strictScheme } from '../../support/parsec/network.ts'

function three(compatibility: Compatibility): { network: Network; alice: Peer; bob: Peer; carol: Peer } {
  const network = new Network(['Alice', 'Bob', 'Carol'], { compatibility, mode: 'single' })
  return { network, alice: network.start('Alice'), bob: network.start('Bob'), carol: network.start('Carol') }
}

const only = (effects: readonly SendMessage[]): SendMessage => present(effects[0], 'a message')

/** Other parents of the events of one cause that a peer made itself. */
function answeredBy(peer: Peer, cause: number): string[] {
  return peer.facts.flatMap((fact) => {
    if (fact.type !== 'GossipEventAccepted') return []
    const [event] = decodeMessage(encodeMessage([fact.bytes]), peer.parsec.group.format)
    const mine = event !== undefined && equalBytes(event.creator, idOf(peer.name)) && event.cause === cause
    return mine && event.otherParent !== null ? [toHex(event.otherParent)] : []
  })
}

describe('a message delivered twice, parsec §8', () => {
  test('makes a peer of the reference answer one request with two events, as if it were faulty', () => {
    const { network, alice, bob } = three('parsec-0.7')
    const request = only(network.ask(alice, bob).effects)
    network.deliver(alice, bob, request)
    network.deliver(alice, bob, request)
    const answered = answeredBy(bob, CAUSE_TAG.Request)
    expect(answered).toHaveLength(2)
    expect(new Set(answered).size).toBe(1)
  })

  test('gets the same answer by default, and makes no event', () => {
    const { network, alice, bob } = three('none')
    const request = only(network.ask(alice, bob).effects)
    const first = network.deliver(alice, bob, request)
    network.vote(bob, opaque('in between'))
    const second = network.deliver(alice, bob, request)
    expect(second.error?.code).toBe('DuplicateMessage')
    expect(second.facts).toEqual([])
    expect(second.effects).toEqual(first.effects)
    const response = only(first.effects)
    expect(network.deliver(bob, alice, response).error).toBeUndefined()
    const again = network.deliver(bob, alice, response)
    expect([again.error?.code, again.facts, again.effects]).toEqual(['DuplicateMessage', [], []])
    expect(answeredBy(alice, CAUSE_TAG.Response)).toHaveLength(1)
  })

  test('is owed once by a peer that has no event yet', () => {
    const { network, alice, bob, carol } = three('none')
    const dave = network.join('Dave')
    const request = only(network.ask(alice, bob).effects)
    const forDave = network.note(dave, dave.parsec.handleGraph(idOf('Alice'), request.bytes))
    expect(forDave.error).toBeUndefined()
    for (const peer of [alice, bob, carol]) network.vote(peer, add('Dave'))
    network.settle([alice, bob, carol], 4)
    network.settle([alice, bob, carol, dave], 4)
    const answered = answeredBy(dave, CAUSE_TAG.Request)
    expect(answered.length).toBeGreaterThan(0)
    expect(new Set(answered).size).toBe(answered.length)
    expect(dave.parsec.canVote()).toBe(true)
  })
})

/** Alice's message to Bob, all of whose events are Carol's. */
function forged(network: Network, alice: Peer, bob: Peer, carol: Peer): Uint8Array {
  const request = only(network.ask(carol, alice).effects)
  network.deliver(carol, alice, request)
  const events = decodeMessage(only(network.ask(alice, bob).effects).bytes, alice.parsec.group.format)
  const carols = events.filter(({ creator }) => equalBytes(creator, idOf('Carol')))
  return encodeMessage(carols.map(({ bytes }) => bytes))
}

describe("a message that ends with somebody else's event, parsec §8", () => {
  test('makes a peer of the reference answer a request that was never made to it', () => {
    const { network, alice, bob, carol } = three('parsec-0.7')
    const message = forged(network, alice, bob, carol)
    network.gossip(alice, bob)
    const step = network.note(bob, bob.parsec.handleRequest(idOf('Alice'), message))
    expect(step.error).toBeUndefined()
    const last = present(decodeMessage(message, bob.parsec.group.format).at(-1), 'an event')
    expect(toHex(last.creator)).toBe(toHex(idOf('Carol')))
    expect(answeredBy(bob, CAUSE_TAG.Request)).toContain(toHex(bob.parsec.group.hash(last.content)))
  })

  test.each(['handleRequest', 'handleResponse'] as const)('is refused by default, all of it (%s)', (operation) => {
    const { network, alice, bob, carol } = three('none')
    const message = forged(network, alice, bob, carol)
    network.gossip(alice, bob)
    const step = bob.parsec[operation](idOf('Alice'), message)
    expect(step.error?.code).toBe('InvalidMessage')
    expect([step.facts, step.effects]).toEqual([[], []])
    expect(step.faults.map(({ peer }) => toHex(peer))).toEqual([toHex(idOf('Alice'))])
  })

  test('a response must answer a Requesting of ours', () => {
    const { network, alice, bob, carol } = three('none')
    const response = only(network.deliver(alice, bob, only(network.ask(alice, bob).effects)).effects)
    const step = carol.parsec.handleResponse(idOf('Bob'), response.bytes)
    expect([step.error?.code, step.facts]).toEqual(['InvalidMessage', []])
  })
})

/** Bob's answer to Alice in events, and what he makes after it: the event that a longer answer may end with. */
function answerAndMore(then: (network: Network, bob: Peer, carol: Peer) => unknown) {
  const { network, alice, bob, carol } = three('none')
  const response = only(network.deliver(alice, bob, only(network.ask(alice, bob).effects)).effects)
  then(network, bob, carol)
  const answer = decodeMessage(response.bytes, bob.parsec.group.format).map(({ bytes }) => bytes)
  const own = bob.facts.flatMap((fact) => (fact.type === 'GossipEventAccepted' ? [fact.bytes] : []))
  const more = own.slice(own.findIndex((bytes) => equalBytes(bytes, present(answer.at(-1), 'an event'))) + 1)
  return { network, alice, answer, more }
}

function voteTwice(network: Network, bob: Peer): void {
  for (const text of ['a', 'b']) network.vote(bob, opaque(text))
}

describe('what a response may end with, parsec §8', () => {
  test('an event whose nearest sync self-ancestor is the Request, in the message', () => {
    const { network, alice, answer, more } = answerAndMore(voteTwice)
    const step = network.note(alice, alice.parsec.handleResponse(idOf('Bob'), encodeMessage([...answer, ...more])))
    expect([step.error, more.length]).toEqual([undefined, 2])
    expect(answeredBy(alice, CAUSE_TAG.Response)).toHaveLength(1)
  })

  test('the same, where we have the Request already', () => {
    for (const held of [0, 1]) {
      const { network, alice, answer, more } = answerAndMore(voteTwice)
      const known = encodeMessage([...answer, ...more.slice(0, held)])
      expect(network.note(alice, alice.parsec.handleGraph(idOf('Bob'), known)).error).toBeUndefined()
      const rest = encodeMessage(more.slice(held))
      expect(network.note(alice, alice.parsec.handleResponse(idOf('Bob'), rest)).error).toBeUndefined()
      expect(answeredBy(alice, CAUSE_TAG.Response)).toHaveLength(1)
    }
  })

  test('no event after a later sync event', () => {
    const { alice, answer, more } = answerAndMore((network, bob, carol) => {
      network.ask(bob, carol)
      network.vote(bob, opaque('a'))
    })
    const step = alice.parsec.handleResponse(idOf('Bob'), encodeMessage([...answer, ...more]))
    expect([step.error?.code, step.facts, more.length]).toEqual(['InvalidMessage', [], 2])
  })
})

describe('what a message holds, parsec §8', () => {
  test('only ancestors of its last event, and nothing that the receiver has', () => {
    const { network, alice, bob, carol } = three('none')
    const request = only(network.ask(carol, alice).effects)
    // Alice takes the beginning of a message whose end is broken: Carol's events are in her graph, and no more.
    const events = decodeMessage(request.bytes, alice.parsec.group.format).map(({ bytes }) => bytes)
    const cut = network.note(alice, alice.parsec.handleGraph(idOf('Carol'), encodeMessage(events.slice(0, 2))))
    expect(cut.facts).toHaveLength(2)
    const sent = decodeMessage(only(network.ask(alice, bob).effects).bytes, alice.parsec.group.format)
    expect(sent.map(({ creator }) => toHex(creator))).not.toContain(toHex(idOf('Carol')))
  })

  test('long ones are cut in pieces that keep the limit, and the pieces are taken one by one', () => {
    const limits = { ...DEFAULT_LIMITS, maxMessageBytes: 2000, maxEventBytes: 1500 }
    const network = new Network(['Alice', 'Bob'], { mode: 'single', limits })
    const [alice, bob] = [network.start('Alice'), network.start('Bob')]
    for (let i = 0; i < 50; i += 1) network.vote(alice, opaque(`payload ${i}`))
    const pieces = network.ask(alice, bob).effects
    expect(pieces.length).toBeGreaterThan(4)
    expect(pieces.map(({ kind }) => kind).slice(-2)).toEqual(['graph', 'request'])
    expect(Math.max(...pieces.map(({ bytes }) => bytes.length))).toBeLessThanOrEqual(2000)
    for (const piece of pieces) expect(network.deliver(alice, bob, piece).error).toBeUndefined()
    network.settle([alice, bob], 4)
    expect(bob.blocks).toHaveLength(51)
  })

  test('the last piece alone is refused, and the prefix that was taken stays', () => {
    const { network, alice, bob } = three('none')
    for (let i = 0; i < 5; i += 1) network.vote(alice, opaque(`payload ${i}`))
    const request = only(network.ask(alice, bob).effects)
    const events = decodeMessage(request.bytes, alice.parsec.group.format).map(({ bytes }) => bytes)
    const late = bob.parsec.handleRequest(idOf('Alice'), encodeMessage(events.slice(4)))
    expect([late.error?.code, late.facts]).toEqual(['UnknownSelfParent', []])
    const broken = bob.parsec.handleRequest(idOf('Alice'), encodeMessage([...events.slice(0, 3), ...events.slice(4)]))
    expect([broken.error?.code, broken.facts.length]).toEqual(['UnknownSelfParent', 3])
  })
})

const compared = (one: Peer, other: Peer) => one.parsec.compareSummary(other.parsec.summary())
const beyond = (one: Peer, other: Peer): string[] =>
  one.parsec
    .graphBeyond(idOf(other.name), other.parsec.summary())
    .effects.flatMap(({ bytes }) => decodeMessage(bytes, one.parsec.group.format))
    .map(({ bytes }) => toHex(bytes))
const eventsOf = (peer: Peer): string[] =>
  peer.facts.flatMap((fact) => (fact.type === 'GossipEventAccepted' ? [toHex(fact.bytes)] : []))
/** Carol's among the events of a peer. */
const carols = (peer: Peer) => eventsOf(peer).filter((event) => event.startsWith(toHex(idOf('Carol'))))

describe('summaries, parsec §8', () => {
  test('tell who lacks what, and all of that and nothing else is given', () => {
    const { network, alice, bob, carol } = three('none')
    network.settle([alice, bob, carol], 2)
    for (let step = 0; step < 3; step += 1) {
      for (const [one, other] of [
        [alice, bob],
        [bob, alice],
        [carol, alice],
      ] as const) {
        const [ours, theirs] = [new Set(eventsOf(one)), new Set(eventsOf(other))]
        const theyLack = [...ours].filter((event) => !theirs.has(event))
        expect(beyond(one, other)).toEqual(theyLack)
        const weLack = [...theirs].some((event) => !ours.has(event))
        expect(compared(one, other)).toEqual({ weLack, theyLack: theyLack.length > 0 })
      }
      if (step === 0) network.vote(alice, opaque('news'))
      else network.gossip(alice, bob)
    }
  })

  test('of a forker whose branches differ, all of them are given', () => {
    const { network, alice, bob } = three('none')
    const twin = network.start('Carol')
    const [carol] = network.peers.filter(({ name }) => name === 'Carol') as [Peer]
    network.vote(carol, opaque('one'))
    network.vote(twin, opaque('other'))
    network.gossip(carol, alice)
    network.gossip(twin, bob)
    network.gossip(bob, alice, { response: true })
    expect(compared(alice, bob)).toMatchObject({ theyLack: true })
    const given = new Set(beyond(alice, bob))
    expect(carols(alice).length).toBeGreaterThan(carols(bob).length)
    for (const event of carols(alice)) expect(given.has(event)).toBe(true)
  })
})

describe('an admission that we decided by the beginning of a broken message', () => {
  test('goes along with the events of whom it admitted', () => {
    const network = new Network(['Alice', 'Bob', 'Carol', 'Mallory'], { mode: 'single' })
    const founders = network.members.map((name) => network.start(name))
    const dave = network.join('Dave')
    for (const peer of founders) network.vote(peer, add('Dave'))
    const random = new SeededRandom('admission')
    while (founders.every(({ parsec }) => parsec.blockCount < 2)) {
      const [from, to] = random.shuffle(founders) as [Peer, Peer]
      network.gossip(from, to)
    }
    const ahead = founders.find(({ parsec }) => parsec.blockCount === 2)
    const [alice, bob] = founders.filter(({ parsec }) => parsec.blockCount < 2)
    if (ahead === undefined || alice === undefined || bob === undefined) throw new Error('all decided at once')
    // Alice and Dave get the graph without the event that ends the message, so that no event of theirs descends from it.
    for (const peer of [alice, dave]) {
      const told = decodeMessage(only(network.ask(ahead, peer).effects).bytes, ahead.parsec.group.format)
      const beginning = encodeMessage(told.slice(0, -1).map(({ bytes }) => bytes))
      network.note(peer, peer.parsec.handleGraph(idOf(ahead.name), beginning))
    }
    expect([alice.parsec.blockCount, bob.parsec.blockCount < 2]).toEqual([2, true])
    expect(dave.parsec.canVote()).toBe(true)
    expect(network.gossip(dave, alice)).toEqual([])
    expect(network.gossip(alice, bob)).toEqual([])
    expect(bob.parsec.blockCount).toBe(2)
  })
})

describe('messages from a removed peer, parsec §8', () => {
  test('are refused, and its engine stops', () => {
    const network = new Network(['Alice', 'Bob', 'Carol', 'Dave'], { mode: 'single' })
    const [alice, bob, carol, dave] = ['Alice', 'Bob', 'Carol', 'Dave'].map((name) => network.start(name)) as [
      Peer,
      Peer,
      Peer,
      Peer,
    ]
    const late = only(network.ask(dave, alice).effects)
    for (const peer of [alice, bob, carol]) network.vote(peer, remove('Dave'))
    network.settle([alice, bob, carol], 4)
    expect(network.deliver(dave, alice, late).error?.data).toMatchObject({
      code: 'InvalidPeerState',
      required: 'SEND',
      actual: '',
    })
    network.gossip(alice, dave)
    network.settle([bob, carol], 1)
    const told = only(network.ask(dave, bob).effects)
    expect(network.deliver(dave, bob, told).error?.code).toBe('InvalidPeerState')
    expect(alice.parsec.voters()).toHaveLength(3)
  })
})

describe('a message of known events', () => {
  test('is taken byte for byte only: with any other byte it is refused', () => {
    const { network, alice } = three('none')
    const { parsec } = Parsec.fromGenesis(network.group(), { ...signerOf('Bob'), scheme: strictScheme })
    const bytes = only(network.ask(alice, { ...alice, name: 'Bob' }).effects).bytes
    expect(parsec.handleGraph(idOf('Alice'), bytes).error).toBeUndefined()
    const again = parsec.handleGraph(idOf('Alice'), bytes)
    expect([again.error, again.facts]).toEqual([undefined, []])
    const taken: number[] = []
    for (let i = 0; i < bytes.length; i += 1) {
      const changed = bytes.slice()
      changed[i] = (changed[i] ?? 0) ^ 1
      if (parsec.handleGraph(idOf('Alice'), changed).error === undefined) taken.push(i)
    }
    expect(taken).toEqual([])
  })
})

describe('a message opened before it is handled', () => {
  test('asks for no signature of what is in the graph, and is opened again where another engine handles it', () => {
    const { network, alice, bob } = three('none')
    const newcomer = network.join('Dave')
    const beforehand = bob.facts.length
    network.gossip(alice, bob)
    const request = only(network.ask(alice, bob).effects)
    const whole = network.note(alice, alice.parsec.graphBeyond(idOf('Bob'), newcomer.parsec.summary()))
    const opened = bob.parsec.open(only(whole.effects).bytes)
    if (opened instanceof Error) throw opened
    const lacking = decodeMessage(request.bytes, alice.parsec.group.format)
    expect(opened.requests.map(({ signature }) => toHex(signature))).toEqual(
      lacking.map(({ signature }) => toHex(signature)),
    )
    const rebuilt = Parsec.fromFacts(bob.parsec.group, signerOf('Bob'), bob.facts.slice(0, beforehand))
    expect(rebuilt.handleRequest(idOf('Alice'), opened).error).toBeUndefined()
    expect(rebuilt.eventCount).toBeGreaterThan(bob.parsec.eventCount)
  })
})
