/**
 * @module core/parsec/gossip/message
 *
 * Messages, opened: decoded and hashed, before anything of them is judged. Most of a message is often in the graph
 * already; what is recognised by its bytes is passed over, neither decoded nor hashed again.
 *
 * A caller that can verify signatures in bulk asks for `requests`, and hands back the verdicts with `settle`; otherwise
 * they are verified one by one.
 */

import type { Bytes } from '../../../base/bytes.ts'
import type { Verdict, VerificationRequest } from '../../../ports/signature-scheme.ts'
import { CodecError } from '../../../wire/canonical/errors.ts'
import { decodeEvent, type EventView, readEvent, readMessage } from '../../../wire/canonical/event.ts'
import type { CanonicalReader } from '../../../wire/canonical/reader.ts'
import { CAUSE_TAG, type EventHash, HASH_BYTES } from '../../../wire/canonical/types.ts'
import { ParsecError } from '../errors.ts'
import { type EventIndex, NONE } from '../graph/graph.ts'
import type { State } from '../state.ts'
import { isKnown, type OpenedEvent } from './admission.ts'

interface Unverified<Payload> extends VerificationRequest {
  readonly event: OpenedEvent<Payload>
  readonly of: 'eventVerdict' | 'voteVerdict'
}

/** An event and its hash. */
export interface HashedEvent<Payload> {
  readonly view: EventView<Payload>
  readonly hash: EventHash
}

export class OpenedMessage<Payload> {
  readonly bytes: Bytes
  /** Its events that were not recognised as known, in order. */
  readonly fresh: readonly OpenedEvent<Payload>[]
  /** The event that ends it; null: there is none. */
  readonly last: HashedEvent<Payload> | null
  readonly #state: State<Payload>
  #unverified: readonly Unverified<Payload>[] | null = null

  constructor(
    state: State<Payload>,
    bytes: Bytes,
    fresh: readonly OpenedEvent<Payload>[],
    last: HashedEvent<Payload> | null,
  ) {
    this.#state = state
    this.bytes = bytes
    this.fresh = fresh
    this.last = last
  }

  /** What is passed over is known to this state only. */
  isOpenedBy(state: State<Payload>): boolean {
    return this.#state === state
  }

  /** Signatures to check: those of the events that are not in the graph now, and of their votes. */
  get requests(): readonly VerificationRequest[] {
    this.#unverified ??= this.fresh.flatMap((event) => unverified(this.#state, event))
    return this.#unverified
  }

  /** The verdicts on `requests`, in order. */
  settle(verdicts: readonly Verdict[]): void {
    for (const [i, { event, of }] of (this.#unverified ?? []).entries()) event[of] = verdicts[i] ?? null
  }
}

function unverified<P>(state: State<P>, event: OpenedEvent<P>): readonly Unverified<P>[] {
  if (isKnown(state, event)) return []
  const { creator: identity, content, signature, vote } = event.view
  const ofEvent = {
    identity,
    message: state.group.eventMessage(content),
    signature,
    event,
    of: 'eventVerdict',
  } as const
  if (vote === null || !state.stronger) return [ofEvent]
  const message = state.group.voteMessage(vote.bytes)
  return [ofEvent, { identity, message, signature: vote.signature, event, of: 'voteVerdict' }]
}

export function openMessage<P>(state: State<P>, bytes: Bytes): OpenedMessage<P> | ParsecError {
  const { group } = state
  try {
    const views: EventView<P>[] = []
    let lastKnown: EventIndex = NONE
    readMessage(bytes, group.format, (reader) => {
      lastKnown = passKnown(state, reader)
      if (lastKnown === NONE) views.push(readEvent(reader, group.format))
    })
    const fresh = views.map((view) => open(state, view))
    return new OpenedMessage(
      state,
      bytes,
      fresh,
      lastKnown === NONE ? (fresh.at(-1) ?? null) : hashed(state, lastKnown),
    )
  } catch (error) {
    if (!(error instanceof CodecError)) throw error
    return new ParsecError({ code: 'InvalidMessage', why: error.message, codec: error.data }, { cause: error })
  }
}

function open<P>({ group }: State<P>, view: EventView<P>): OpenedEvent<P> {
  return {
    view,
    hash: group.hash(group.eventMessage(view.content)),
    observationHash: view.vote === null ? null : group.hash(view.vote.bytes),
    eventVerdict: null,
    voteVerdict: null,
    carriedVerdict: null,
  }
}

/** An event of the graph. */
export function hashed<P>({ graph, group }: State<P>, event: EventIndex): HashedEvent<P> {
  return { view: decodeEvent(graph.bytesOf(event), group.format), hash: graph.hashOf(event) }
}

/** Passes over a known event, byte for byte the same; else NONE, and the reader stays. Of a fork only one member is found. */
function passKnown<P>(state: State<P>, reader: CanonicalReader): EventIndex {
  const start = reader.offset
  const event = expected(state, reader)
  const isKnownEvent = event >= state.graph.base && state.graph.standsIn(event, reader.bytes, start, reader.end)
  reader.offset = isKnownEvent ? start + state.graph.byteLengthOf(event) : start
  return isKnownEvent ? event : NONE
}

/** The event in the graph that an event with this beginning would be: the next after its self-parent, or the creator's first. */
function expected<P>({ graph, group, peers }: State<P>, reader: CanonicalReader): EventIndex {
  const creator = group.format.identity.read(reader)
  if (reader.u32() === CAUSE_TAG.Initial) {
    const peer = peers.find(creator)
    return peer === NONE ? NONE : graph.firstAt(peer, 0)
  }
  if (reader.left < HASH_BYTES) return NONE
  const selfParent = graph.find(reader.bytes, reader.offset)
  return selfParent === NONE ? NONE : graph.firstAt(graph.creatorOf(selfParent), graph.indexOf(selfParent) + 1)
}
