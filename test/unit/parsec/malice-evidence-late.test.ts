/**
 * parsec §9: what a voter owes that was admitted later follows from the order. The evidence holds what decided its admission, and a stranger who knows the genesis
 * alone decides it again; where it cannot, it finds nobody guilty.
 */
import { beforeEach, describe, expect, test } from 'vitest'
import { equalBytes } from '../../../src/base/bytes.ts'
import { present } from '../../../src/base/errors.ts'
import { toHex } from '../../../src/base/text.ts'
import {
  encodeMessage,
  encodeObservation,
  type Malice,
  Parsec,
  verifyEvidence,
} from '../../../src/core/parsec/index.ts'
import { decodeEvent } from '../../../src/wire/canonical/event.ts'
import { encodeMaliceEvidence } from '../../../src/wire/malice-evidence.ts'
import { type Forged, Forger } from '../../support/parsec/forger.ts'
import {
  add,
  idOf,
  Network,
  opaque,
  type Peer,
  strictScheme as scheme,
  signerOf,
} from '../../support/parsec/network.ts'

const CORRECT = ['Alice', 'Bob', 'Carol', 'Dave', 'Frank']
const NOTHING = 'the evidence proves nothing'

let network: Network
let correct: readonly Peer[]
let alice: Peer
let bob: Peer
let eve: Forger
let gus: Forger
/** Mallory votes twice for one thing, and asks Gus. */
let mallory: Forger
let offence: Malice & { readonly type: 'DuplicateVote' }

/** Hand-made: Gus is admitted; Eve and Mallory are of the genesis group. */
beforeEach(() => {
  network = new Network([...CORRECT, 'Eve', 'Mallory'], { mode: 'single' })
  correct = CORRECT.map((name) => network.start(name))
  ;[alice, bob] = correct as [Peer, Peer]
  eve = Forger.begin(network, 'Eve', alice)
  mallory = Forger.begin(network, 'Mallory', alice)
  network.settle(correct, 2)
})

function admitGus(): void {
  for (const peer of correct) network.vote(peer, add('Gus'))
  network.settle(correct, 4)
  expect(alice.parsec.voters().map(toHex)).toContain(toHex(idOf('Gus')))
  gus = new Forger(network, 'Gus')
}

function votesTwice(): readonly Forged[] {
  const twice = [mallory.vote(opaque('x')), mallory.vote(opaque('x'))] as const
  offence = { type: 'DuplicateVote', events: [twice[0].hash, twice[1].hash] }
  return twice
}

/** Gus answers Mallory, whose offence is in her past, and says nothing of it. */
function gusIsSilent(): Malice & { readonly type: 'Accomplice' } {
  const asked = mallory.requesting('Gus')
  const initial = new Forger(network, 'Gus').sign({ type: 'Initial' })
  const silent = gus.sign({ type: 'Request', selfParent: initial.hash, otherParent: asked.hash })
  expect(gus.send(alice, [asked, initial, silent]).error).toBeUndefined()
  return { type: 'Accomplice', event: silent.hash, malice: offence }
}

const evidenceAt = (peer: Peer, kind: Malice['type']): Uint8Array => {
  const found = present(
    peer.parsec.offences().find(({ malice }) => malice.type === kind),
    `a ${kind} is found`,
  )
  return present(found.evidence(), 'it can be proved')
}

const kindsAt = (peer: Peer): string[] => peer.parsec.offences().map(({ malice }) => malice.type)
const proves = (bytes: Uint8Array) => {
  const { offender, kind } = verifyEvidence(bytes, { group: network.group(), scheme })
  return [toHex(offender), kind]
}

const eventsOf = (peer: Peer) =>
  peer.facts.flatMap((fact) =>
    fact.type === 'GossipEventAccepted'
      ? [{ hash: fact.hash, view: decodeEvent(fact.bytes, network.group().format) }]
      : [],
  )

/** Bytes of the ancestry of an event that the peer has, and of the rest that it has. */
function apart(by: Peer, tip?: Uint8Array) {
  const all = eventsOf(by)
  const isBelow = new Set(tip === undefined ? [] : [toHex(tip)])
  for (const { hash, view } of all.toReversed()) {
    if (!isBelow.has(toHex(hash))) continue
    for (const parent of [view.selfParent, view.otherParent]) if (parent !== null) isBelow.add(toHex(parent))
  }
  const bytesOf = (isIt: boolean): Uint8Array[] =>
    all.filter(({ hash }) => isBelow.has(toHex(hash)) === isIt).map(({ view }) => view.bytes)
  return { below: bytesOf(true), rest: bytesOf(false) }
}

