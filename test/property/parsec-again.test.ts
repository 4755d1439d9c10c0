/**
 * parsec §8: a peer that takes the whole graph, its own events included, goes on as if it had always had it: it orders what everybody
 * orders, forks nothing, and does nothing again that it did. Until then its log is that of the former start.
 */
import { describe, expect, it } from 'vitest'
import { equalBytes } from '../../src/base/bytes.ts'
import { present } from '../../src/base/errors.ts'
import { toHex } from '../../src/base/text.ts'
import {
  type GossipEventAccepted,
  Parsec,
  type ParsecFact,
  type ParsecStep,
  parsecFactFromJson,
  parsecFactToJson,
  type Started,
} from '../../src/core/parsec/index.ts'
import { add, idOf, opaque, type Peer, signerOf } from '../support/parsec/network.ts'
import { bare, compare, expectSame, follow, RandomNetwork } from '../support/parsec/random-network.ts'

// More seeds: WITAN_SEEDS=100 npx vitest run test/property/parsec-again.test.ts
const SEEDS = Array.from({ length: Number(process.env['WITAN_SEEDS'] ?? 8) }, (_, i) => `again ${i}`)

/** What a peer makes and nobody gets. */
function alone(world: RandomNetwork, peer: Peer, others: readonly Peer[]): void {
  for (let i = 0; i < world.random.int(0, 3); i += 1) {
    if (peer.parsec.canVote()) world.network.vote(peer, opaque(`alone ${world.random.int(0, 1e6)}`))
    world.network.gossip(peer, world.random.pick(others), { request: true })
  }
}

function othersOf(world: RandomNetwork, { name }: Peer): Peer[] {
  return world.voters.filter((peer) => peer.name !== name && peer.name !== world.forker?.name)
}

function again(world: RandomNetwork, former: Peer): Started<Uint8Array> {
  return Parsec.again(world.network.group(), signerOf(former.name), former.parsec.voters())
}

/** As the peer's host does: what the new start takes is logged while the peer goes on. */
function takeGraph(world: RandomNetwork, former: Peer, goesOn: () => void): Peer {
  const { parsec, step } = again(world, former)
  former.facts.push(...step.facts)
  for (let turn = 0; ; turn += 1) {
    const others = othersOf(world, former)
    const from = present(others[turn % others.length], 'somebody to ask')
    for (const { bytes } of from.parsec.graphBeyond(idOf(former.name), parsec.summary()).effects) {
      const taken = parsec.handleGraph(idOf(from.name), bytes)
      // It needs no more once it knows that it was removed.
      if (!parsec.isRemoved) expect(taken.error).toBeUndefined()
      expect([...taken.effects, ...taken.faults]).toEqual([])
      former.facts.push(...taken.facts)
    }
    if (turn < 2) {
      goesOn()
      continue
    }
    const over = parsec.takeOver(former.parsec)
    const peer = { ...former, parsec }
    if (over.error === undefined) {
      world.network.note(peer, over)
      world.replace(former, peer)
      return peer
    }
    former.facts.push(...over.facts)
    expect(over.error.code, `refused: ${over.error.message}`).toMatch(/^Unknown(Self|Other)Parent$/)
    expect(turn, 'somebody has what it lacks').toBeLessThan(20)
  }
}

const ownEvents = (facts: readonly ParsecFact[], name: string): string[] =>
  facts.flatMap((fact) =>
    fact.type === 'GossipEventAccepted' && equalBytes(fact.bytes.subarray(0, 32), idOf(name)) ? [toHex(fact.hash)] : [],
  )

/** What a log amounts to, in short. */
function gist(world: RandomNetwork, name: string, facts: readonly ParsecFact[]): unknown {
  return gistOf(Parsec.fromFacts(world.network.group(), signerOf(name), facts))
}

function gistOf(parsec: Parsec): unknown {
  return [toHex(parsec.summary()), parsec.blockCount, parsec.voters().map(toHex), parsec.proofs.checkpoints().map(bare)]
}

/** Wherever the log breaks off, it is that of the former start, or of the new one. */
function expectRecovers(world: RandomNetwork, { name, facts }: Peer, seed: string): void {
  const begun = facts.findLastIndex((fact) => fact.type === 'PeerStarted' && fact.origin === 'again')
  const taken = facts.findLastIndex(({ type }) => type === 'GraphTaken')
  const all = Array.from({ length: taken + 2 - begun }, (_, i) => begun + i)
  const cuts = [begun, begun + 1, taken, taken + 1, ...Array.from({ length: 12 }, () => world.random.pick(all))]
  for (const cut of cuts) {
    const former = facts.slice(0, cut).filter(({ forNext }, at) => forNext !== true && at !== begun)
    if (cut <= taken) {
      expect(gist(world, name, facts.slice(0, cut)), `${seed}: cut at ${cut}`).toEqual(gist(world, name, former))
      continue
    }
    const own = ownEvents(former, name)
    const now = new Set(ownEvents(facts.slice(begun, cut), name))
    expect(own.filter((hash) => !now.has(hash), `${seed}: own events`)).toEqual([])
  }
}

