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

export class OpenedMessage<Payload> {
  readonly events: readonly OpenedEvent<Payload>[]
  /** Signatures not checked yet: those of the events that are not in the graph, and of their votes. */
  readonly requests: readonly VerificationRequest[]
  readonly #places: readonly { readonly event: OpenedEvent<Payload>; readonly of: 'eventVerdict' | 'voteVerdict' }[]

  constructor(state: State<Payload>, events: readonly OpenedEvent<Payload>[]) {
    this.events = events
    const requests: VerificationRequest[] = []
    const places: { event: OpenedEvent<Payload>; of: 'eventVerdict' | 'voteVerdict' }[] = []
    for (const event of events) {
      if (isKnown(state, event)) continue
      const { creator, content, signature, vote } = event.view
      requests.push({ identity: creator, message: state.group.eventMessage(content), signature })
      places.push({ event, of: 'eventVerdict' })
      if (vote === null || !state.stronger) continue
      requests.push({ identity: creator, message: state.group.voteMessage(vote.bytes), signature: vote.signature })
      places.push({ event, of: 'voteVerdict' })
    }
    this.requests = requests
    this.#places = places
  }

  /** The verdicts on `requests`, in order. */
  settle(verdicts: readonly Verdict[]): void {
    for (const [i, { event, of }] of this.#places.entries()) event[of] = verdicts[i] ?? null
  }
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
