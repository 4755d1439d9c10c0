/**
 * @module core/parsec/explain/replay
 *
 * A peer's facts, folded on a state of its own, with a look at each election before its consequences. A running engine keeps
 * nothing for it; a replay costs what recovery costs.
 */

import { assert } from '../../../base/errors.ts'
import type { EventHash, PeerId } from '../../../wire/canonical/types.ts'
import type { Decision } from '../election/election.ts'
import type { ParsecFact } from '../facts.ts'
import type { EventIndex } from '../graph/graph.ts'
import type { Group } from '../group.ts'
import { Reading, Starts } from '../reading.ts'
import { State } from '../state.ts'

/** An event, for people and for other peers. */
export interface EventName {
  readonly hash: EventHash
  readonly creator: PeerId
  /** Index by creator (parsec §3). */
  readonly index: number
}

export function nameOf<P>({ graph, peers }: State<P>, event: EventIndex): EventName {
  const creator = peers.idOf(graph.creatorOf(event))
  return { hash: graph.hashOf(event).slice(), creator, index: graph.indexOf(event) }
}

/** `facts`: those of one peer, from its first. `look` sees each decision; when it gives true, it has seen enough. */
export function replay<P>(
  group: Group<P>,
  facts: Iterable<ParsecFact>,
  look: (state: State<P>, decision: Decision) => boolean,
): State<P> {
  const starts = new Starts((fact) => {
    assert(fact.type === 'PeerStarted', 'the first fact of a peer is PeerStarted')
    return new Reading(new State(group, fact))
  })
  for (const fact of facts) {
    const reading = starts.of(fact)
    const { state } = reading
    let isEnough = false
    reading.take(fact, (decision) => {
      isEnough ||= look(state, decision)
    })
    if (isEnough) break
  }
  assert(starts.current !== null, 'a peer has facts')
  return starts.current.state
}
