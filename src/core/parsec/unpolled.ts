/**
 * @module core/parsec/unpolled
 *
 * What is voted for and not decided yet (parsec §8).
 */

import type { Observation } from '../../wire/canonical/types.ts'
import type { OpenKey } from './election/keys.ts'
import { NONE } from './graph/graph.ts'
import type { State } from './state.ts'

/**
 * Whether an undecided observation asks for more gossip. In the reference any does; Stronger (parsec §5(f)): one that too
 * few voted for does not, once a supermajority of voters has all of its votes.
 */
export function hasUnsettled<P>(state: State<P>): boolean {
  if (!state.stronger) return state.keys.undecided.size > 0
  for (const open of state.keys.undecided.values()) {
    if (hasEnoughVotes(state, open) || !isSpread(state, open)) return true
  }
  return false
}

function hasEnoughVotes<P>(state: State<P>, open: OpenKey): boolean {
  if (open.voter !== NONE) return true
  const { voters } = state.election
  const supporters = new Set(open.votes.map((vote) => state.graph.creatorOf(vote)).filter((peer) => voters.has(peer)))
  return voters.isMajority(supporters.size)
}

function isSpread<P>(state: State<P>, open: OpenKey): boolean {
  const { voters } = state.election
  return open.votes.every((vote) => {
    const holders = voters.peers.filter((peer) => {
      const last = state.graph.lastEventOf(peer)
      return last !== NONE && state.graph.isAncestor(last, vote)
    })
    return voters.isMajority(holders.length)
  })
}

/** Ours: `Single` keys before `Supermajority` keys, each by hash. */
export function ourUndecided<P>(state: State<P>): readonly Observation<P>[] {
  return [...state.keys.undecided.values()]
    .filter((open) => state.keys.isOurs(open.key))
    .sort((a, b) => Number(a.voter === NONE) - Number(b.voter === NONE) || state.keys.compareHash(a.key, b.key))
    .map((open) => state.observationAt(open.votes[0] ?? NONE))
}
