import { describe, expect, test } from 'vitest'
import { equalBytes } from '../../../src/base/bytes.ts'
import { present } from '../../../src/base/errors.ts'
import { toHex } from '../../../src/base/text.ts'
import {
  encodeObservation,
  type Malice,
  MaliceEvidenceError,
  Parsec,
  verifyEvidence,
} from '../../../src/core/parsec/index.ts'
import { encodeMaliceEvidence } from '../../../src/wire/malice-evidence.ts'
import { type Forged, Forger, firstOf, tipOf } from '../../support/parsec/forger.ts'
import { idOf, Network, opaque, type Peer, strictScheme as scheme, signerOf } from '../../support/parsec/network.ts'

const NAMES = ['Alice', 'Bob', 'Carol', 'Dave']

interface Scene {
  readonly network: Network
  readonly alice: Peer
  readonly eve: Forger
  readonly genesis: Forged
}

/** Eve begins as she should, by hand. */
function scene(): Scene {
  const network = new Network([...NAMES, 'Eve', 'Mallory'], { mode: 'single' })
  const correct = NAMES.map((name) => network.start(name))
  network.settle(correct, 1)
  const alice = present(correct[0], 'Alice')
  const eve = new Forger(network, 'Eve')
  const initial = eve.sign({ type: 'Initial' })
  const genesis = eve.vote(network.group().genesis)
  eve.send(alice, [initial, genesis])
  return { network, alice, eve, genesis }
}

const requestingTo = ({ network, alice, eve }: Scene): Uint8Array => {
  network.note(alice, alice.parsec.createGossip(idOf(eve.name)))
  return tipOf(alice)
}

/** What Eve does, so that Alice finds it. */
const CASES: Readonly<Record<Exclude<Malice['type'], 'Unprovable' | 'UnexpectedGenesis'>, (it: Scene) => void>> = {
  DuplicateVote: ({ alice, eve }) => void eve.send(alice, [eve.vote(opaque('x')), eve.vote(opaque('x'))]),
  Fork: ({ alice, eve }) => {
    const parent = eve.tip
    eve.send(alice, [eve.vote(opaque('left'), parent)])
    eve.send(alice, [eve.vote(opaque('right'), parent)])
  },
  MissingGenesis: ({ network, alice }) => {
    const mallory = new Forger(network, 'Mallory')
    mallory.send(alice, [mallory.sign({ type: 'Initial' }), mallory.vote(opaque('x'))])
  },
  IncorrectGenesis: ({ alice, eve }) =>
    void eve.send(alice, [eve.vote({ type: 'Genesis', group: [idOf('Eve')], relatedInfo: new Uint8Array(0) })]),
  InvalidAccusation: ({ alice, eve }) =>
    void eve.send(alice, [
      eve.vote({ type: 'Accusation', offender: idOf('Bob'), malice: { type: 'Fork', event: tipOf(alice) } }),
    ]),
  OtherParentBySameCreator: ({ alice, eve }) =>
    void eve.send(alice, [eve.sign({ type: 'Request', selfParent: eve.tip, otherParent: eve.tip })]),
  SelfParentByDifferentCreator: ({ alice, eve }) =>
    void eve.send(alice, [eve.sign({ type: 'Requesting', selfParent: tipOf(alice), recipient: idOf('Bob') })]),
  InvalidRequest: (it) => {
    const otherParent = requestingTo(it)
    it.eve.send(it.alice, [it.eve.sign({ type: 'Request', selfParent: it.eve.tip, otherParent })])
    it.eve.send(it.alice, [it.eve.sign({ type: 'Request', selfParent: it.eve.tip, otherParent })])
  },
  InvalidResponse: ({ alice, eve }) =>
    void eve.send(alice, [eve.sign({ type: 'Response', selfParent: eve.tip, otherParent: firstOf(alice) })]),
  Accomplice: ({ network, alice, eve }) => {
    const mallory = new Forger(network, 'Mallory')
    const told = [mallory.sign({ type: 'Initial' }), mallory.vote(network.group().genesis)]
    const twice = [mallory.vote(opaque('x')), mallory.vote(opaque('x'))]
    const asked = mallory.requesting('Eve')
    const answer = eve.sign({ type: 'Request', selfParent: eve.tip, otherParent: asked.hash })
    eve.send(alice, [...told, ...twice, asked, answer])
  },
}

