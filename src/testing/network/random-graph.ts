/**
 * @module testing/network/random-graph
 *
 * A gossip graph drawn by lot, as plain vertices: it can be written down for any group, in any topological order, and
 * given to an engine as facts. So one graph can be judged under both books of rules (parsec §5).
 */

import { concatBytes } from '../../base/bytes.ts'
import { present } from '../../base/errors.ts'
import {
  bytesGroup,
  type Cause,
  type Compatibility,
  type EventHash,
  encodeObservation,
  fixedIdentity,
  type GossipEventAccepted,
  type Group,
  type Observation,
  Parsec,
  type PeerId,
} from '../../core/parsec/index.ts'
import { encodeContent } from '../../wire/canonical/event.ts'
import type { SeededRandom } from '../seeded-random.ts'
import { MIXED_MODE, SINGLE, SUPERMAJORITY } from './agenda.ts'
import { CHECKSUM_BYTES, CHECKSUM_IDENTITY_BYTES, checksumSigner } from './checksum-scheme.ts'
import { keyOf } from './node.ts'

const EMPTY = new Uint8Array(0)

interface Vertex {
  readonly creator: number
  /** Of a peer's instances, the one that made it. */
  readonly branch: number
  /** Numbers of earlier vertices, or -1. */
  readonly selfParent: number
  readonly otherParent: number
  readonly vote: Observation | 'genesis' | null
}

export interface RandomGraph {
  readonly ids: readonly PeerId[]
  /** The first `members` of the ids are genesis members; the others join. */
  readonly members: number
  readonly forkers: number
  /** Parents first. */
  readonly vertices: readonly Vertex[]
}

interface Instance {
  readonly peer: number
  readonly branch: number
  tip: number
  readonly voted: Set<number>
}

/** The graph as far as it is drawn. */
class Drawing {
  readonly vertices: Vertex[] = []
  readonly #random: SeededRandom
  readonly #instances: Instance[][] = []
  /** By forker: the peers that see its hidden branch. */
  readonly #audiences: ReadonlySet<number>[] = []
  /** By peer: how often it takes part, 0 to 1. */
  readonly #activity: number[] = []
  #branches = 0

  constructor(random: SeededRandom, peers: number, members: number, forkers: number) {
    this.#random = random
    for (let peer = 0; peer < peers; peer += 1) {
      const instance = { peer, branch: this.#newBranch(), tip: -1, voted: new Set<number>() }
      this.#instances.push([instance])
      this.#audiences.push(new Set())
      this.#activity.push(peer >= forkers && random.chance(0.3) ? 0.15 : 1)
      this.add(instance, -1, null)
      if (peer < members) this.add(instance, -1, 'genesis')
    }
  }

  #newBranch(): number {
    this.#branches += 1
    return this.#branches - 1
  }

  add(by: Instance, otherParent: number, vote: Vertex['vote']): void {
    this.vertices.push({ creator: by.peer, branch: by.branch, selfParent: by.tip, otherParent, vote })
    by.tip = this.vertices.length - 1
  }

