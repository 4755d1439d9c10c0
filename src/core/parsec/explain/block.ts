/**
 * @module core/parsec/explain/block
 *
 * Why a block stands where it stands (parsec §5): which election, which observers, which votes, whose lists.
 */

import type { Observation, PeerId } from '../../../wire/canonical/types.ts'
import { makesBlock } from '../consequences.ts'
import type { Decision } from '../election/election.ts'
import type { KeyIndex } from '../election/keys.ts'
import type { ParsecFact } from '../facts.ts'
import { type EventIndex, NONE, type PeerIndex } from '../graph/graph.ts'
import type { Group } from '../group.ts'
import type { State } from '../state.ts'
import { type EventName, nameOf, replay } from './replay.ts'

export interface BlockExplanation<Payload> {
  /** Place in the order, from 0. */
  readonly index: number
  readonly observation: Observation<Payload>
  /** In `single` mode: whose vote it is. */
  readonly voter: PeerId | null
  readonly election: {
    /** How many ended before it. */
    readonly number: number
    readonly voters: readonly PeerId[]
    /** The event at which it ended, for the peer whose facts these are. */
    readonly endedBy: EventName
    /** Blocks that it decided, and this one's place among them. */
    readonly blocks: number
    readonly place: number
  }
  /** The events that voted for it. */
  readonly votes: readonly EventName[]
  /** The first observers on each line of events, and whose first interesting events they strongly see (§5(b)). */
  readonly observers: readonly { readonly event: EventName; readonly observed: readonly PeerId[] }[]
  /** One agreement a voter: does its first interesting event count (§5(c), §6)? */
  readonly agreements: readonly Agreement[]
  /** What the order within the group went by (§5(e)): the lowest place in the lists that counted, then in how many it is. */
  readonly lowestPlace: number
  readonly lists: number
}

export interface Agreement {
  readonly about: PeerId
  readonly isCounted: boolean
  /** The round and step in which it was decided at the ending event. */
  readonly round: number
  readonly step: string
  /** The first interesting event, where it counts, and the block's place in its content. */
  readonly first: EventName | null
  readonly place: number | null
}

/** Null where the facts hold no such block. */
export function explainBlock<P>(
  group: Group<P>,
  facts: Iterable<ParsecFact>,
  index: number,
): BlockExplanation<P> | null {
  let found: BlockExplanation<P> | null = null
  replay<P>(group, facts, (state, decision) => {
    const { voters } = state.election
    const made = decision.keys.filter((key) => makesBlock(state, voters, key))
    const place = index - state.blocks.made
    const key = place < 0 ? undefined : made[place]
    if (key !== undefined) found = explain(state, decision, { index, key, place, blocks: made.length })
    return key !== undefined
  })
  return found
}

interface Wanted {
  readonly index: number
  readonly key: KeyIndex
  readonly place: number
  readonly blocks: number
}

function explain<P>(state: State<P>, decision: Decision, { index, key, place, blocks }: Wanted): BlockExplanation<P> {
  const { election, keys, peers } = state
  const votes = keys.open(key)?.votes ?? []
  const voter = keys.voterOf(key)
  const agreements = election.voters.peers.map((about, seat) => agreementOf(state, decision.event, key, about, seat))
  const places = agreements.flatMap((it) => (it.place === null ? [] : [it.place]))
  return {
    index,
    observation: state.observationAt(votes[0] ?? NONE),
    voter: voter === NONE ? null : peers.idOf(voter),
    election: {
      number: election.number,
      voters: election.voters.peers.map((peer) => peers.idOf(peer)),
      endedBy: nameOf(state, decision.event),
      blocks,
      place,
    },
    votes: votes.map((vote) => nameOf(state, vote)),
    observers: observersOf(state),
    agreements,
    lowestPlace: Math.min(...places),
    lists: places.length,
  }
}

function agreementOf<P>(state: State<P>, at: EventIndex, key: KeyIndex, about: PeerIndex, seat: number): Agreement {
  const { election, graph, peers } = state
  const last = election.metaEvent(at)?.votes[seat]?.at(-1)
  const isCounted = last?.decision === true
  const first = isCounted ? election.countedFirst(seat) : NONE
  const content = first === NONE ? [] : (election.metaEvent(first)?.content ?? [])
  const place = content.indexOf(key)
  return {
    about: peers.idOf(about),
    isCounted,
    round: last?.round ?? 0,
    step: last?.step ?? 'ForcedTrue',
    first: first === NONE || graph.size === 0 ? null : nameOf(state, first),
    place: place < 0 ? null : place,
  }
}

/** Of the running election. */
export function observersOf<P>(state: State<P>): BlockExplanation<P>['observers'] {
  const { election, graph, peers } = state
  const observers = []
  for (let event = election.base; event < graph.size; event += 1) {
    const observees = election.metaEvent(event)?.observees ?? null
    if (observees === null) continue
    const observed = observees.map((seat) => peers.idOf(election.voters.peers[seat] as PeerIndex))
    observers.push({ event: nameOf(state, event), observed })
  }
  return observers
}
