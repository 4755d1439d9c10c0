/**
 * @module core/parsec/gossip/message
 *
 * Messages, opened: decoded and hashed, before anything of them is judged.
 *
 * A caller that can verify signatures in bulk asks for `requests`, and hands back the verdicts with `settle`; otherwise
 * they are verified one by one.
 */

import { type Bytes, equalBytes } from '../../../base/bytes.ts'
import type { Verdict, VerificationRequest } from '../../../ports/signature-scheme.ts'
import { CodecError } from '../../../wire/canonical/errors.ts'
import { decodeMessage } from '../../../wire/canonical/event.ts'
import { ParsecError } from '../errors.ts'
import { NONE } from '../graph/graph.ts'
import type { State } from '../state.ts'
import type { OpenedEvent } from './admission.ts'

interface Unverified<Payload> extends VerificationRequest {
  readonly event: OpenedEvent<Payload>
  readonly of: 'eventVerdict' | 'voteVerdict'
}

export class OpenedMessage<Payload> {
  readonly events: readonly OpenedEvent<Payload>[]
  readonly #state: State<Payload>
  #unverified: readonly Unverified<Payload>[] | null = null

  constructor(state: State<Payload>, events: readonly OpenedEvent<Payload>[]) {
    this.#state = state
    this.events = events
  }

  /** Signatures to check: those of the events that are not in the graph now, and of their votes. */
  get requests(): readonly VerificationRequest[] {
    this.#unverified ??= this.events.flatMap((event) => unverified(this.#state, event))
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

function isKnown<P>(state: State<P>, event: OpenedEvent<P>): boolean {
  const known = state.graph.find(event.hash)
  return known !== NONE && equalBytes(state.graph.bytesOf(known), event.view.bytes)
}

export function openMessage<P>(state: State<P>, bytes: Bytes): OpenedMessage<P> | ParsecError {
  const { group } = state
  try {
    const events = decodeMessage(bytes, group.format).map((view) => ({
      view,
      hash: group.hash(group.eventMessage(view.content)),
      observationHash: view.vote === null ? null : group.hash(view.vote.bytes),
      eventVerdict: null,
      voteVerdict: null,
    }))
    return new OpenedMessage(state, events)
  } catch (error) {
    if (!(error instanceof CodecError)) throw error
    return new ParsecError({ code: 'InvalidMessage', why: error.message, codec: error.data }, { cause: error })
  }
}
