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
import { isWithinReach, mayGossipTo } from './pruned-ancestry.ts'
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
  if (!mayGossipTo(state, peer)) return new ParsecError({ code: 'PrematureGossip', peer: to })
  const requesting = work.requesting(to)
  const known = state.graph.lastEventOf(peer)
  if (state.stronger) sendAncestors(work, 'request', peer, requesting, known)
  else work.send('request', to, eventsBeyond(state.graph, known))
  askForSignatures(work, to)
  return null
}

/** parsec §8: in the order of the list of peers. */
export function recipientsOf<P>(state: State<P>): readonly PeerId[] {
  const { peers, self } = state
  if (!state.selfHas(SEND)) return []
  const recipients: PeerId[] = []
  for (let peer = 0; peer < peers.count; peer += 1) {
    if (peer !== self && peers.has(peer, DKG | RECV) && mayGossipTo(state, peer)) recipients.push(peers.idOf(peer))
  }
  return recipients
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

/**
 * The answer to the request that `request`, our own event, answers; NONE: we have no event yet. None where the peer may lack what we have stubs
 * for only: it is as if the answer was lost. Others tell it what it lacks, our event too; its request has told us what we lacked.
 */
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
    const known = graph.lastEventOf(peer)
    if (!isWithinReach(state, peer, 'everything', known)) return null
    const events = eventsBeyond(graph, known)
    if (events.length > 0) sendInPieces(work, 'graph', state.peers.idOf(peer), events)
    return null
  }
  // What the peer had when it asked: an answer given again is the same answer.
  const asked = graph.otherParentOf(request)
  if (isWithinReach(state, peer, [request, ...state.looseDecisions()], asked)) {
    sendAncestors(work, 'response', peer, request, asked)
  }
  return null
}