  /** A peer by lot, the busy ones more often. */
  someone(): number {
    for (;;) {
      const peer = this.#random.int(0, this.#activity.length - 1)
      if (this.#random.chance(this.#activity[peer] ?? 1)) return peer
    }
  }

  anyOf(peer: number): Instance {
    return this.#random.pick(this.#instances[peer] ?? [])
  }

  shows(instance: Instance, to: number): boolean {
    return this.shownTo(instance.peer, to) === instance
  }

  shownTo(peer: number, to: number): Instance {
    const [first, hidden = first] = this.#instances[peer] ?? []
    return present(this.#audiences[peer]?.has(to) === true ? hidden : first, 'there is an instance')
  }

  /** From here on a second branch, shown to the idle peers and to some others. */
  split(peer: number): void {
    const past = this.anyOf(peer)
    this.#instances[peer] = [past, { ...past, branch: this.#newBranch(), voted: new Set(past.voted) }]
    const rate = this.#random.pick([0.1, 0.3, 0.5])
    const sees = (activity: number): boolean => activity < 1 || this.#random.chance(rate)
    this.#audiences[peer] = new Set(this.#activity.flatMap((activity, to) => (sees(activity) ? [to] : [])))
  }
}

/** `size`: about how many vertices. */
export function randomGraph(random: SeededRandom, size: number): RandomGraph {
  const members = random.pick([4, 4, 5, 6, 7, 7])
  const joining = random.chance(0.2) ? 1 : 0
  const forkers = random.chance(0.1) ? 0 : random.int(1, Math.ceil(members / 3) - 1)
  const peers = members + joining
  const ids = Array.from({ length: peers }, (_, peer) => random.fork(`id ${peer}`).bytes(CHECKSUM_IDENTITY_BYTES))
  const observations = observationsFor(random, ids, members, forkers)
  const drawing = new Drawing(random, peers, members, forkers)
  const voteRate = random.pick([0.1, 0.2, 0.3])
  const splitRate = random.pick([0.02, 0.05, 0.1])
  while (drawing.vertices.length < size) {
    const peer = drawing.someone()
    if (peer < forkers && random.chance(splitRate)) drawing.split(peer)
    const by = drawing.anyOf(peer)
    if (random.chance(voteRate)) {
      // All vote for much the same at a time, in orders of their own.
      const newest = Math.floor((drawing.vertices.length / size) * observations.length)
      const number = random.int(Math.max(0, newest - 4), Math.min(newest, observations.length - 1))
      if (by.voted.has(number)) continue
      by.voted.add(number)
      drawing.add(by, -1, present(observations[number], 'drawn from the list'))
      continue
    }
    const to = drawing.someone()
    if (to === peer) continue
    const other = drawing.shownTo(to, peer)
    drawing.add(by, other.tip, null)
    if (drawing.shows(by, to) && random.chance(0.7)) drawing.add(other, by.tip, null)
  }
  return { ids, members, forkers, vertices: drawing.vertices }
}

function observationsFor(
  random: SeededRandom,
  ids: readonly PeerId[],
  members: number,
  forkers: number,
): readonly Observation[] {
  const payloads = Array.from({ length: random.int(8, 24) }, (_, i): Observation => {
    return { type: 'OpaquePayload', payload: Uint8Array.of(random.chance(0.3) ? SINGLE : SUPERMAJORITY, i) }
  })
  const joiners = ids.slice(members).map((peerId): Observation => ({ type: 'Add', peerId, relatedInfo: EMPTY }))
  const leaver = forkers > 0 && random.chance(0.3) ? present(ids[0], 'a forker') : null
  if (leaver === null) return random.shuffle([...payloads, ...joiners])
  return random.shuffle([...payloads, ...joiners, { type: 'Remove', peerId: leaver, relatedInfo: EMPTY }])
}

/** A topological order drawn by lot; some branches are much later than others. */
export function randomOrder(random: SeededRandom, graph: RandomGraph): readonly number[] {
  const children: number[][] = graph.vertices.map(() => [])
  const missing = graph.vertices.map(({ selfParent, otherParent }, vertex) => {
    const parents = [selfParent, otherParent].filter((parent) => parent >= 0)
    for (const parent of parents) children[parent]?.push(vertex)
    return parents.length
  })
  const haste = new Map<number, number>()
  const hasteOf = (vertex: number): number => {
    const branch = graph.vertices[vertex]?.branch ?? 0
    const known = haste.get(branch) ?? random.fraction()
    haste.set(branch, known)
    return known
  }
  const ready = graph.vertices.flatMap((_, vertex) => (missing[vertex] === 0 ? [vertex] : []))
  const order: number[] = []
  const strength = random.pick([1, 2, 4, 8])
  while (ready.length > 0) {
    const candidates = Array.from({ length: strength }, () => random.int(0, ready.length - 1))
    const [at = 0] = candidates.sort((a, b) => hasteOf(ready[b] ?? 0) - hasteOf(ready[a] ?? 0))
    const vertex = present(ready[at], 'an index below the length')
    ready.splice(at, 1)
    order.push(vertex)
    for (const child of children[vertex] ?? []) {
      const left = (missing[child] ?? 0) - 1
      missing[child] = left
      if (left === 0) ready.push(child)
    }
  }
  return order
}

export class WrittenGraph {
  readonly #graph: RandomGraph
  readonly #group: Group<Uint8Array>
  readonly #facts: readonly GossipEventAccepted[]

  constructor(graph: RandomGraph, compatibility: Compatibility, hash?: (bytes: Uint8Array) => Uint8Array) {
    this.#graph = graph
    this.#group = bytesGroup({
      members: graph.ids.slice(0, graph.members),
      mode: MIXED_MODE,
      compatibility,
      identity: fixedIdentity(CHECKSUM_IDENTITY_BYTES),
      signatureBytes: CHECKSUM_BYTES,
      ...(hash === undefined ? {} : { hash }),
    })
    this.#facts = this.#write()
  }

  #write(): readonly GossipEventAccepted[] {
    const { format, eventMessage, genesis } = {
      format: this.#group.format,
      eventMessage: (content: Uint8Array) => this.#group.eventMessage(content),
      genesis: this.#group.genesis,
    }
    const hashes: EventHash[] = []
    const hashAt = (vertex: number): EventHash => present(hashes[vertex], 'parents come first')
    return this.#graph.vertices.map(({ creator, selfParent, otherParent, vote }) => {
      const observation = vote === 'genesis' ? genesis : vote
      const cause = ((): Cause => {
        if (selfParent < 0) return { type: 'Initial' }
        if (observation === null) {
          return { type: 'Request', selfParent: hashAt(selfParent), otherParent: hashAt(otherParent) }
        }
        const voteSignature = new Uint8Array(CHECKSUM_BYTES)
        return { type: 'Observation', selfParent: hashAt(selfParent), observation, voteSignature }
      })()
      const content = encodeContent(present(this.#graph.ids[creator], 'creators have ids'), cause, format)
      const hash = this.#group.hash(eventMessage(content))
      hashes.push(hash)
      const observationHash = observation === null ? null : this.#group.hash(encodeObservation(observation, format))
      const bytes = concatBytes(content, new Uint8Array(CHECKSUM_BYTES))
      return { type: 'GossipEventAccepted', hash, bytes, observationHash }
    })
  }

  /** The keys of the blocks that an onlooker gets who takes the events in this order. */
  blocks(order: readonly number[]): readonly string[] {
    const self = new Uint8Array(CHECKSUM_IDENTITY_BYTES).fill(0xff)
    const { members, genesis } = this.#group
    const started = {
      type: 'PeerStarted',
      self,
      origin: 'existing',
      members,
      relatedInfo: genesis.relatedInfo,
      section: this.#graph.ids,
    } as const
    const facts = order.map((vertex) => present(this.#facts[vertex], 'orders hold vertices'))
    const parsec = Parsec.fromFacts(this.#group, checksumSigner(self), [started, ...facts])
    const keys: string[] = []
    for (let block = parsec.poll(); block !== undefined; block = parsec.poll()) keys.push(keyOf(this.#group, block))
    return keys
  }
}
