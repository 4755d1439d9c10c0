import { Graphviz } from '@hpcc-js/wasm-graphviz'
import { describe, expect, test } from 'vitest'
import { fromHex, toHex } from '../../src/base/text.ts'
import {
  bytesGroup,
  decodeEvent,
  type GossipEventAccepted,
  inspect,
  type Observation,
  Parsec,
  type ParsecFact,
  type ParsecStep,
} from '../../src/core/parsec/index.ts'
import { ed25519Signer } from '../../src/crypto/index.ts'
import { toDot } from '../../src/inspector/index.ts'
import type { Signer } from '../../src/ports/signature-scheme.ts'

const MEMBERS = 4
const signers = Array.from({ length: MEMBERS }, (_, i) => ed25519Signer(new Uint8Array(32).fill(i + 1)))
const group = bytesGroup({ members: signers.map(({ identity }) => identity), mode: 'single' })
const payload = (hex: string): Observation => ({ type: 'OpaquePayload', payload: fromHex(hex) })
const describeVote = (it: Observation): string => (it.type === 'OpaquePayload' ? `<${toHex(it.payload)}>` : it.type)

interface Peer {
  parsec: Parsec
  facts: ParsecFact[]
  blocks: string[]
}

function keep(peer: Peer, step: ParsecStep<Uint8Array>): ParsecStep<Uint8Array> {
  peer.facts.push(...step.facts)
  peer.blocks.push(...step.blocks.map(({ payload: decided }) => describeVote(decided)))
  return step
}

function gossip(from: Peer, to: Peer): void {
  for (const request of keep(from, from.parsec.createGossip(to.parsec.ourId)).effects) {
    for (const answer of keep(to, to.parsec.handleRequest(from.parsec.ourId, request.bytes)).effects) {
      keep(from, from.parsec.handleResponse(to.parsec.ourId, answer.bytes))
    }
  }
}

function start(): Peer[] {
  return signers.map((signer) => {
    const peer: Peer = { ...Parsec.fromGenesis(group, signer), facts: [], blocks: [] }
    keep(peer, Parsec.fromGenesis(group, signer).step)
    return peer
  })
}

function everybodyGossips(peers: readonly Peer[]): void {
  for (const from of peers) for (const to of peers) if (from !== to) gossip(from, to)
}

/** Two payloads, then one more, then the removal of the last peer: three elections at least. */
function network(): Peer[] {
  const peers = start()
  const [a, b, c, d] = peers as [Peer, Peer, Peer, Peer]
  keep(a, a.parsec.voteFor(payload('01')))
  keep(c, c.parsec.voteFor(payload('02')))
  everybodyGossips(peers)
  everybodyGossips(peers)
  keep(b, b.parsec.voteFor(payload('03')))
  for (const peer of [a, b, c])
    keep(peer, peer.parsec.voteFor({ type: 'Remove', peerId: d.parsec.ourId, relatedInfo: new Uint8Array(0) }))
  for (let round = 0; round < 3; round += 1) everybodyGossips([a, b, c])
  return peers
}

const accepted = (facts: readonly ParsecFact[]): GossipEventAccepted[] =>
  facts.filter((fact) => fact.type === 'GossipEventAccepted')
const matches = (text: string, pattern: RegExp): string[][] =>
  [...text.matchAll(pattern)].map(([, ...groups]) => groups)

