/**
 * @module core/parsec/gossip/admission
 *
 * Whether an event of a message may join the graph: the checks of parsec §8, in order.
 */

import { type Bytes, equalBytes } from '../../../base/bytes.ts'
import type { Verdict } from '../../../ports/signature-scheme.ts'
import { decodeEvent, type EventView } from '../../../wire/canonical/event.ts'
import type { CarriedMalice, Malice } from '../../../wire/canonical/types.ts'
import { ParsecError } from '../errors.ts'
import type { GossipEventAccepted } from '../facts.ts'
import { NONE } from '../graph/graph.ts'
import { brokenBy } from '../malice/forms.ts'
import { isCarriedMalice } from '../malice/scene.ts'
import { describeState, SEND } from '../membership/peer-state.ts'
import type { State } from '../state.ts'

/** An event of a message with its hashes and, where somebody checked them already, the verdicts on its signatures. */
export interface OpenedEvent<Payload> {
  readonly view: EventView<Payload>
  readonly hash: Bytes
  readonly observationHash: Bytes | null
  eventVerdict: Verdict | null
  voteVerdict: Verdict | null
  /** Of an accusation that carries an event: on the signature of that. */
  carriedVerdict: Verdict | null
}

export type Verify = (identity: Bytes, message: Bytes, signature: Bytes) => Verdict

export function factOf<P>(event: OpenedEvent<P>): GossipEventAccepted {
  const { hash, observationHash, carriedVerdict } = event
  const fact = { type: 'GossipEventAccepted', hash, bytes: event.view.bytes, observationHash } as const
  return carriedVerdict === null ? fact : { ...fact, isCarriedSigned: carriedVerdict === 'valid' }
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
  return checkForm(state, event) ?? checkSender(state, creator, selfParent, otherParent) ?? 'new'
}

function checkSignatures<P>(state: State<P>, event: OpenedEvent<P>, verify: Verify): ParsecError | null {
  const { view, hash } = event
  event.eventVerdict ??= verify(view.creator, state.group.eventMessage(view.content), view.signature)
  if (event.eventVerdict !== 'valid') return new ParsecError({ code: 'SignatureFailure', event: hash, of: 'event' })
  if (view.vote === null || !state.stronger) return null
  // parsec §2, Stronger: a vote without a good signature could become a proof that does not verify.
  event.voteVerdict ??= verify(view.creator, state.group.voteMessage(view.vote.bytes), view.vote.signature)
  if (event.voteVerdict !== 'valid') return new ParsecError({ code: 'SignatureFailure', event: hash, of: 'vote' })
  checkCarried(state, event, verify)
  return null
}

function carriedBy<P>({ vote }: EventView<P>): Bytes | null {
  if (vote?.observation.type !== 'Accusation') return null
  const { malice } = vote.observation
  return isCarriedMalice(malice) ? malice.carried : null
}

/** An accusation with an event as its evidence. */
export function carriesEvent<P>(view: EventView<P>): boolean {
  return carriedBy(view) !== null
}

/** parsec §9: whether it is by whom it blames decides whether an accusation is false, not whether it is added. */
function checkCarried<P>(state: State<P>, event: OpenedEvent<P>, verify: Verify): void {
  const bytes = carriedBy(event.view)
  if (bytes === null) return
  const carried = decodeEvent(bytes, state.group.format)
  event.carriedVerdict = verify(carried.creator, state.group.eventMessage(carried.content), carried.signature)
}

/** parsec §9, Stronger: events of these forms are not added; the reference adds them. */
function checkForm<P>(state: State<P>, { view, hash }: OpenedEvent<P>): ParsecError | null {
  const [kind] = state.stronger ? brokenBy(state, view) : []
  if (kind === undefined) return null
  const malice: Malice = { type: kind, carried: view.bytes }
  return new ParsecError({ code: 'InvalidEvent', event: hash, why: WHY[kind], creator: view.creator, malice })
}

const WHY: Readonly<Record<CarriedMalice, string>> = {
  SelfParentByDifferentCreator: 'self-parent by another creator',
  OtherParentBySameCreator: 'other parent by its creator',
  IncorrectGenesis: 'Genesis of another group',
  InvalidRequest: 'a Request that answers no Requesting to its creator, or one that is answered',
  InvalidResponse: 'a Response that answers no Request to its creator, or one that is answered',
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
