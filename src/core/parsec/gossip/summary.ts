/**
 * @module core/parsec/gossip/summary
 *
 * What a peer knows, in a few bytes a creator, so that peers with nothing to agree on can compare without making events
 * (parsec §8). A summary is a hint, neither signed nor believed: who lies in it gets too much or too little of the graph.
 *
 * Encoding: a sequence of (id, u64 number of indexes known, u64 members of fork sets known), in order of id, of creators
 * that have events.
 */

import { type Bytes, compareBytes } from '../../../base/bytes.ts'
import { toHex } from '../../../base/text.ts'
import { CanonicalReader } from '../../../wire/canonical/reader.ts'
import { CanonicalWriter } from '../../../wire/canonical/writer.ts'
import type { EventIndex, Graph, PeerIndex } from '../graph/graph.ts'
import type { PeerList } from '../membership/peer-list.ts'
import type { State } from '../state.ts'

export interface Summary {
  /** By hex of the creator's id. */
  readonly known: ReadonlyMap<string, Knowledge>
}

interface Knowledge {
  readonly places: number
  readonly forkMembers: number
}

export interface Comparison {
  readonly weLack: boolean
  readonly theyLack: boolean
}

const NOTHING: Knowledge = { places: 0, forkMembers: 0 }

function knowledgeOf(graph: Graph, peer: PeerIndex): Knowledge {
  let forkMembers = 0
  for (const members of graph.forkSetsOf(peer).values()) forkMembers += members.length
  return { places: graph.placesOf(peer), forkMembers }
}

export function encodeSummary<P>({ graph, peers }: State<P>): Bytes {
  const creators = Array.from({ length: peers.count }, (_, peer) => peer)
    .filter((peer) => graph.placesOf(peer) > 0)
    .sort((a, b) => compareBytes(peers.idOf(a), peers.idOf(b)))
  const writer = new CanonicalWriter()
  writer.u64(creators.length)
  for (const peer of creators) {
    const { places, forkMembers } = knowledgeOf(graph, peer)
    writer.fixed(peers.idOf(peer)).u64(places).u64(forkMembers)
  }
  return writer.finish()
}

/** Throws a `CodecError`. */
export function decodeSummary<P>({ group }: State<P>, bytes: Bytes): Summary {
  const { identity, limits } = group.format
  const reader = new CanonicalReader(bytes)
  const count = reader.count(identity.minBytes + 16, limits.maxSetItems, 'summary')
  const known = new Map<string, Knowledge>()
  for (let i = 0; i < count; i += 1) {
    const id = toHex(identity.read(reader))
    known.set(id, { places: reader.u64(), forkMembers: reader.u64() })
  }
  reader.finish()
  return { known }
}

export function compareSummary<P>({ graph, peers }: State<P>, summary: Summary): Comparison {
  let weLack = false
  let theyLack = false
  let shared = 0
  for (let peer = 0; peer < peers.count; peer += 1) {
    const ours = knowledgeOf(graph, peer)
    const theirs = summary.known.get(toHex(peers.idOf(peer)))
    if (theirs !== undefined) shared += 1
    const { places, forkMembers } = theirs ?? NOTHING
    weLack ||= places > ours.places || forkMembers > ours.forkMembers
    theyLack ||= places < ours.places || forkMembers < ours.forkMembers
  }
  return { weLack: weLack || shared < summary.known.size, theyLack: theyLack && mayGive(graph, peers, summary) }
}

/** parsec §8: who started from a checkpoint cannot give what it has stubs for only, nor what stands on it. */
function mayGive(graph: Graph, peers: PeerList, { known }: Summary): boolean {
  if (graph.base === 0) return true
  for (let peer = 0; peer < peers.count; peer += 1) {
    const { places, forkMembers } = known.get(toHex(peers.idOf(peer))) ?? NOTHING
    if (places < graph.prunedPlaces(peer) || forkMembers < prunedForkMembers(graph, peer)) return false
  }
  return true
}

function prunedForkMembers(graph: Graph, peer: PeerIndex): number {
  if (!graph.isTangled(peer)) return 0
  const pruned = [...graph.forkSetsOf(peer).values()].map((members) => members.filter((it) => it < graph.base).length)
  return pruned.reduce((sum, members) => sum + (members > 1 ? members : 0), 0)
}

/** The events that a peer with this summary lacks, in insertion order; of a forker whose branches differ, all of them. */
export function eventsBeyondSummary<P>({ graph, peers }: State<P>, summary: Summary): readonly EventIndex[] {
  if (!mayGive(graph, peers, summary)) return []
  const events: EventIndex[] = []
  for (let peer = 0; peer < peers.count; peer += 1) {
    const ours = knowledgeOf(graph, peer)
    const theirs = summary.known.get(toHex(peers.idOf(peer))) ?? NOTHING
    const from = theirs.forkMembers === ours.forkMembers ? theirs.places : 0
    for (let place = from; place < ours.places; place += 1) {
      for (const event of graph.membersAt(peer, place)) if (event >= graph.base) events.push(event)
    }
  }
  return events.sort((a, b) => a - b)
}

/** The first event, in insertion order, that it lacks for certain; what it lacks before, it may have, since it is a forker's. */
export function firstBeyondSummary<P>({ graph, peers }: State<P>, summary: Summary): EventIndex {
  let first = graph.size
  for (let peer = 0; peer < peers.count; peer += 1) {
    const { places } = summary.known.get(toHex(peers.idOf(peer))) ?? NOTHING
    const place = Math.max(places, graph.prunedPlaces(peer))
    if (place < graph.placesOf(peer)) first = Math.min(first, graph.firstAt(peer, place))
  }
  return first
}
