/** parsec §8: a follower is given a forker's whole history again, in bounded answers; they go on where the last broke off. */
import { expect, test } from 'vitest'
import { equalBytes } from '../../../src/base/bytes.ts'
import { present } from '../../../src/base/errors.ts'
import { toHex } from '../../../src/base/text.ts'
import type { GraphCut } from '../../../src/core/parsec/index.ts'
import { Forger } from '../../support/parsec/forger.ts'
import { idOf, Network, opaque, type Peer } from '../../support/parsec/network.ts'
import { baseOf, follow } from '../../support/parsec/random-network.ts'

const MAX_BYTES = 2_000

function lastKnownOf({ name }: Peer, peer: Peer): Uint8Array {
  const his = peer.facts.findLast(
    (fact) => fact.type === 'GossipEventAccepted' && equalBytes(fact.bytes.subarray(0, 32), idOf(name)),
  )
  return present(his?.type === 'GossipEventAccepted' ? his.hash : undefined, 'it knows events of it')
}

/** A reader of all that was, then a fork by Rob whose history is larger than an answer. */
function forked() {
  const names = ['Alice', 'Bob', 'Carol', 'Dave', 'Rob']
  const network = new Network(names, {
    mode: 'single',
    checkpointInterval: 2,
    detectsMalice: false,
  })
  const peers = names.map((name) => network.start(name))
  const [alice, , , , rob] = peers as [Peer, Peer, Peer, Peer, Peer]
  const vote = (voters: readonly Peer[], text: string): void => {
    for (const peer of voters) network.vote(peer, opaque(`${text} by ${peer.name}`))
    for (let i = 0; i < 5; i += 1) {
      network.settle(voters, 1)
      network.deliverMail()
    }
  }
  vote(peers, 'first')
  const reader = follow({ network }, baseOf(network, peers) as Uint8Array)
  vote(peers, 'second')
  const [one, other] = [new Forger(network, rob), new Forger(network, rob)]
  one.tip = lastKnownOf(rob, alice)
  one.send(
    alice,
    Array.from({ length: 20 }, (_, i) => one.vote(opaque(`by Rob ${i}`))),
  )
  other.tip = one.tip
  pull(network, alice, reader, 1e9)
  expect(one.send(alice, [one.vote(opaque('one branch'))]).error).toBeUndefined()
  expect(other.send(alice, [other.vote(opaque('the other'))]).error).toBeUndefined()
  const correct = peers.filter((peer) => peer !== rob)
  vote(correct, 'third')
  return { network, alice, reader }
}

function pull(network: Network, from: Peer, reader: Peer, maxBytes: number, before?: GraphCut) {
  const { step, cut } = from.parsec.bases.graphBeyond(idOf(reader.name), reader.parsec.summary(), maxBytes, before)
  for (const { bytes } of step.effects) {
    expect(network.note(reader, reader.parsec.handleGraph(idOf(from.name), bytes)).error).toBeUndefined()
  }
  return { cut, given: step.effects.reduce((sum, { bytes }) => sum + bytes.length, 0) }
}

test('answers get a follower to the end, however little of a forker fits into one', () => {
  const { network, alice, reader } = forked()
  let cut: GraphCut | undefined
  let answers = 0
  for (let given = 1; given > 0 && answers < 200; answers += 1) {
    const answer = pull(network, alice, reader, MAX_BYTES, cut)
    given = answer.given
    cut = answer.cut
  }
  expect(answers).toBeLessThan(200)
  expect(reader.parsec.summary()).toEqual(alice.parsec.summary())
  const order = alice.blocks.slice(reader.parsec.startedAt).map(({ hash }) => toHex(hash))
  expect(reader.blocks.map(({ hash }) => toHex(hash))).toEqual(order)
})

test('without the cut they come to be the same, answer by answer: the forker alone fills them', () => {
  const { network, alice, reader } = forked()
  for (let i = 0; i < 200; i += 1) pull(network, alice, reader, MAX_BYTES)
  expect(pull(network, alice, reader, MAX_BYTES).cut).toBeDefined()
  expect(reader.parsec.summary()).not.toEqual(alice.parsec.summary())
})

test('what was lost on the way comes again: once the end is reached, or the follower lacks for certain what was before', () => {
  const { alice, reader } = forked()
  const summary = reader.parsec.summary()
  const give = (cut?: GraphCut): ReturnType<typeof alice.parsec.bases.graphBeyond> =>
    alice.parsec.bases.graphBeyond(idOf(reader.name), summary, MAX_BYTES, cut)
  const first = give()
  const answers = [first]
  for (let { cut } = first; cut !== undefined; ) {
    const answer = give(cut)
    answers.push(answer)
    cut = answer.cut
  }
  const whole = alice.parsec.bases.graphBeyond(idOf(reader.name), summary, 1e9)
  const eventBytes = (steps: readonly (typeof first)[]): number =>
    steps.flatMap(({ step }) => step.effects).reduce((sum, { bytes }) => sum + bytes.length - 8, 0)
  expect(eventBytes(answers)).toBe(eventBytes([whole]))
  const lastCut = answers.at(-2)?.cut as GraphCut
  expect(give(lastCut)).toEqual(answers.at(-1))
  expect(give({ ...lastCut, next: 1e9 })).toEqual(first)
  expect(give({ ...lastCut, summary: new Uint8Array(8) })).toEqual(first)
})