/** The evidence of this kind that Alice has, and of whom. */
function evidenceOf({ alice }: Scene, kind: string): { readonly offender: string; readonly bytes: Uint8Array } {
  const found = present(
    alice.parsec.offences().find(({ malice }) => malice.type === kind),
    `a ${kind} is found`,
  )
  return { offender: toHex(found.offender), bytes: present(found.evidence(), 'it can be proved') }
}

describe('evidence, judged by a stranger who knows the genesis, parsec §9', () => {
  const kinds = Object.keys(CASES) as (keyof typeof CASES)[]

  test.each(kinds)('%s: proves it; changed, or in another group, it proves nothing', (kind) => {
    const it = scene()
    const group = it.network.group()
    CASES[kind](it)
    const { offender, bytes } = evidenceOf(it, kind)
    const proven = verifyEvidence(bytes, { group, scheme })
    expect([toHex(proven.offender), proven.kind]).toEqual([offender, kind])
    for (let at = 0; at < bytes.length; at += 7) {
      const changed = bytes.slice()
      changed[at] = (changed[at] ?? 0) ^ 1
      expect(() => verifyEvidence(changed, { group, scheme })).toThrow(MaliceEvidenceError)
    }
    for (const length of [0, 40, bytes.length - 1]) {
      expect(() => verifyEvidence(bytes.slice(0, length), { group, scheme })).toThrow(MaliceEvidenceError)
    }
    const other = new Network([...NAMES, 'Eve'], { mode: 'single' }).group()
    expect(() => verifyEvidence(bytes, { group: other, scheme })).toThrow('OtherGroup')
  })

  test.each(kinds)('%s: is derived again from the facts', (kind) => {
    const it = scene()
    CASES[kind](it)
    const { bytes } = evidenceOf(it, kind)
    const rebuilt = Parsec.fromFacts(it.network.group(), signerOf('Alice'), it.alice.facts)
    const again = rebuilt.offences().find(({ malice }) => malice.type === kind)
    expect(again?.evidence()).toEqual(bytes)
  })

  test('Unprovable proves nothing', () => {
    const it = scene()
    it.network.note(it.alice, it.alice.parsec.reportSpam(idOf('Eve')))
    expect(it.alice.parsec.offences().map(({ malice, evidence }) => [malice.type, evidence()])).toEqual([
      ['Unprovable', null],
    ])
  })
})

describe('events of a correct peer prove nothing against it, parsec §9', () => {
  test('nor do events that no peer takes, since their votes are not signed', () => {
    const { network, eve } = scene()
    const { id, format } = network.group()
    const observation = opaque('x')
    const twice = [1, 2].map((byte) =>
      eve.sign({ type: 'Observation', selfParent: eve.tip, observation, voteSignature: new Uint8Array(64).fill(byte) }),
    ) as [Forged, Forged]
    const malice: Malice = { type: 'DuplicateVote', events: [twice[0].hash, twice[1].hash] }
    const accusation = encodeObservation({ type: 'Accusation', offender: idOf('Eve'), malice }, format)
    const events = twice.map(({ bytes }) => bytes)
    const bytes = present(encodeMaliceEvidence(id, accusation, events) ?? undefined, 'it fits')
    expect(() => verifyEvidence(bytes, { group: network.group(), scheme })).toThrow('BadSignature')
  })

  test('whatever offence they are put forward for', () => {
    const it = scene()
    const group = it.network.group()
    CASES.DuplicateVote(it)
    // The evidence names Eve; with another offender or kind the same events prove nothing.
    const { bytes } = evidenceOf(it, 'DuplicateVote')
    const id = idOf('Eve')
    const at = bytes.findIndex((_, i) => equalBytes(bytes.subarray(i, i + id.length), id))
    const framed = bytes.slice()
    framed.set(idOf('Bob'), at)
    expect(() => verifyEvidence(framed, { group, scheme })).toThrow('no DuplicateVote by this peer')
  })
})