/** Through the log's form too: the blocks come in the same places. */
function expectSameFromLog(world: RandomNetwork, { name, facts, blocks }: Peer, seed: string): void {
  const read = facts.map((fact) => parsecFactFromJson(fact.type, parsecFactToJson(fact)))
  expect(read, `${seed}: as before`).toEqual(facts)
  const from = (polled: number): Parsec => Parsec.fromFacts(world.network.group(), signerOf(name), read, polled)
  expect(from(0).poll()?.hash, `${seed}: the first block`).toEqual(blocks[0]?.hash)
  expect(from(blocks.length).poll(), `${seed}: no more blocks`).toBeUndefined()
}

/** All that was signed with a peer's key, by position: once. */
function expectSignedOnce({ facts }: Peer, seed: string): void {
  const signed = new Map<number, string>()
  for (const fact of facts) {
    if (fact.type !== 'CheckpointSigned') continue
    const what = `${toHex(fact.statement)} ${toHex(fact.signature)}`
    expect(signed.get(fact.position) ?? what, `${seed}: signed at ${fact.position}`).toBe(what)
    expect(signed.has(fact.position) && fact.forNext !== true, `${seed}: signed again at ${fact.position}`).toBe(false)
    signed.set(fact.position, what)
  }
}

/** Events that came from the former start, and from nobody else. */
function leftOver(facts: readonly ParsecFact[]): number {
  const before = new Set(facts.flatMap((fact) => (fact.forNext === true || !isEvent(fact) ? [] : [toHex(fact.hash)])))
  const taken = facts.findLastIndex(({ type }) => type === 'GraphTaken')
  const last = facts.slice(0, taken).findLast(isEvent)
  return last !== undefined && before.has(toHex(last.hash)) ? 1 : 0
}

const isEvent = (fact: ParsecFact): fact is GossipEventAccepted => fact.type === 'GossipEventAccepted'

/** A peer starts from a checkpoint, is admitted, and votes. */
function joinFromBase(world: RandomNetwork): Peer {
  const { bytes } = world.someBase()
  const reader = follow(world, bytes)
  world.peers.push(reader)
  world.network.peers.push(reader)
  for (let i = 0; i < 5 && !reader.parsec.canVote(); i += 1) {
    for (const peer of world.voters) world.voteOnce(peer, add('reader'))
    world.settle()
    for (const from of othersOf(world, reader)) compare(world, reader, from, from)
  }
  expect(reader.parsec.canVote()).toBe(true)
  world.run(60)
  return reader
}

/** The signature of the event that ends an answer. */
function endOf(step: ParsecStep<Uint8Array> | undefined): string | undefined {
  const answer = step?.effects.findLast(({ kind }) => kind === 'response')
  return answer && toHex(answer.bytes.subarray(-64))
}

