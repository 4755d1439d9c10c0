/**
 * @module core/parsec/gossip/message-end
 *
 * How a message must end (parsec §8, Stronger), judged before anything of it is added: otherwise a correct peer's next
 * event could be made to look like an offence.
 */

import { type Bytes, equalBytes } from '../../../base/bytes.ts'
import { CAUSE_TAG } from '../../../wire/canonical/types.ts'
import { ParsecError } from '../errors.ts'
import { type EventIndex, NONE, type PeerIndex } from '../graph/graph.ts'
import type { State } from '../state.ts'
import { type HashedEvent, hashed, type OpenedMessage } from './message.ts'

export type MessageEnd = 'fresh' | 'repeated' | 'graph'

/** Our event that answers the event with this hash, or NONE. */
export function answered<P>(state: State<P>, hash: Bytes): EventIndex {
  const event = state.graph.find(hash)
  return event === NONE ? NONE : state.answerTo(event)
}

export function checkEnd<P>(
  state: State<P>,
  kind: 'request' | 'response',
  sender: PeerIndex,
  message: OpenedMessage<P>,
): MessageEnd | ParsecError {
  const { last, fresh } = message
  if (last === null) return invalid('no events')
  const from = state.peers.idOf(sender)
  if (kind === 'request') {
    const { creator, recipient } = last.view
    if (!equalBytes(creator, from)) return invalid("a request ends with its sender's event")
    if (recipient === null || !equalBytes(recipient, state.peers.idOf(state.self))) {
      return invalid('a request ends with a Requesting to its receiver')
    }
    const isOwed = state.owed.some(({ otherParent }) => equalBytes(otherParent, last.hash))
    return answered(state, last.hash) === NONE && !isOwed ? 'fresh' : 'repeated'
  }
  if (!equalBytes(last.view.creator, from)) {
    const hasEvents = state.graph.placesOf(sender) > 0 || fresh.some(({ view }) => equalBytes(view.creator, from))
    return hasEvents ? invalid("a response ends with its sender's event") : 'graph'
  }
  const request = nearestSync(state, message, last)
  if (
    request === null ||
    request.view.cause !== CAUSE_TAG.Request ||
    !answersUs(state, sender, request.view.otherParent)
  ) {
    return invalid("a response ends after its sender's Request to a Requesting of ours")
  }
  return answered(state, request.hash) === NONE ? 'fresh' : 'repeated'
}

function invalid(why: string): ParsecError {
  return new ParsecError({ code: 'InvalidMessage', why })
}

/** The event that ends the message, or its nearest self-ancestor of kind sync, in the message or in the graph. */
function nearestSync<P>(state: State<P>, { fresh }: OpenedMessage<P>, last: HashedEvent<P>): HashedEvent<P> | null {
  let event = last
  for (let i = fresh.length - 1; ; ) {
    const { cause, selfParent } = event.view
    if (cause <= CAUSE_TAG.Response) return event
    if (selfParent === null) return null
    const wanted: Bytes = selfParent
    while (i >= 0 && !equalBytes((fresh[i] as HashedEvent<P>).hash, wanted)) i -= 1
    const found = fresh[i] ?? inGraph(state, wanted)
    if (found === null) return null
    event = found
  }
}

/** Only sync events matter here: the nearest one to what the graph holds. */
function inGraph<P>(state: State<P>, hash: Bytes): HashedEvent<P> | null {
  const event = state.graph.find(hash)
  if (event === NONE) return null
  const sync = state.graph.isSync(event) ? event : state.graph.syncParentOf(event)
  return sync === NONE ? null : hashed(state, sync)
}

/** Whether this is a Requesting of ours to `sender`. */
function answersUs<P>(state: State<P>, sender: PeerIndex, hash: Bytes | null): boolean {
  const event = hash === null ? NONE : state.graph.find(hash)
  if (event === NONE || state.graph.causeOf(event) !== CAUSE_TAG.Requesting) return false
  return state.graph.creatorOf(event) === state.self && state.graph.subjectOf(event) === sender
}
