/** parsec §8, Stronger: a peer that starts from a checkpoint. Random networks of them: test/property/parsec-from-checkpoint.test.ts. */
import { describe, expect, test } from 'vitest'
import { toHex } from '../../../src/base/text.ts'
import {
  CheckpointError,
  encodeMessage,
  Parsec,
  type ParsecFact,
  stubsOfBase,
  withVouches,
} from '../../../src/core/parsec/index.ts'
import {
  decodeBase,
  decodeStubs,
  encodeBase,
  encodeStubs,
  type Stub,
  vouchMessage,
} from '../../../src/wire/checkpoint/base.ts'
import { Forger, tipOf } from '../../support/parsec/forger.ts'
import { add, idOf, Network, opaque, type Peer, remove, signerOf, strictScheme } from '../../support/parsec/network.ts'

/** Voters change and blocks follow, then a base of the newest checkpoint is made; the first of the peers gives it. */
function settled(names: readonly string[], change: (network: Network, peers: Peer[]) => void) {
  const network = new Network(names, { mode: 'single', checkpointInterval: 2 })
  const peers = names.map((name) => network.start(name))
  change(network, peers)
  for (const text of ['one', 'two', 'three']) {
    for (const peer of peers) network.vote(peer, opaque(`${text} ${peer.name}`))
    network.settle(peers, 4)
    network.deliverMail()
  }
  const [sponsor] = peers as [Peer]
  const position = sponsor.parsec.proofs.checkpoints().findLast(({ isProven }) => isProven)?.position ?? 0
  const base = sponsor.parsec.bases.at(position) as Uint8Array
  const trust = { group: network.group(), scheme: strictScheme }
  const vouches = peers.slice(1).flatMap(({ name, parsec }) => {
    const signature = parsec.bases.vouch(position, stubsOfBase(base, trust))
    return signature === null ? [] : [{ signer: idOf(name), signature }]
  })
  return { network, peers, sponsor, position, base: withVouches(base, vouches, trust) }
}

function removeErin(network: Network, peers: Peer[]): void {
  for (const peer of peers) network.vote(peer, remove('erin'))
  network.settle(peers, 4)
  network.deliverMail()
  peers.pop()
}

function start({ network, base }: ReturnType<typeof settled>): Peer {
  const { parsec, step } = Parsec.fromCheckpoint(network.group(), signerOf('reader'), base)
  const reader: Peer = { name: 'reader', parsec, facts: [], blocks: [] }
  network.note(reader, step)
  return reader
}

/** What the reader lacks of a peer's graph. */
function tell(network: Network, from: Peer, reader: Peer): string[] {
  const { effects } = from.parsec.graphBeyond(idOf(from.name), reader.parsec.summary())
  return effects.flatMap(({ bytes }) => {
    const { error } = network.note(reader, reader.parsec.handleGraph(idOf(from.name), bytes))
    return error === undefined ? [] : [error.code]
  })
}

const hashes = (peer: Peer, from = 0): string[] => peer.blocks.slice(from).map(({ hash }) => toHex(hash))

describe.each([
  ['one voter', ['alice'], () => undefined],
  ['four voters', ['alice', 'bob', 'carol', 'dave'], () => undefined],
  ['voters of whom one was removed', ['alice', 'bob', 'carol', 'dave', 'erin'], removeErin],
] as const)('from %s', (_, names, change) => {
  const world = settled(names, change)
  const { network, peers, sponsor, position } = world

  test('it holds the voters, and nothing before; it orders what everybody orders from there on', () => {
    const reader = start(world)
    expect(reader.parsec.voters().map(toHex)).toEqual(sponsor.parsec.voters().map(toHex))
    expect([reader.parsec.blockCount, reader.blocks.length]).toEqual([position, 0])
    expect(reader.parsec.eventCount).toBeLessThan(sponsor.parsec.eventCount)
    expect(tell(network, sponsor, reader)).toEqual([])
    for (const peer of peers) network.vote(peer, opaque(`later by ${peer.name}`))
    network.settle(peers, 3)
    expect(tell(network, sponsor, reader)).toEqual([])
    expect(hashes(reader)).toEqual(hashes(sponsor, position))
    expect(hashes(reader).length).toBeGreaterThanOrEqual(peers.length)
    const views = sponsor.parsec.proofs.checkpoints(position + 1).map(({ stateDigest }) => toHex(stateDigest))
    expect(reader.parsec.proofs.checkpoints(position + 1).map(({ stateDigest }) => toHex(stateDigest))).toEqual(views)
  })

  test('it passes over what lies before, and takes what follows, where somebody sends everything', () => {
    const reader = start(world)
    const stranger = network.join(`stranger to ${names.length}`)
    const { effects } = sponsor.parsec.graphBeyond(idOf(sponsor.name), stranger.parsec.summary())
    for (const { bytes } of effects) {
      expect(network.note(reader, reader.parsec.handleGraph(idOf(sponsor.name), bytes)).error).toBeUndefined()
    }
    expect(hashes(reader)).toEqual(hashes(sponsor, position))
    expect(reader.parsec.eventCount).toBeLessThan(sponsor.parsec.eventCount)
  })

  test('it makes nothing before it is let in, then it votes; and is the same again from its facts', () => {
    const reader = start(world)
    expect(reader.parsec.canVote()).toBe(false)
    for (const peer of peers) network.vote(peer, add('reader'))
    network.settle(peers, 4)
    tell(network, sponsor, reader)
    expect(reader.parsec.voters().map(toHex)).toContain(toHex(idOf('reader')))
    expect(reader.parsec.canVote()).toBe(true)
    network.vote(reader, opaque('by the reader'))
    const facts = structuredClone<ParsecFact[]>(reader.facts)
    const again = Parsec.fromFacts(network.group(), signerOf('reader'), facts, reader.blocks.length)
    expect(again.summary()).toEqual(reader.parsec.summary())
    expect(again.blockCount).toBe(reader.parsec.blockCount)
    expect(again.voters()).toEqual(reader.parsec.voters())
  })
})

