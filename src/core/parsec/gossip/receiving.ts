/**
 * @module core/parsec/gossip/receiving
 *
 * Handling of a request, a response, or a part of the graph (parsec §8).
 *
 * The first bad event ends the message with its error; events before it stay, with all their effects.
 */

import type { PeerId } from '../../../wire/canonical/types.ts'
import { PrunedEvents } from '../checkpoint/pruned-events.ts'
import { ParsecError } from '../errors.ts'
import { type EventIndex, NONE, type PeerIndex } from '../graph/graph.ts'
import { describeState, RECV, SEND } from '../membership/peer-state.ts'
import { admission, type Verify } from './admission.ts'
import type { OpenedMessage } from './message.ts'
import { answered, checkEnd } from './message-end.ts'
import { selfState, sendAnswer } from './sending.ts'
import type { Work } from './work.ts'

export type MessageKind = 'request' | 'response' | 'graph'

/** Null: done. */
export function receive<P>(
  work: Work<P>,
  kind: MessageKind,
  from: PeerId,
  message: OpenedMessage<P> | ParsecError,
  verify: Verify,
): ParsecError | null {
  const { state } = work
  const sender = state.peers.find(from)
  const refusal = checkParties(work, from, sender)
  if (refusal !== null) return refusal
  if (message instanceof ParsecError) return blamed(work, from, message)
  let asGraph = kind === 'graph'
  if (state.stronger && kind !== 'graph') {
    const end = checkEnd(state, kind, sender, message)
    if (end instanceof ParsecError) return blamed(work, from, end)
    if (end === 'repeated') return repeated(work, kind, sender, message)
    asGraph = end === 'graph'
  }
  const error = acceptAll(work, message, verify)
  if (error !== null) {
    // Who started from a checkpoint may lack a parent that it cannot ask for: no fault of the sender.
    if (state.graph.base > 0 && isMissingParent(error)) return error
    if (error.data.code === 'InvalidEvent') work.report(error.data.creator, error.data.malice)
    return blamed(work, from, error)
  }
  const { last } = message
  if (last === null) return blamed(work, from, new ParsecError({ code: 'InvalidMessage', why: 'no events' }))
  if (asGraph) return null
  const made = makeSyncEvents(work, kind === 'request' ? 'Request' : 'Response', last.hash)
  return kind === 'request' ? sendAnswer(work, sender, made) : null
}

function isMissingParent({ data }: ParsecError): boolean {
  return data.code === 'UnknownSelfParent' || data.code === 'UnknownOtherParent'
}

function blamed<P>(work: Work<P>, from: PeerId, error: ParsecError): ParsecError {
  work.blame(from, error)
  return error
}

/** Sender known · we have RECV · sender has SEND. */
function checkParties<P>(work: Work<P>, from: PeerId, sender: PeerIndex): ParsecError | null {
  const { state } = work
  if (sender === NONE) return new ParsecError({ code: 'UnknownPeer', peer: from })
  if (!state.selfHas(RECV)) return selfState(state, RECV)
  if (state.peers.has(sender, SEND)) return null
  return new ParsecError({
    code: 'InvalidPeerState',
    peer: from,
    required: describeState(SEND),
    actual: describeState(state.peers.stateOf(sender)),
  })
}

function acceptAll<P>(work: Work<P>, message: OpenedMessage<P>, verify: Verify): ParsecError | null {
  const pruned = new PrunedEvents(work.state, message.fresh)
  for (const event of message.fresh) {
    if (pruned.has(event)) continue
    const admitted = admission(work.state, event, verify)
    if (admitted instanceof ParsecError) return admitted
    if (admitted === 'new') work.accept(event)
  }
  return null
}

/** parsec §8: this message's event first, then those owed, in order of arrival. NONE while we have no event. */
function makeSyncEvents<P>(work: Work<P>, cause: 'Request' | 'Response', last: Uint8Array): EventIndex {
  const { state } = work
  if (!state.takesPart) return NONE
  if (state.graph.placesOf(state.self) === 0) {
    work.owe(cause, last)
    return NONE
  }
  const made = work.sync(cause, last)
  for (let owed = state.owed[0]; owed !== undefined; owed = state.owed[0]) work.sync(owed.cause, owed.otherParent)
  return made
}

/** parsec §8, Stronger: a repeated request gets the same answer, a repeated response nothing. */
function repeated<P>(work: Work<P>, kind: MessageKind, sender: PeerIndex, message: OpenedMessage<P>): ParsecError {
  const { last } = message
  if (kind === 'request' && last !== null) sendAnswer(work, sender, answered(work.state, last.hash))
  return new ParsecError({ code: 'DuplicateMessage' })
}
