/**
 * Messages made to be expensive to judge (parsec §9): what they leave behind stays small, and they end. By rules that judge
 * each accusation anew, the first takes longer than anybody waits; the second would leave an entry for each pair.
 */
import { describe, expect, test } from 'vitest'
import { present } from '../../../src/base/errors.ts'
import { toHex } from '../../../src/base/text.ts'
import { encodeMessage } from '../../../src/core/parsec/index.ts'
import { accusationsBy, convictions, type Forged, Forger } from '../../support/parsec/forger.ts'
import { idOf, Network, opaque, type Peer, sha3 } from '../../support/parsec/network.ts'

const NAMES = ['Alice', 'Bob', 'Carol', 'Dave', 'Fay']

function scene() {
  const network = new Network([...NAMES, 'Eve', 'Mallory'], { mode: 'single' })
  const correct = NAMES.map((name) => network.start(name))
  const alice = present(correct[0], 'Alice')
  const [eve, mallory] = ['Eve', 'Mallory'].map((name) => network.start(name)) as [Peer, Peer]
  network.settle([...correct, eve, mallory], 1)
  network.gossip(alice, eve)
  network.gossip(alice, mallory)
  return { network, correct, alice, eve: new Forger(network, eve), mallory: new Forger(network, mallory) }
}

const neverMade = (number: number): Uint8Array => sha3(Uint8Array.of(number & 255, number >> 8))

function take(network: Network, alice: Peer, events: readonly Forged[]): void {
  const message = encodeMessage(events.map(({ bytes }) => bytes))
  expect(network.note(alice, alice.parsec.handleRequest(idOf('Eve'), message)).error).toBeUndefined()
}

describe('what an offender makes others do, parsec §9', () => {
  test('accusations of accusations, each with many bases', () => {
    const { network, correct, alice, eve, mallory } = scene()
    const root = eve.tip
    const events: Forged[] = []
    const put = (event: Forged): Forged => {
      events.push(event)
      return event
    }
    const answerOn = (tip: Uint8Array, asked: Forged): Forged => {
      eve.tip = tip
      return put(eve.sign({ type: 'Request', selfParent: tip, otherParent: asked.hash }))
    }
    let accusation: Forged | null = null
    let known: Forged | null = null
    for (let level = 0; level < 40; level += 1) {
      eve.tip = root
      if (known !== null) answerOn(root, known)
      accusation = put(
        eve.vote(
          accusation === null
            ? { type: 'Accusation', offender: idOf('Bob'), malice: { type: 'Fork', event: neverMade(1) } }
            : {
                type: 'Accusation',
                offender: idOf('Eve'),
                malice: { type: 'InvalidAccusation', event: accusation.hash },
              },
        ),
      )
      const fork = eve.tip
      for (let base = 0; base < 6; base += 1) {
        eve.tip = fork
        if (base > 0) put(eve.vote(opaque(`${level} ${base}`)))
        const asked = put(eve.requesting('Mallory'))
        put(mallory.sign({ type: 'Request', selfParent: mallory.tip, otherParent: asked.hash }))
      }
      known = put(mallory.requesting('Eve'))
    }
    if (known !== null) answerOn(root, known)
    put(eve.requesting('Alice'))
    take(network, alice, events)
    network.vote(alice, opaque('afterwards'))
    network.settle(correct, 6)
    const guilty = new Set(correct.flatMap(convictions).map(({ offender }) => offender))
    expect(guilty).toContain(toHex(idOf('Eve')))
    for (const name of NAMES) expect(guilty).not.toContain(toHex(idOf(name)))
  })

  test('one vote on each of many branches: a fork, and no entry for each pair of votes', () => {
    const { network, alice, eve } = scene()
    const root = eve.tip
    const events = Array.from({ length: 300 }, (_, i) => {
      const left = eve.vote(opaque(`branch ${i}`), root)
      return [left, eve.vote(opaque('x'))]
    })
    take(network, alice, [...events.flat(), eve.requesting('Alice')])
    expect(alice.parsec.offences().map(({ malice }) => malice.type)).toEqual(['Fork'])
  })

  test('many votes for one observation, and many accusations of one peer: one entry each', () => {
    for (const what of ['votes', 'accusations']) {
      const { network, correct, alice, eve } = scene()
      const events = Array.from({ length: 300 }, (_, i) =>
        what === 'votes'
          ? eve.vote(opaque('x'))
          : eve.vote({ type: 'Accusation', offender: idOf('Bob'), malice: { type: 'Fork', event: neverMade(i) } }),
      )
      take(network, alice, [...events, eve.requesting('Alice')])
      expect(alice.parsec.offences()).toHaveLength(1)
      network.settle(correct, 4)
      for (const peer of correct)
        expect(accusationsBy(peer).map(({ offender }) => offender)).toEqual([toHex(idOf('Eve'))])
    }
  })
})