test('stubs that cannot be loaded are refused, whoever vouches for them', () => {
  const { network, peers, position, base } = settled(['alice', 'bob', 'carol', 'dave'], () => undefined)
  const group = network.group()
  const decoded = decodeBase(base, group.format)
  const refusal = (stubs: readonly Stub[]): string | undefined => {
    const bytes = encodeStubs(stubs)
    const message = vouchMessage(group.id, position, group.hash(bytes))
    const vouches = peers.map(({ name }) => ({ signer: idOf(name), signature: signerOf(name).sign(message) }))
    try {
      Parsec.fromCheckpoint(group, signerOf('reader'), encodeBase({ ...decoded, stubs: bytes, vouches }))
      return undefined
    } catch (error) {
      return error instanceof CheckpointError ? error.data.why : String(error)
    }
  }
  const stubs = decodeStubs(decoded.stubs)
  const [first] = stubs as [Stub]
  expect(refusal(stubs)).toBeUndefined()
  // Of one creator in another order, and each by itself: its own place, and the row's length.
  expect(refusal([...stubs, first])).toBe('its stubs are out of order')
  expect(refusal(stubs.toReversed())).toBe('its stubs are out of order')
  expect(refusal([{ ...first, index: first.index + 1 }])).toBe('its stubs are out of order')
  expect(refusal([{ ...first, known: [...first.known, 0] }])).toBe('its stubs are out of order')
  expect(refusal([{ ...first, creator: decoded.standings.length }])).toBe('its stubs are out of order')
})

test('a voter vouches for stubs of its graph, each once, and looks no further than the first that differs', () => {
  const { network, sponsor, position, base } = settled(['alice', 'bob', 'carol', 'dave'], () => undefined)
  const stubs = decodeStubs(decodeBase(base, network.group().format).stubs)
  const [first, ...others] = stubs as [Stub, ...Stub[]]
  const vouch = (bytes: Uint8Array): Uint8Array | null => sponsor.parsec.bases.vouch(position, bytes)
  expect(vouch(encodeStubs(stubs))).not.toBeNull()
  expect(vouch(encodeStubs([...stubs, first]))).toBeNull()
  const different: readonly Stub[] = [
    { ...first, hash: first.hash.map((byte) => 255 - byte) },
    { ...first, index: first.index + 1 },
    { ...first, creator: first.creator + 1 },
    { ...first, creator: 99 },
    { ...first, known: [] },
    { ...first, known: [...first.known, 0] },
    { ...first, known: first.known.map((count) => count + 1) },
  ]
  for (const stub of different) {
    expect(vouch(encodeStubs([...others, stub]))).toBeNull()
    expect(vouch(new Uint8Array([...encodeStubs([stub, ...others]), 0]))).toBeNull()
  }
  expect(() => vouch(new Uint8Array([...encodeStubs(stubs), 0]))).toThrow()
})

test('what a removed peer builds on the unknown holds up nobody else, and what others build on that stays out', () => {
  const world = settled(['alice', 'bob', 'carol', 'dave', 'erin'], removeErin)
  const { network, sponsor, position } = world
  const reader = start(world)
  const erin = new Forger(network, 'erin')
  const unknown = new Uint8Array(32).fill(7)
  const strange = [erin.vote(opaque('on nothing that is known'), unknown), erin.vote(opaque('and on that'))]
  const all = sponsor.facts.flatMap((fact) => (fact.type === 'GossipEventAccepted' ? [fact.bytes] : []))
  const give = (events: readonly Uint8Array[]) =>
    network.note(reader, reader.parsec.handleGraph(idOf(sponsor.name), encodeMessage(events)))
  expect(give([...strange.map(({ bytes }) => bytes), ...all]).error).toBeUndefined()
  expect(hashes(reader)).toEqual(hashes(sponsor, position))
  const count = reader.parsec.eventCount
  const { bytes } = new Forger(network, sponsor).sign({
    type: 'Request',
    selfParent: tipOf(sponsor),
    otherParent: erin.tip,
  })
  expect(give([bytes]).error?.code).toBe('UnknownOtherParent')
  // Of who still votes nothing is passed over that may count.
  const stranger = new Forger(network, sponsor).vote(opaque('of a voter'), unknown)
  expect(give([stranger.bytes]).error?.code).toBe('UnknownSelfParent')
  expect(reader.parsec.eventCount).toBe(count)
})
