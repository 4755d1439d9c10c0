/** parsec §9, Unprovable: what a message costs its sender. */
import { describe, expect, test } from 'vitest'
import { costOf, encodeMessage, type ParsecStep } from '../../../src/core/parsec/index.ts'
import { idOf, Network, opaque, type Peer } from '../../support/parsec/network.ts'

const NAMES = ['Alice', 'Bob', 'Carol', 'Dave']

function start(): { network: Network; alice: Peer; bob: Peer; carol: Peer } {
  const network = new Network(NAMES, { mode: 'single' })
  const [alice, bob, carol] = NAMES.map((name) => network.start(name)) as [Peer, Peer, Peer]
  return { network, alice, bob, carol }
}

/** What the messages of a step cost their sender, at the receiver, one by one. */
function costs(network: Network, from: Peer, to: Peer, { effects }: ParsecStep<Uint8Array>) {
  return effects.map((message) => {
    const step = network.deliver(from, to, message)
    return costOf(to.parsec, idOf(from.name), message.bytes, step)
  })
}

const askEverything = (network: Network, from: Peer, to: Peer): ParsecStep<Uint8Array> => {
  // Of a peer that says that it knows nothing: a sequence of no creators.
  return network.note(from, from.parsec.graphBeyond(idOf(to.name), new Uint8Array(8)))
}

describe('the cost of a message, parsec §9', () => {
  test('is that of the own events that nobody built on, and of the answer', () => {
    const { network, alice, bob } = start()
    for (let i = 0; i < 10; i += 1) network.vote(alice, opaque(`payload ${i}`))
    const [cost] = costs(network, alice, bob, network.ask(alice, bob))
    // Initial, Genesis, ten votes, Requesting.
    expect(cost).toMatchObject({ events: 13, invalid: 0 })
    expect(cost?.bytes).toBeLessThan(20)
    expect(cost?.given).toBeGreaterThan(0)
  })

  test('is nothing for who helps another to catch up, however many events it made itself', () => {
    const { network, alice, bob, carol } = start()
    for (let i = 0; i < 50; i += 1) {
      network.vote(alice, opaque(`payload ${i}`))
      network.gossip(alice, bob)
    }
    expect(alice.parsec.eventCount).toBeGreaterThan(200)
    const [cost] = costs(network, alice, carol, askEverything(network, alice, carol))
    expect(cost).toMatchObject({ given: 0, invalid: 0 })
    // What it made since Bob last heard of it.
    expect(cost?.events).toBeLessThan(4)
    expect(cost?.bytes).toBeLessThan(20)
  })

  test('is its bytes where it brings what was known', () => {
    const { network, alice, bob } = start()
    const step = askEverything(network, alice, bob)
    costs(network, alice, bob, step)
    const [again] = costs(network, alice, bob, step)
    expect(again).toEqual({ bytes: step.effects[0]?.bytes.length, given: 0, events: 0, invalid: 0 })
  })

  test('is all of the answer, again and again', () => {
    const { network, alice, bob } = start()
    network.vote(bob, opaque('payload'))
    const summary = new Uint8Array(8)
    const step = bob.parsec.graphBeyond(idOf('Alice'), summary)
    const given = step.effects.reduce((sum, { bytes }) => sum + bytes.length, 0)
    expect(costOf(bob.parsec, idOf('Alice'), summary, step)).toEqual({ bytes: 8, given, events: 0, invalid: 0 })
    expect(costOf(bob.parsec, idOf('Carol'), summary, step).given).toBe(0)
    expect(alice.parsec.eventCount).toBe(2)
  })

  test('is one invalid message where it cannot be one of a correct peer, whatever it holds besides', () => {
    const { network, alice, bob } = start()
    const garbage = Uint8Array.of(1, 2, 3)
    const step = network.note(bob, bob.parsec.handleGraph(idOf('Alice'), garbage))
    expect(costOf(bob.parsec, idOf('Alice'), garbage, step)).toMatchObject({ bytes: 3, invalid: 1 })
    const empty = encodeMessage([])
    expect(costOf(bob.parsec, idOf('Alice'), empty, bob.parsec.handleGraph(idOf('Alice'), empty)).invalid).toBe(1)
    const unknown = bob.parsec.handleGraph(idOf('Eve'), empty)
    expect(costOf(bob.parsec, idOf('Eve'), empty, unknown).invalid).toBe(0)
    expect(alice.parsec.eventCount).toBe(2)
  })
})
