/**
 * @module core/parsec/checkpoint/make-base
 *
 * What others may start from (parsec §8): the state at a proven checkpoint, and stubs of the settled events that what follows stands on.
 * The state proves itself by the checkpoint's digest. For stubs voters vouch: each compares them with its own graph.
 */

import type { Bytes } from '../../../base/bytes.ts'
import { equalBytes } from '../../../base/bytes.ts'
import {
  type CheckpointBase,
  decodeStubs,
  encodeStubs,
  type Stub,
  vouchMessage,
} from '../../../wire/checkpoint/base.ts'
import { type EventIndex, NONE, type PeerIndex } from '../graph/graph.ts'
import type { State } from '../state.ts'
import type { Checkpoint } from './checkpoints.ts'
import { REMOVED } from './digest.ts'
import { checkpointProof } from './proofs.ts'
import { settledAt } from './settled.ts'

/** Null while the checkpoint is not proven, or a forker's events are undecided about. */
export function makeBase<P>(state: State<P>, checkpoint: Checkpoint): Omit<CheckpointBase, 'vouches'> | null {
  const proof = checkpointProof(state, checkpoint)
  const isSettled = settledAt(state, checkpoint)
  if (proof === null || hasOpenFork(state, checkpoint, isSettled)) return null
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

/** Of a forker that may still vote, or whose branches still grow, stubs could tell too little. */
function hasOpenFork<P>(
  { graph, peers }: State<P>,
  { standings }: Checkpoint,
  isSettled: (event: EventIndex) => boolean,
): boolean {
  if (!graph.hasForks) return false
  const removed = standings.filter(({ flags }) => (flags & REMOVED) !== 0)
  for (let peer = 0; peer < peers.count; peer += 1) {
    if (!graph.isForker(peer)) continue
    const isRemoved = removed.some(({ id }) => equalBytes(id, peers.idOf(peer)))
    const last = graph.lastEventOf(peer)
    if (!isRemoved || (last !== NONE && !isSettled(last)) || graph.forkSetsOf(peer).size > 0) return true
  }
  return false
}

/** Parents of what is not settled, the newest of each creator, and what the checkpoint before had not settled: in insertion order. */
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
  for (let event = 0; event < graph.size; event += 1) {
    if (isSettled(event)) {
      newest.set(graph.creatorOf(event), event)
      if (!wasSettled(event)) wanted.add(event)
      continue
    }
    for (const parent of [graph.selfParentOf(event), graph.otherParentOf(event)]) {
      if (parent !== NONE && isSettled(parent)) wanted.add(parent)
    }
  }
  for (const event of newest.values()) wanted.add(event)
  const places = checkpoint.standings.map(({ id }) => peers.find(id))
  return [...wanted].sort((a, b) => a - b).map((event) => stubOf(state, places, event))
}

/** `places`: peers by place in the standings. */
function stubOf<P>({ graph }: State<P>, places: readonly PeerIndex[], event: EventIndex): Stub {
  return {
    hash: graph.hashOf(event).slice(),
    creator: places.indexOf(graph.creatorOf(event)),
    index: graph.indexOf(event),
    known: places.map((peer) => graph.last(event, peer) + 1),
  }
}

/** What a voter signs that finds all of these stubs in its own graph, settled; null where it does not. */
export function vouchFor<P>(state: State<P>, checkpoint: Checkpoint, stubs: Bytes): Bytes | null {
  const { graph, peers, group } = state
  const isSettled = settledAt(state, checkpoint)
  if (hasOpenFork(state, checkpoint, isSettled)) return null
  const places = checkpoint.standings.map(({ id }) => peers.find(id))
  const expected: Stub[] = []
  for (const { hash } of decodeStubs(stubs)) {
    const event = graph.find(hash)
    if (event === NONE || !isSettled(event)) return null
    expected.push(stubOf(state, places, event))
  }
  return equalBytes(encodeStubs(expected), stubs)
    ? vouchMessage(group.id, checkpoint.position, group.hash(stubs))
    : null
}
