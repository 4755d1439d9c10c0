/**
 * @module core/parsec/gossip/sending
 *
 * Gossip to a peer: our Requesting event and the message, or the answer to a request (parsec §8).
 */

import type { PeerId } from '../../../wire/canonical/types.ts'
import { askForSignatures } from '../checkpoint/gathering.ts'
import { ParsecError } from '../errors.ts'
import { type EventIndex, NONE, type PeerIndex } from '../graph/graph.ts'
import { DKG, describeState, RECV, SEND } from '../membership/peer-state.ts'
import type { State } from '../state.ts'
import { ancestorsBeyond, eventsBeyond } from './selection.ts'
import type { Work } from './work.ts'

/** Null: done. */
export function createGossip<P>(work: Work<P>, to: PeerId): ParsecError | null {
  const { state } = work
  const peer = state.peers.find(to)
  if (peer === NONE) return new ParsecError({ code: 'UnknownPeer', peer: to })
  if (!state.selfHas(SEND)) return selfState(state, SEND)
  if (!state.peers.has(peer, DKG | RECV)) {
    return new ParsecError({
      code: 'InvalidPeerState',
      peer: to,
      required: describeState(DKG | RECV),
      actual: describeState(state.peers.stateOf(peer)),
    })
  }
  const requesting = work.requesting(to)
  const known = state.graph.lastEventOf(peer)
  if (state.stronger) sendAncestors(work, 'request', peer, requesting, known)
  else work.send('request', to, eventsBeyond(state.graph, known))
  askForSignatures(work, to)
  return null
}

export function selfState<P>(state: State<P>, required: number): ParsecError {
  return new ParsecError({
    code: 'InvalidSelfState',
    required: describeState(required),
    actual: describeState(state.peers.stateOf(state.self)),
  })
}

/**
 * parsec §8, Stronger: only ancestors of the event that ends the message, those that the peer lacks, cut along our order
 * into pieces that keep the limit. `known`: an event whose ancestry the peer has, or NONE.
 */
export function sendAncestors<P>(
  work: Work<P>,
  kind: 'request' | 'response' | 'graph',
  peer: PeerIndex,
  last: EventIndex,
  known: EventIndex,
): void {
  const events = ancestorsBeyond(work.state.graph, last, known)
  sendInPieces(work, kind, work.state.peers.idOf(peer), withDecisions(work.state, events, last, known))
}

/**
 * Who takes an event must have decided to admit its creator, and the recipient of a Requesting; and who is to decide what
 * we did may need the last words of a peer that was removed by it. What decided for us may be no ancestor of our events: a
 * message that broke off, whose beginning stays, or a part of the graph. Then it goes along, or the receiver could refuse
 * us, or wait, for ever.
 */
function withDecisions<P>(
  state: State<P>,
  events: readonly EventIndex[],
  last: EventIndex,
  known: EventIndex,
): readonly EventIndex[] {
  const { graph } = state
  // What stands on `last` was taken by others without this.
  const loose = state.looseDecisions().filter((at) => !graph.isAncestor(last, at) && !graph.isAncestor(at, last))
  if (loose.length === 0) return events
  const missing = new Set(events)
  for (const at of loose) for (const event of ancestorsBeyond(graph, at, known)) missing.add(event)
  missing.delete(last)
  // An answer given again, or a graph in another order, may be older than what decided; it ends the message nevertheless.
  return [...[...missing].sort((a, b) => a - b), last]
}

/** Cut along our order into pieces that keep the limit; all but the last are of kind `graph`. */
export function sendInPieces<P>(
  work: Work<P>,
  kind: 'request' | 'response' | 'graph',
  to: PeerId,
  events: readonly EventIndex[],
): void {
  const { state } = work
  const room = state.group.format.limits.maxMessageBytes - 8
  let piece: EventIndex[] = []
  let bytes = 0
  for (const event of events) {
    const length = state.graph.byteLengthOf(event)
    if (bytes + length > room) {
      work.send('graph', to, piece)
      piece = []
      bytes = 0
    }
    piece.push(event)
    bytes += length
  }
  work.send(kind, to, piece)
}

/** The answer to the request that `request`, our own event, answers; NONE: we have no event yet. */
export function sendAnswer<P>(work: Work<P>, peer: PeerIndex, request: EventIndex): ParsecError | null {
  const { state } = work
  const { graph } = state
  if (!state.stronger) {
    const known = graph.lastEventOf(peer)
    if (known === NONE) return new ParsecError({ code: 'Logic', why: 'no event of the peer to answer is known' })
    work.send('response', state.peers.idOf(peer), eventsBeyond(graph, known))
    return null
  }
  if (request === NONE) {
    const events = eventsBeyond(graph, graph.lastEventOf(peer))
    if (events.length > 0) sendInPieces(work, 'graph', state.peers.idOf(peer), events)
    return null
  }
  // What the peer had when it asked: an answer given again is the same answer.
  sendAncestors(work, 'response', peer, request, graph.otherParentOf(request))
  return null
}