/** Evidence made by hand: of the ancestry of an event that the peer has, or of all that it has, with the ancestry of an event first. */
function framed(
  by: Peer,
  offender: string,
  malice: Malice,
  { tip, first = tip }: { readonly tip?: Uint8Array; readonly first?: Uint8Array } = {},
): Uint8Array {
  const { id, format } = network.group()
  const { below, rest } = apart(by, first)
  const accusation = encodeObservation({ type: 'Accusation', offender: idOf(offender), malice }, format)
  const events = tip === undefined ? [...below, ...rest] : below
  return present(encodeMaliceEvidence(id, accusation, events) ?? undefined, 'it fits')
}

describe('a voter that was admitted later, and is silent about an offence', () => {
  test('is proved to be an accomplice, with what decided its admission and not without', () => {
    admitGus()
    expect(mallory.send(alice, votesTwice()).error).toBeUndefined()
    const silence = gusIsSilent()
    const bytes = evidenceAt(alice, 'Accomplice')
    expect(proves(bytes)).toEqual([toHex(idOf('Gus')), 'Accomplice'])
    expect(proves(framed(alice, 'Gus', silence))).toEqual(proves(bytes))
    expect(() => proves(framed(alice, 'Gus', silence, { tip: silence.event }))).toThrow(NOTHING)
  })

  test('is none where the offender had been removed when it was admitted', () => {
    expect(mallory.send(alice, votesTwice()).error).toBeUndefined()
    network.settle(correct, 5)
    expect(alice.parsec.voters().map(toHex)).not.toContain(toHex(idOf('Mallory')))
    admitGus()
    const silence = gusIsSilent()
    expect(kindsAt(alice)).toEqual(['DuplicateVote'])
    for (const of of [{}, { first: silence.event }, { tip: silence.event }])
      expect(() => proves(framed(alice, 'Gus', silence, of))).toThrow(NOTHING)
  })
})

/** Eve, who does her duty otherwise, accuses Gus, and Bob takes that. */
function falselyAccused() {
  expect(mallory.send(alice, votesTwice()).error).toBeUndefined()
  network.settle(correct, 5)
  admitGus()
  const silence = gusIsSilent()
  network.settle(correct, 1)
  const asked = gus.requesting('Eve')
  const own = eve.vote({ type: 'Accusation', offender: idOf('Mallory'), malice: offence })
  const lie = eve.vote({ type: 'Accusation', offender: idOf('Gus'), malice: silence })
  const basis = eve.sign({ type: 'Request', selfParent: lie.hash, otherParent: asked.hash })
  expect(eve.send(bob, [asked, own, lie, basis]).error).toBeUndefined()
  const malice: Malice = { type: 'InvalidAccusation', event: lie.hash }
  return { malice, basis }
}

describe('who accuses such a voter falsely', () => {
  test('is proved to, with what decided its admission and not without', () => {
    const { malice, basis } = falselyAccused()
    const bytes = evidenceAt(bob, 'InvalidAccusation')
    expect(proves(bytes)).toEqual([toHex(idOf('Eve')), 'InvalidAccusation'])
    // Whatever comes first: it is judged once it can be.
    expect(proves(framed(bob, 'Eve', malice, { first: basis.hash }))).toEqual(proves(bytes))
    expect(() => proves(framed(bob, 'Eve', malice, { tip: basis.hash }))).toThrow(NOTHING)
  })

  test('is found by a joiner that was told of the voter, once the order has admitted it', () => {
    const { malice, basis } = falselyAccused()
    const hal = network.join('Hal', [...network.members, 'Gus'])
    const { below, rest } = apart(bob, basis.hash)
    const take = (events: readonly Uint8Array[]): void =>
      expect(network.note(hal, hal.parsec.handleGraph(idOf('Bob'), encodeMessage(events))).error).toBeUndefined()
    take(below)
    expect(kindsAt(hal)).toEqual(['DuplicateVote'])
    take(rest)
    expect(hal.parsec.offences().map((offence) => offence.malice)).toEqual([offence, malice])
    expect(proves(evidenceAt(hal, 'InvalidAccusation'))).toEqual([toHex(idOf('Eve')), 'InvalidAccusation'])
    const again = Parsec.fromFacts(network.group(), signerOf('Hal'), hal.facts)
    expect(again.offences().map((offence) => offence.malice)).toEqual([offence, malice])
  })

  test('and who accuses that one cannot be framed by what is left out', () => {
    const { malice } = falselyAccused()
    network.settle(correct, 1)
    const own = eventsOf(bob).filter(({ view }) => equalBytes(view.creator, idOf('Bob')))
    const at = own.findIndex(
      ({ view: { vote } }) =>
        vote?.observation.type === 'Accusation' && equalBytes(vote.observation.offender, idOf('Eve')),
    )
    const { view, hash } = present(own[at], 'Bob accuses Eve')
    expect(view.vote?.observation).toMatchObject({ malice })
    const basis = present(own[at + 1], 'his sync event').hash
    for (const of of [{}, { first: basis }, { tip: basis }]) {
      const bytes = framed(bob, 'Bob', { type: 'InvalidAccusation', event: hash }, of)
      expect(() => proves(bytes)).toThrow(NOTHING)
    }
  })
})