describe('toDot', () => {
  const [peer] = network() as [Peer]
  const facts = accepted(peer.facts)
  const dot = toDot(group, peer.facts, { describe: describeVote })
  const nodes = matches(dot, /^ {2}e(\d+) \[label=<(.*)>, pos="([-\d.]+),([-\d.]+)!"(.*)\];$/gm)

  test('the network decided in several elections', () => {
    expect(peer.blocks).toEqual(expect.arrayContaining(['Genesis', '<01>', '<02>', '<03>', 'Remove']))
    expect(inspect(group, peer.facts).elections.length).toBeGreaterThan(2)
  })

  test('draws each event once', () => {
    expect(nodes.map(([event]) => Number(event))).toEqual(facts.map((_, event) => event))
  })

  test('has one lane a peer, and every event in its lane', () => {
    const lanes = matches(dot, /^ {2}lane(\d+) \[label=<<B>(.*)<\/B>>, pos="([-\d.]+),0!"/gm)
    const xOf = new Map(lanes.map(([, name, x]) => [name, x]))
    expect([...xOf.keys()]).toEqual(group.members.map((id) => toHex(id.subarray(0, 4))))
    expect(new Set(xOf.values()).size).toBe(MEMBERS)
    for (const [event, fact] of facts.entries()) {
      const creator = toHex(decodeEvent(fact.bytes, group.format).creator.subarray(0, 4))
      expect(nodes[event]?.[2], `event ${event}`).toBe(xOf.get(creator))
    }
  })

  test('has an edge to each parent, which stands above', () => {
    const numberOf = new Map(facts.map(({ hash }, event) => [toHex(hash), event]))
    const expected = facts.flatMap(({ bytes }, event) => {
      const { selfParent, otherParent } = decodeEvent(bytes, group.format)
      return [selfParent, otherParent].filter((hash) => hash !== null).map((hash) => [event, numberOf.get(toHex(hash))])
    })
    const edges = matches(dot, /^ {2}e(\d+) -> e(\d+) \[/gm).map((ends) => ends.map(Number))
    expect(edges).toEqual(expected)
    const heights = nodes.map(([, , , y]) => Number(y))
    const falling = edges.filter(([child = -1, parent = -1]) => (heights[child] ?? 0) < (heights[parent] ?? 0))
    expect(falling).toEqual(edges)
  })

  test('marks what was decided, in the agreed order, at the events that ended an election and at the votes', () => {
    const ends = nodes.filter(([, , , , style]) => style?.includes('peripheries=2'))
    expect(ends.length).toBe(inspect(group, peer.facts).elections.length - 1)
    const decided = ends.flatMap(([, label = '']) => matches(label, /<B>#(\d+) (.*?)(?: \(by \w+\))?<\/B>/g))
    const unescaped = decided.map(([order, text = '']) => [
      order,
      text.replace('&lt;', '<').replace('&gt;', '>').split(' ')[0],
    ])
    expect(unescaped).toEqual(peer.blocks.map((text, order) => [`${order}`, text]))
    const votes = nodes.filter(([, label = '']) => label.includes('votes &lt;02&gt;'))
    expect(votes.map(([, label]) => label)).toEqual([expect.stringMatching(/decided as #\d/)])
  })

  test('is read by graphviz, each node an element of the picture', async () => {
    const beginning = peer.facts.slice(0, 40)
    const text = toDot(group, beginning, { describe: describeVote, title: 'A & B <3' })
    const svg = (await Graphviz.load()).layout(text, 'svg', 'neato')
    expect(matches(svg, /<g id="(\w+)" class="node/g).length).toBe(beginning.length - 1 + MEMBERS)
    expect(svg).toContain('A &amp; B &lt;3')
  })
})

describe('inspect', () => {
  const [peer] = network() as [Peer]
  const { elections, events } = inspect(group, peer.facts)

  test('observers observe a supermajority, and nothing votes before an observer does', () => {
    for (const { voters, metaEvents } of elections) {
      const observers = metaEvents.filter(({ observees }) => observees !== null)
      for (const { observees, votes } of observers) {
        expect(3 * (observees?.length ?? 0)).toBeGreaterThan(2 * voters.length)
        expect(votes.every(({ steps }) => steps[0]?.round === 0 && steps[0].step === 'ForcedTrue')).toBe(true)
      }
      // Without forks a creator's events are a chain, and what follows an observer is none.
      const creators = observers.map(({ event }) => events[event]?.creator)
      expect(new Set(creators).size).toBe(creators.length)
      const voting = metaEvents.find(({ votes }) => votes.some(({ steps }) => steps.length > 0))
      expect(voting).toBe(observers[0])
    }
  })

  test('what counts is interesting, and holds all that was decided', () => {
    for (const { metaEvents, outcome } of elections) {
      if (outcome === null) continue
      const texts = (keys: readonly { readonly observation: Observation }[]): string[] =>
        keys.map(({ observation }) => describeVote(observation))
      const counted = outcome.counted.flatMap((first) => metaEvents.find(({ event }) => event === first)?.content ?? [])
      expect(new Set(texts(counted))).toEqual(new Set(texts(outcome.decided)))
      for (const key of outcome.decided)
        for (const vote of key.votes) expect(events[vote]?.observation).toEqual(key.observation)
      const last = metaEvents.find(({ event }) => event === outcome.event)
      for (const { steps } of last?.votes ?? []) expect(steps.at(-1)?.decision).not.toBeNull()
    }
  })
})

test('branches of a forker stand side by side', () => {
  const [a, b, c, d] = start() as [Peer, Peer, Peer, Peer]
  const key = signers[3] as Signer
  const twin: Peer = { parsec: Parsec.fromFacts(group, key, d.facts), facts: [...d.facts], blocks: [] }
  keep(d, d.parsec.voteFor(payload('aa')))
  keep(twin, twin.parsec.voteFor(payload('bb')))
  gossip(a, d)
  gossip(b, twin)
  for (let round = 0; round < 2; round += 1) everybodyGossips([a, b, c])
  const dot = toDot(group, a.facts)
  const places = matches(dot, /^ {2}e\d+ \[label=<.*>, (pos="[-\d.,]+!")/gm).map(([pos]) => pos)
  expect(new Set(places).size).toBe(a.parsec.eventCount)
  const forked = inspect(group, a.facts).events.filter(({ index }) => index === 2).length
  expect(forked).toBe(MEMBERS + 1)
})

test('a removed peer has no election under way, one that stays has', () => {
  const peers = start()
  const [a, b, c, d] = peers as [Peer, Peer, Peer, Peer]
  for (const peer of [a, b, c])
    keep(peer, peer.parsec.voteFor({ type: 'Remove', peerId: d.parsec.ourId, relatedInfo: new Uint8Array(0) }))
  // It hears of everything at once, so that it decides as early as anybody.
  for (let round = 0; round < 12; round += 1) {
    for (const [from, to] of [
      [a, b],
      [b, c],
      [c, a],
    ] as const) {
      gossip(from, to)
      for (const peer of [a, b, c]) gossip(d, peer)
    }
  }
  expect(d.parsec.isRemoved).toBe(true)
  const outcomes = ({ facts }: Peer): boolean[] =>
    inspect(group, facts).elections.map(({ outcome }) => outcome !== null)
  expect(outcomes(d)).toEqual(outcomes(a).slice(0, -1))
  expect(outcomes(a).at(-1)).toBe(false)
  expect(toDot(group, d.facts)).toContain('election 0 ends here')
})
