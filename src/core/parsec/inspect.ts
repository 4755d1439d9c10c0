/**
 * @module core/parsec/inspect
 *
 * A gossip graph with the reasons of its decisions, to look at (parsec §5): what each sync event found interesting,
 * who observed, how each meta-vote went, and what was decided where.
 *
 * It replays one peer's facts on a state of its own and reads each election just before it ends, so a running engine
 * keeps nothing for it and pays nothing. A replay costs what recovery costs.
 */

import { decodeEvent } from '../../wire/canonical/event.ts'
import {
  CAUSE_TAG,
  type Cause,
  type CauseTag,
  type EventHash,
  type Observation,
  type PeerId,
} from '../../wire/canonical/types.ts'
import type { MetaVote } from './election/meta-votes.ts'
import { replay } from './explain/replay.ts'
import type { ParsecFact } from './facts.ts'
import { type EventIndex, NONE, type PeerIndex } from './graph/graph.ts'
import type { Group } from './group.ts'
import type { State } from './state.ts'

/** Peers and events are named by their places in `peers` and `events`. */
export interface Inspection<Payload> {
  readonly peers: readonly PeerId[]
  /** Parents first, in the order in which the peer took them. */
  readonly events: readonly InspectedEvent<Payload>[]
  /** In order; the last one is still running, unless the peer was removed. */
  readonly elections: readonly InspectedElection<Payload>[]
}

export interface InspectedEvent<Payload> {
  readonly hash: EventHash
  readonly creator: number
  /** Index by creator (parsec §3). Members of a fork share it. */
  readonly index: number
  readonly cause: Cause['type']
  readonly selfParent: number | null
  readonly otherParent: number | null
  /** Of a Requesting event. */
  readonly recipient: number | null
  /** What the event votes for. */
  readonly observation: Observation<Payload> | null
}

export interface InspectedElection<Payload> {
  readonly voters: readonly number[]
  readonly metaEvents: readonly InspectedMetaEvent<Payload>[]
  /** Null while it runs. */
  readonly outcome: ElectionOutcome<Payload> | null
}

export interface InspectedMetaEvent<Payload> {
  readonly event: number
  /** parsec §5(a): in order; empty: not an interesting event. */
  readonly content: readonly InspectedKey<Payload>[]
  /** parsec §5(b): the voters that this observer observes; null: no observer. */
  readonly observees: readonly number[] | null
  /** parsec §5(c): for each voter, one meta-vote for each step reached; empty: it has none. */
  readonly votes: readonly { readonly about: number; readonly steps: readonly MetaVote[] }[]
}

export interface InspectedKey<Payload> {
  readonly observation: Observation<Payload>
  /** The voter, in `single` mode. */
  readonly voter: number | null
  readonly votes: readonly number[]
}

export interface ElectionOutcome<Payload> {
  /** The event that ended it. */
  readonly event: number
  /** The interesting events that counted: of each voter decided true, its first. */
  readonly counted: readonly number[]
  /** parsec §5(e): in the agreed order. */
  readonly decided: readonly InspectedKey<Payload>[]
}

const CAUSES = Object.fromEntries(Object.entries(CAUSE_TAG).map(([name, tag]) => [tag, name])) as Record<
  CauseTag,
  Cause['type']
>

/** `facts`: those of one peer, from its first. */
export function inspect<P>(group: Group<P>, facts: Iterable<ParsecFact>): Inspection<P> {
  const elections: InspectedElection<P>[] = []
  const replayed = replay<P>(group, facts, (state, { event, keys }) => {
    elections.push(electionOf(state, event, keys))
    return false
  })
  const { peers, graph } = replayed
  // Once we were removed there are no more elections.
  if (peers.removedAt(replayed.self) === NONE) elections.push(electionOf(replayed, NONE, []))
  return {
    peers: Array.from({ length: peers.count }, (_, peer) => peers.idOf(peer)),
    events: Array.from({ length: graph.size }, (_, event) => eventOf(replayed, event)),
    elections,
  }
}

function eventOf<P>(state: State<P>, event: EventIndex): InspectedEvent<P> {
  const { graph, peers } = state
  const view = decodeEvent(graph.bytesOf(event), state.group.format)
  return {
    hash: graph.hashOf(event).slice(),
    creator: graph.creatorOf(event),
    index: graph.indexOf(event),
    cause: CAUSES[view.cause],
    selfParent: numberOrNull(graph.selfParentOf(event)),
    otherParent: numberOrNull(graph.otherParentOf(event)),
    recipient: view.recipient === null ? null : numberOrNull(peers.find(view.recipient)),
    observation: view.vote?.observation ?? null,
  }
}

function electionOf<P>(state: State<P>, endedBy: EventIndex, decided: readonly number[]): InspectedElection<P> {
  const { election, graph } = state
  const { voters } = election
  const metaEvents: InspectedMetaEvent<P>[] = []
  for (let event = 0; event < graph.size; event += 1) {
    const meta = election.metaEvent(event)
    if (meta === null) continue
    metaEvents.push({
      event,
      content: meta.content.map((key) => keyOf(state, key)),
      observees: meta.observees?.map((seat) => voters.peers[seat] as PeerIndex) ?? null,
      votes: voters.peers.map((about, seat) => ({ about, steps: meta.votes[seat] ?? [] })),
    })
  }
  return { voters: voters.peers, metaEvents, outcome: endedBy === NONE ? null : outcomeOf(state, endedBy, decided) }
}

function outcomeOf<P>(state: State<P>, event: EventIndex, decided: readonly number[]): ElectionOutcome<P> {
  const { election } = state
  const last = election.metaEvent(event)
  const counted = election.voters.peers
    .map((_, seat) => (last?.votes[seat]?.at(-1)?.decision === true ? election.countedFirst(seat) : NONE))
    .filter((first) => first !== NONE)
  return { event, counted, decided: decided.map((key) => keyOf(state, key)) }
}

function keyOf<P>(state: State<P>, key: number): InspectedKey<P> {
  const votes = state.keys.open(key)?.votes ?? []
  return {
    observation: state.observationAt(votes[0] ?? NONE),
    voter: numberOrNull(state.keys.voterOf(key)),
    votes: [...votes],
  }
}

function numberOrNull(number: number): number | null {
  return number === NONE ? null : number
}
