/**
 * @module core/parsec/checkpoint/make-base
 *
 * What others may start from (parsec §8): the state at a proven checkpoint, and stubs of the settled events that what follows stands on.
 * The state proves itself by the checkpoint's digest. For stubs voters vouch: each compares them with its own graph.
 *
 * A forker that the order removed counts nowhere from there on: it is no voter, its `Single` keys are void, and no vote of it makes up a
 * majority. Its events matter as parents of others only, so that all of its settled events are stubs, on whichever branch they stand.
 */

import { type Bytes, equalBytes } from '../../../base/bytes.ts'
import { assert } from '../../../base/errors.ts'
import {
  type CheckpointBase,
  encodeStubs,
  type OpenEnd,
  readStubs,
  type Stub,
  vouchMessage,
} from '../../../wire/checkpoint/base.ts'
import { type EventIndex, NONE, type PeerIndex } from '../graph/graph.ts'
import type { Question } from '../malice/answers.ts'
import type { State } from '../state.ts'
import type { Checkpoint } from './checkpoints.ts'
import { REMOVED } from './digest.ts'
import { checkpointProof } from './proofs.ts'
import { settledAt } from './settled.ts'

/** Null while the checkpoint is not proven, or we know a fork by a peer that is not removed there. */
export function makeBase<P>(state: State<P>, checkpoint: Checkpoint): Omit<CheckpointBase, 'vouches'> | null {
  const proof = checkpointProof(state, checkpoint)
  if (proof === null || hasOpenFork(state, checkpoint)) return null
  const isSettled = settledAt(state, checkpoint)
  const { elections, generations, standings, decidedCount } = checkpoint
  const { decided, blocks } = state.checkpoints
  const decidedKeys = decided.slice(0, decidedCount)
  return {
    proof,
    elections,
    generations,
    standings,
    decided: decidedKeys,
    blocks: blockBits(decided.keysUpTo(decidedCount), new Set(blocks.keysUpTo(checkpoint.position))),
    stubs: encodeStubs(stubsOf(state, checkpoint, isSettled)),
  }
}

function blockBits(decided: readonly number[], blocks: ReadonlySet<number>): Bytes {
  const bits = new Uint8Array(Math.ceil(decided.length / 8))
  for (const [i, key] of decided.entries())
    if (blocks.has(key)) bits[i >> 3] = (bits[i >> 3] as number) | (1 << (i & 7))
  return bits
}

/**
 * Whose branches may still count: stubs could tell too little of a forker that the order has not removed. Of what it did in the past a peer
 * may learn late, so that "its fork is settled" is nothing to rely on while its votes count.
 */
function hasOpenFork<P>(state: State<P>, checkpoint: Checkpoint): boolean {
  const removed = removedAt(state, checkpoint)
  return forkersOf(state).some((peer) => !removed.has(peer))
}

function forkersOf<P>({ graph }: State<P>): readonly PeerIndex[] {
  if (!graph.hasForks) return []
  return Array.from({ length: graph.peerCount }, (_, peer) => peer).filter((peer) => graph.isForker(peer))
}

function removedAt<P>({ peers }: State<P>, { standings }: Checkpoint): ReadonlySet<PeerIndex> {
  return new Set(standings.filter(({ flags }) => (flags & REMOVED) !== 0).map(({ id }) => peers.find(id)))
}

/**
 * Parents of what is not settled, the newest of each creator, what may still be answered, what the checkpoint before had not settled, and all of
 * forkers: in insertion order.
 */
function stubsOf<P>(
  state: State<P>,
  checkpoint: Checkpoint,
  isSettled: (event: EventIndex) => boolean,
): readonly Stub[] {
  const { graph, peers, checkpoints } = state
  const before = checkpoints.all[checkpoints.all.indexOf(checkpoint) - 1]
  const wasSettled = before === undefined ? () => false : settledAt(state, before)
  const wanted = new Set<EventIndex>()
  const newest = new Map<PeerIndex, EventIndex>()
  const forkers = new Set(forkersOf(state))
  for (let event = 0; event < graph.size; event += 1) {
    if (isSettled(event)) {
      const creator = graph.creatorOf(event)
      newest.set(creator, event)
      if (!wasSettled(event) || forkers.has(creator)) wanted.add(event)
      continue
    }
    for (const parent of [graph.selfParentOf(event), graph.otherParentOf(event)]) {
      if (parent !== NONE && isSettled(parent)) wanted.add(parent)
    }
  }
  for (const event of newest.values()) wanted.add(event)
  const tops = new Map<PeerIndex, number>()
  for (const event of wanted) raise(tops, graph.creatorOf(event), graph.indexOf(event))
  // However old: it may be answered yet.
  for (let event = 0; event < graph.size; event += 1) {
    const mayAsk = graph.isSync(event) || event < graph.base
    if (mayAsk && isSettled(event) && openAt(state, tops, event) !== null) wanted.add(event)
  }
  const sight = { tops, places: checkpoint.standings.map(({ id }) => peers.find(id)) }
  return [...wanted].sort((a, b) => a - b).map((event) => stubOf(state, sight, event))
}

