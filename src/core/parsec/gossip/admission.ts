/**
 * @module core/parsec/gossip/admission
 *
 * Whether an event of a message may join the graph: the checks of parsec §8, in order.
 */

import { type Bytes, equalBytes } from '../../../base/bytes.ts'
import type { Verdict } from '../../../ports/signature-scheme.ts'
import type { EventView } from '../../../wire/canonical/event.ts'
import { CAUSE_TAG } from '../../../wire/canonical/types.ts'
import { ParsecError } from '../errors.ts'
import type { GossipEventAccepted } from '../facts.ts'
import { NONE } from '../graph/graph.ts'
import { describeState, SEND } from '../membership/peer-state.ts'
import type { State } from '../state.ts'

/** An event of a message with its hashes and, where somebody checked them already, the verdicts on its signatures. */
export interface OpenedEvent<Payload> {
  readonly view: EventView<Payload>
  readonly hash: Bytes
  readonly observationHash: Bytes | null
  eventVerdict: Verdict | null
  voteVerdict: Verdict | null
}

export type Verify = (identity: Bytes, message: Bytes, signature: Bytes) => Verdict

export function factOf<P>(event: OpenedEvent<P>): GossipEventAccepted {
  const { hash, observationHash } = event
  return { type: 'GossipEventAccepted', hash, bytes: event.view.bytes, observationHash }
}

/** It is in the graph, byte for byte. */
export function isKnown<P>(state: State<P>, { hash, view }: OpenedEvent<P>): boolean {
  const event = state.graph.find(hash)
  return event !== NONE && equalBytes(state.graph.bytesOf(event), view.bytes)
}

/** `known`: it is in the graph already. `new`: it may join. Otherwise the reason why not. */
export function admission<P>(state: State<P>, event: OpenedEvent<P>, verify: Verify): 'known' | 'new' | ParsecError {
  const { view, hash } = event
  const known = state.graph.find(hash)
  if (known !== NONE && equalBytes(state.graph.bytesOf(known), view.bytes)) return 'known'
  const signatures = checkSignatures(state, event, verify)
  if (signatures !== null) return signatures
  if (known !== NONE) return 'known'
  const creator = state.peers.find(view.creator)
  if (creator === NONE) return new ParsecError({ code: 'UnknownPeer', peer: view.creator })
  const selfParent = view.selfParent === null ? NONE : state.graph.find(view.selfParent)
  if (view.selfParent !== null && selfParent === NONE)
    return new ParsecError({ code: 'UnknownSelfParent', event: hash })
  const otherParent = view.otherParent === null ? NONE : state.graph.find(view.otherParent)
  if (view.otherParent !== null && otherParent === NONE) {
    return new ParsecError({ code: 'UnknownOtherParent', event: hash })
  }
  if (view.recipient !== null && state.peers.find(view.recipient) === NONE) {
    return new ParsecError({ code: 'UnknownPeer', peer: view.recipient })
  }
  return (
    checkForm(state, event, creator, selfParent, otherParent) ??
    checkSender(state, creator, selfParent, otherParent) ??
    'new'
  )
}

function checkSignatures<P>(state: State<P>, event: OpenedEvent<P>, verify: Verify): ParsecError | null {
  const { view, hash } = event
  event.eventVerdict ??= verify(view.creator, state.group.eventMessage(view.content), view.signature)
  if (event.eventVerdict !== 'valid') return new ParsecError({ code: 'SignatureFailure', event: hash, of: 'event' })
  if (view.vote === null || !state.stronger) return null
  // parsec §2, Stronger: a vote without a good signature could become a proof that does not verify.
  event.voteVerdict ??= verify(view.creator, state.group.voteMessage(view.vote.bytes), view.vote.signature)
  return event.voteVerdict === 'valid' ? null : new ParsecError({ code: 'SignatureFailure', event: hash, of: 'vote' })
}

/** parsec §9, Stronger: events of these forms are not added; the reference adds them. */
function checkForm<P>(
  state: State<P>,
  event: OpenedEvent<P>,
  creator: number,
  selfParent: number,
  otherParent: number,
): ParsecError | null {
  if (!state.stronger) return null
  const refuse = (why: string): ParsecError => new ParsecError({ code: 'InvalidEvent', event: event.hash, why })
  if (selfParent !== NONE && state.graph.creatorOf(selfParent) !== creator)
    return refuse('self-parent by another creator')
  if (otherParent !== NONE && state.graph.creatorOf(otherParent) === creator)
    return refuse('other parent by its creator')
  const { cause, vote } = event.view
  if (cause === CAUSE_TAG.Observation && vote?.observation.type === 'Genesis' && !isOurGenesis(state, event)) {
    return refuse('Genesis of another group')
  }
  return null
}

function isOurGenesis<P>(state: State<P>, event: OpenedEvent<P>): boolean {
  return event.observationHash !== null && equalBytes(event.observationHash, state.group.id)
}

/**
 * parsec §8: the creator may send. The reference refuses what descends, by either parent, from the event at which we
 * decided its removal; Stronger: events inside others' messages are never refused for their creator's state.
 */
function checkSender<P>(state: State<P>, creator: number, selfParent: number, otherParent: number): ParsecError | null {
  if (state.stronger || state.peers.has(creator, SEND)) return null
  const removedAt = state.peers.removedAt(creator)
  const isAfter = (parent: number): boolean => parent !== NONE && state.graph.descends(parent, removedAt)
  if (removedAt !== NONE && !isAfter(selfParent) && !isAfter(otherParent)) return null
  return new ParsecError({
    code: 'InvalidPeerState',
    peer: state.peers.idOf(creator),
    required: describeState(SEND),
    actual: describeState(state.peers.stateOf(creator)),
  })
}
