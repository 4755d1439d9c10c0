/**
 * @module core/parsec/unpolled
 *
 * What is voted for and not decided, or not polled, yet (parsec §8).
 */

import { compareBytes } from '../../base/bytes.ts'
import type { Observation } from '../../wire/canonical/types.ts'
import type { QueuedBlock } from './block-queue.ts'
import type { OpenKey } from './election/keys.ts'
import { type EventIndex, NONE } from './graph/graph.ts'
import type { State } from './state.ts'

/**
 * Whether an undecided observation asks for more gossip. In the reference any does; Stronger (parsec §5(f)): one that too
 * few voted for does not, once a supermajority of voters has all of its votes. Nor does a vote that no event of ours
 * descends from, as one that came as graph alone: our gossip carries our ancestry (parsec §8), so it could not bring that
 * vote to anybody. Who can, its voter first of all, asks for it; once they gossip to us, we do as well.
 */
export function hasUnsettled<P>(state: State<P>): boolean {
  if (!state.stronger) return state.keys.undecided.size > 0
  const last = ourLastHeard(state)
  for (const open of state.keys.undecided.values()) {
    const votes = last === NONE ? open.votes : open.votes.filter((vote) => state.graph.isAncestor(last, vote))
    if (votes.length > 0 && (hasEnoughVotes(state, open, votes) || !isSpread(state, votes))) return true
  }
  return false
}

/** Our last event, or NONE while it descends from nobody else's: then we are new, and ask for all there is. */
function ourLastHeard<P>({ graph, self }: State<P>): EventIndex {
  const last = graph.lastEventOf(self)
  if (last === NONE) return NONE
  for (let peer = 0; peer < graph.peerCount; peer += 1) if (peer !== self && graph.last(last, peer) >= 0) return last
  return NONE
}

function hasEnoughVotes<P>(state: State<P>, { voter }: OpenKey, votes: readonly EventIndex[]): boolean {
  if (voter !== NONE) return true
  const { voters } = state.election
  const supporters = new Set(votes.map((vote) => state.graph.creatorOf(vote)).filter((peer) => voters.has(peer)))
  return voters.isMajority(supporters.size)
}

function isSpread<P>(state: State<P>, votes: readonly EventIndex[]): boolean {
  const { voters } = state.election
  return votes.every((vote) => {
    const holders = voters.peers.filter((peer) => {
      const last = state.graph.lastEventOf(peer)
      return last !== NONE && state.graph.isAncestor(last, vote)
    })
    return voters.isMajority(holders.length)
  })
}

/** Ours: decided but not polled, then undecided. */
export function ourUnpolled<P>(state: State<P>): readonly Observation<P>[] {
  const { blocks, keys, self } = state
  // Asked now, since we may vote for what was decided without us, before we poll it.
  const decided = blocks
    .all()
    .filter(({ mode, key }) => (mode === 'single' ? keys.voterOf(key) === self : keys.isOurs(key)))
    .sort(bySingleThenHash)
    .map(({ block }) => block.payload)
  return [...decided, ...ourUndecided(state)]
}

function bySingleThenHash<P>(a: QueuedBlock<P>, b: QueuedBlock<P>): number {
  if (a.mode !== b.mode) return a.mode === 'single' ? -1 : 1
  return compareBytes(a.block.hash, b.block.hash)
}

/** `Single` keys before `Supermajority` keys, each by hash. */
function ourUndecided<P>(state: State<P>): readonly Observation<P>[] {
  return [...state.keys.undecided.values()]
    .filter((open) => state.keys.isOurs(open.key))
    .sort((a, b) => Number(a.voter === NONE) - Number(b.voter === NONE) || state.keys.compareHash(a.key, b.key))
    .map((open) => state.observationAt(open.votes[0] ?? NONE))
}