/** How stubs see the graph. */
interface Sight {
  /** Peers by place in the standings. */
  readonly places: readonly PeerIndex[]
  /** By peer: the highest index of a stub of it. */
  readonly tops: ReadonlyMap<PeerIndex, number>
}

function raise(tops: Map<PeerIndex, number>, peer: PeerIndex, index: number): void {
  tops.set(peer, Math.max(index, tops.get(peer) ?? -1))
}

/** What an event after this one may answer, unless an event at or below the stubs has done so. */
function openAt<P>(
  { graph, answers }: State<P>,
  tops: ReadonlyMap<PeerIndex, number>,
  event: EventIndex,
): Question | null {
  const question = answers.questionAt(event)
  // Nobody answers itself.
  if (question === null || question.by === graph.creatorOf(event)) return null
  return answers.isAnsweredBy(question.asked, tops.get(question.by) ?? -1) ? null : question
}

function openEndOf<P>(state: State<P>, { places, tops }: Sight, event: EventIndex): OpenEnd | null {
  const question = openAt(state, tops, event)
  if (question === null) return null
  const by = places.indexOf(question.by)
  assert(by >= 0, 'who is asked by what is settled has a standing')
  if (question.awaits === 'request') return { awaits: 'request', by }
  return { awaits: 'response', by, request: state.answers.hashOf(question.asked) }
}

function stubOf<P>(state: State<P>, sight: Sight, event: EventIndex): Stub {
  const { graph } = state
  return {
    hash: graph.hashOf(event).slice(),
    creator: sight.places.indexOf(graph.creatorOf(event)),
    index: graph.indexOf(event),
    known: sight.places.map((peer) => graph.last(event, peer) + 1),
    open: openEndOf(state, sight, event),
  }
}

/**
 * What a voter signs that finds all of these stubs in its own graph, each once, settled; null where it does not. Ends at the first that it does
 * not find: who asks may ask for anything.
 */
export function vouchFor<P>(state: State<P>, checkpoint: Checkpoint, stubs: Bytes): Bytes | null {
  const { graph, peers, group } = state
  if (hasOpenFork(state, checkpoint)) return null
  const isSettled = settledAt(state, checkpoint)
  const places = checkpoint.standings.map(({ id }) => peers.find(id))
  const tops = new Map<PeerIndex, number>()
  const seen = new Set<EventIndex>()
  for (const stub of readStubs(stubs)) {
    const event = graph.find(stub.hash)
    if (event === NONE || seen.has(event) || !isSettled(event) || !isPlaceOf(state, places, event, stub)) return null
    seen.add(event)
    raise(tops, graph.creatorOf(event), stub.index)
  }
  for (const { hash, open } of readStubs(stubs)) {
    if (!isSameEnd(open, openEndOf(state, { places, tops }, graph.find(hash)))) return null
  }
  return vouchMessage(group.id, checkpoint.position, group.hash(stubs))
}

function isPlaceOf<P>({ graph }: State<P>, places: readonly PeerIndex[], event: EventIndex, stub: Stub): boolean {
  return (
    places[stub.creator] === graph.creatorOf(event) &&
    stub.index === graph.indexOf(event) &&
    stub.known.length === places.length &&
    places.every((peer, place) => stub.known[place] === graph.last(event, peer) + 1)
  )
}

function isSameEnd(a: OpenEnd | null, b: OpenEnd | null): boolean {
  if (a === null || b === null) return a === b
  if (a.by !== b.by) return false
  if (a.awaits === 'request' || b.awaits === 'request') return a.awaits === b.awaits
  return equalBytes(a.request, b.request)
}
