/**
 * @module core/parsec/explain/stuck
 *
 * What a peer's running election waits for (parsec §5): what each undecided payload lacks, how far the election came, and
 * which voters are silent in this peer's graph.
 */

import type { Observation, PeerId } from '../../../wire/canonical/types.ts'
import type { OpenKey } from '../election/keys.ts'
import type { ParsecFact } from '../facts.ts'
import { NONE, type PeerIndex } from '../graph/graph.ts'
import type { Group } from '../group.ts'
import type { State } from '../state.ts'
import { observersOf } from './block.ts'
import { type EventName, nameOf, replay } from './replay.ts'

/**
 * - `nothing`: nothing is undecided. `removed`: our own removal is agreed, our elections are over.
 * - `votes`: nothing that is undecided has the votes of a supermajority.
 * - `spread`: too few voters have an event that knows enough of it: gossip with the missing ones.
 * - `observer`: enough have, and no event strongly sees that yet: gossip among them.
 * - `agreement`: observers vote on whose events count.
 */
export type WaitsFor = 'nothing' | 'removed' | 'votes' | 'spread' | 'observer' | 'agreement'

export interface Stuck<Payload> {
  readonly waitsFor: WaitsFor
  /** Elections that ended. */
  readonly elections: number
  readonly voters: readonly PeerId[]
  /** The least number of voters that is a supermajority. */
  readonly needed: number
  readonly undecided: readonly UndecidedPayload<Payload>[]
  /** Voters with an interesting event in this election, and those without. */
  readonly interested: readonly PeerId[]
  readonly notInterested: readonly PeerId[]
  readonly observers: readonly EventName[]
  /** For each voter whose agreement runs: the furthest step that somebody reached. */
  readonly agreements: readonly {
    readonly about: PeerId
    readonly round: number
    readonly step: string
    readonly decided: boolean
  }[]
  /** Voters who show no knowledge of the first vote that is undecided; with their last event in our graph. */
  readonly silent: readonly { readonly peer: PeerId; readonly last: EventName | null }[]
}

export interface UndecidedPayload<Payload> {
  readonly observation: Observation<Payload>
  /** In `single` mode: whose vote it is. */
  readonly voter: PeerId | null
  /** Voters who voted for it. */
  readonly supporters: readonly PeerId[]
  /** How many votes are lacking. */
  readonly lacks: number
  /** Voters who did not vote for it: some of them must. Empty where it lacks none. */
  readonly missing: readonly PeerId[]
  /** Voters whose interesting events hold it. */
  readonly interested: readonly PeerId[]
}

export function whyStuck<P>(group: Group<P>, facts: Iterable<ParsecFact>): Stuck<P> {
  const state = replay<P>(group, facts, () => false)
  const { election, peers, keys, self } = state
  const { voters } = election
  const ids = (seats: readonly PeerIndex[]): readonly PeerId[] => seats.map((peer) => peers.idOf(peer))
  const holders = interestedIn(state)
  const undecided = [...keys.undecided.values()].map((open) => undecidedOf(state, open, holders))
  const interested = voters.peers.filter((peer) => [...holders.values()].some((of) => of.has(peer)))
  const observers = observersOf(state).map(({ event }) => event)
  const isRemoved = peers.removedAt(self) !== NONE
  return {
    waitsFor: isRemoved ? 'removed' : waitsFor(undecided, voters.isMajority(interested.length), observers.length > 0),
    elections: election.number,
    voters: ids(voters.peers),
    needed: voters.majority,
    undecided,
    interested: ids(interested),
    notInterested: ids(voters.peers.filter((peer) => !interested.includes(peer))),
    observers,
    agreements: agreementsOf(state),
    silent: undecided.length === 0 ? [] : silentOf(state),
  }
}

function waitsFor<P>(undecided: readonly UndecidedPayload<P>[], isInteresting: boolean, isObserved: boolean): WaitsFor {
  if (undecided.length === 0) return 'nothing'
  if (undecided.every(({ lacks }) => lacks > 0)) return 'votes'
  if (!isInteresting) return 'spread'
  return isObserved ? 'agreement' : 'observer'
}

/** By key: the voters whose interesting events hold it. */
function interestedIn<P>({ election, graph }: State<P>): ReadonlyMap<number, ReadonlySet<PeerIndex>> {
  const holders = new Map<number, Set<PeerIndex>>()
  for (let event = election.base; event < graph.size; event += 1) {
    for (const key of election.metaEvent(event)?.content ?? []) {
      const known = holders.get(key) ?? new Set()
      holders.set(key, known.add(graph.creatorOf(event)))
    }
  }
  return holders
}

function undecidedOf<P>(
  state: State<P>,
  { key, voter, votes }: OpenKey,
  holders: ReadonlyMap<number, ReadonlySet<PeerIndex>>,
): UndecidedPayload<P> {
  const { graph, peers, election } = state
  const { voters } = election
  const creators = new Set(votes.map((vote) => graph.creatorOf(vote)))
  const supporters = voters.peers.filter((peer) => creators.has(peer))
  const needed = voter === NONE ? voters.majority : 1
  const lacks = Math.max(0, needed - supporters.length)
  const ids = (list: readonly PeerIndex[]): readonly PeerId[] => list.map((peer) => peers.idOf(peer))
  return {
    observation: state.observationAt(votes[0] ?? NONE),
    voter: voter === NONE ? null : peers.idOf(voter),
    supporters: ids(supporters),
    lacks,
    missing: lacks === 0 ? [] : ids(voters.peers.filter((peer) => !creators.has(peer))),
    interested: ids(voters.peers.filter((peer) => holders.get(key)?.has(peer) === true)),
  }
}

function agreementsOf<P>(state: State<P>): Stuck<P>['agreements'] {
  const { election, graph, peers } = state
  return election.voters.peers.flatMap((about, seat) => {
    let furthest: { round: number; step: string; decided: boolean; stage: number } | null = null
    for (let event = election.base; event < graph.size; event += 1) {
      const steps = election.metaEvent(event)?.votes[seat] ?? []
      const last = steps.at(-1)
      if (last === undefined || (furthest !== null && steps.length <= furthest.stage)) continue
      furthest = { round: last.round, step: last.step, decided: last.decision !== null, stage: steps.length }
    }
    if (furthest === null) return []
    const { round, step, decided } = furthest
    return [{ about: peers.idOf(about), round, step, decided }]
  })
}

function silentOf<P>(state: State<P>): Stuck<P>['silent'] {
  const { election, graph, peers, keys } = state
  const since = keys.firstUndecidedVote()
  return election.voters.peers
    .map((peer) => ({ peer: peers.idOf(peer), event: graph.lastEventOf(peer) }))
    .filter(({ event }) => event === NONE || (since !== NONE && !graph.isAncestor(event, since)))
    .map(({ peer, event }) => ({ peer, last: event === NONE ? null : nameOf(state, event) }))
}