describe.each([true, false])('a peer that takes the whole graph, where malice is detected: %s', (detectsMalice) => {
  let gotOn = 0
  let lonely = 0
  let joined = 0
  const goesOn = (seed: string, begin: (world: RandomNetwork) => Peer): number => {
    const world = new RandomNetwork(seed, detectsMalice)
    world.run(world.random.int(60, 250))
    const former = begin(world)
    joined += Number(former.parsec.startedAt > 0)
    const voted = opaque('voted for before')
    world.network.vote(former, voted)
    const asker = world.random.pick(othersOf(world, former))
    const request = world.network.ask(asker, former).effects.find(({ kind }) => kind === 'request')
    const answer = request === undefined ? undefined : world.network.deliver(asker, former, request)
    const peer = takeGraph(world, former, () => {
      alone(world, former, othersOf(world, former))
      world.run(world.random.int(0, 10))
    })
    const blocks = peer.blocks.length
    lonely += Number(leftOver(peer.facts) > 0)
    expect(blocks).toBeGreaterThanOrEqual(former.blocks.length)
    expectRecovers(world, peer, seed)
    if (!peer.parsec.isRemoved)
      expect(peer.parsec.voteFor(voted).error?.code, `${seed}: as before`).toBe('DuplicateVote')
    if (request !== undefined && answer?.error === undefined && !peer.parsec.isRemoved) {
      const repeated = world.network.deliver(asker, peer, request)
      expect(repeated.error?.code, `${seed}: as before`).toBe('DuplicateMessage')
      expect(repeated.facts, `${seed}: as before`).toEqual([])
      expect(endOf(repeated), `${seed}: as before`).toBe(endOf(answer))
    }
    world.settle()
    world.run(150)
    world.settle()
    const start = former.parsec.startedAt
    expectSame(peer, start, othersOf(world, peer), seed)
    const most = Math.max(...othersOf(world, peer).map((it) => it.blocks.length))
    if (world.voters.includes(peer)) expect(start + peer.blocks.length, `${seed}: it gets on`).toBe(most)
    gotOn += Number(peer.blocks.length > blocks)
    for (const { name, parsec, blocks: seen } of world.peers) {
      expect(parsec.offences(), `${seed}: ${name} finds nothing`).toEqual([])
      expect(seen.some(({ payload }) => payload.type === 'Accusation')).toBe(false)
    }
    expectSignedOnce(peer, seed)
    expect(gist(world, peer.name, peer.facts), `${seed}: as before`).toEqual(gistOf(peer.parsec))
    expectSameFromLog(world, peer, seed)
    return peer.facts.filter(({ type }) => type === 'GraphTaken').length
  }
  const half = Math.ceil(SEEDS.length / 2)
  it.each(SEEDS.slice(0, half))('goes on where it was, from genesis (seed %s)', (seed) => {
    expect(goesOn(seed, (world) => world.random.pick(world.voters))).toBe(1)
  })

  it.each(SEEDS.slice(half))('goes on where it was, from a checkpoint (seed %s)', (seed) => {
    expect(goesOn(seed, joinFromBase)).toBe(1)
  })

  it('most of them got on, and some had events that nobody else had', () => {
    expect(joined).toBeGreaterThan(0)
    expect(gotOn).toBeGreaterThan(SEEDS.length / 4)
    expect(lonely).toBeGreaterThan(0)
  })
})

describe('who takes over', () => {
  const world = new RandomNetwork('refusals', true, 4)
  world.run(120)
  world.settle()
  const former = present(world.voters[0], 'a voter')
  const older = Parsec.fromFacts(world.network.group(), signerOf(former.name), former.facts)
  const begin = (): Parsec => again(world, former).parsec
  const taking = (): Parsec => {
    const parsec = begin()
    const from = present(othersOf(world, former)[0], 'another')
    for (const { bytes } of from.parsec.graphBeyond(idOf(former.name), parsec.summary()).effects)
      expect(parsec.handleGraph(idOf(from.name), bytes).error).toBeUndefined()
    return parsec
  }

  it('makes, signs and sends nothing before', () => {
    const parsec = taking()
    expect(parsec.proofs.checkpoints().length).toBeGreaterThan(0)
    expect(parsec.canVote()).toBe(false)
    expect(parsec.voteFor(opaque('too early')).error?.code).toBe('InvalidSelfState')
    expect(parsec.gossipRecipients()).toEqual([])
  })

  it('refuses a graph with events of ours that we do not know', () => {
    for (let i = 0; i < 3; i += 1) world.network.vote(former, opaque(`later ${i}`))
    world.settle()
    const { error, facts } = taking().takeOver(older)
    expect(error?.code).toBe('GraphDiffers')
    expect(facts.some(({ type }) => type === 'GraphTaken')).toBe(false)
    expect(taking().takeOver(former.parsec).error).toBeUndefined()
  })

  it('refuses another order', () => {
    const other = new RandomNetwork('another order', true, 4)
    const stranger = present(other.peers[0], 'a peer')
    const { parsec } = again(other, stranger)
    expect(parsec.takeOver(former.parsec).error).toBeDefined()
    expect(former.parsec.takeOver(parsec).error?.code).toBe('Logic')
  })

  it('may begin once more where a crash cut it off', () => {
    const facts = [...former.facts]
    const first = again(world, former)
    facts.push(...first.step.facts, ...first.parsec.takeOver(former.parsec).facts.slice(0, 20))
    const recovered = Parsec.fromFacts(world.network.group(), signerOf(former.name), facts)
    expect(gistOf(recovered)).toEqual(gistOf(former.parsec))
    facts.push(...recovered.voteFor(opaque('meanwhile')).facts)
    const second = again(world, former)
    facts.push(...second.step.facts, ...second.parsec.takeOver(recovered).facts)
    expect(gist(world, former.name, facts)).toEqual(gistOf(recovered))
    expect(gistOf(second.parsec)).toEqual(gistOf(recovered))
  })
})
