/**
 * @module core/parsec/errors
 *
 * Why an operation of the engine refused (parsec §13), with the names of the specification.
 */

import { WitanError } from '../../base/errors.ts'
import type { CodecErrorData } from '../../wire/canonical/errors.ts'
import type { EventHash, Malice, PeerId } from '../../wire/canonical/types.ts'

export type ParsecErrorData =
  /** A block by hand: the votes are for different payloads. */
  | { readonly code: 'MismatchedPayload' }
  /** A block by hand: nobody voted for this payload. */
  | { readonly code: 'UnknownPayload' }
  /** A block by hand: no votes. */
  | { readonly code: 'MissingVotes' }
  | { readonly code: 'SignatureFailure'; readonly event: EventHash; readonly of: 'event' | 'vote' }
  | { readonly code: 'UnknownPeer'; readonly peer: PeerId }
  /** Flags as the specification spells them, joined by `|`. */
  | { readonly code: 'InvalidPeerState'; readonly peer: PeerId; readonly required: string; readonly actual: string }
  | { readonly code: 'InvalidSelfState'; readonly required: string; readonly actual: string }
  /** An event of a form that is never added to a graph: an offence of its creator. */
  | {
      readonly code: 'InvalidEvent'
      readonly event: EventHash
      readonly why: string
      readonly creator: PeerId
      readonly malice: Malice
    }
  | { readonly code: 'UnknownSelfParent'; readonly event: EventHash }
  | { readonly code: 'UnknownOtherParent'; readonly event: EventHash }
  | { readonly code: 'DuplicateVote'; readonly observation: Uint8Array }
  /** The peer may lack what we have only stubs for: others can tell it, not we (parsec §8). */
  | { readonly code: 'PrematureGossip'; readonly peer: PeerId }
  | { readonly code: 'InvalidMessage'; readonly why: string; readonly codec?: CodecErrorData }
  /** Answered before; nothing was added. */
  | { readonly code: 'DuplicateMessage' }
  /** Not of the specification's list: a voter signed another checkpoint than the one that follows from our blocks. */
  | { readonly code: 'CheckpointMismatch'; readonly position: number }
  /** Not of the specification's list: a peer cost more than its budget; its messages come slowly or not at all (parsec §9). */
  | { readonly code: 'OverBudget' }
  /** Not of the specification's list: the whole graph does not lead to what a peer had from a checkpoint on. */
  | { readonly code: 'GraphDiffers'; readonly why: string }
  /** Not of the specification's list: it leads there, and not as far yet. */
  | { readonly code: 'GraphLacks'; readonly why: string }
  | { readonly code: 'FailedDkg' }
  /** An offence was found (parsec §9). */
  | { readonly code: 'Malice'; readonly kind: Malice['type'] }
  | { readonly code: 'Logic'; readonly why: string }

export type ParsecErrorCode = ParsecErrorData['code']

export class ParsecError extends WitanError<ParsecErrorData> {
  constructor(data: ParsecErrorData, options?: ErrorOptions) {
    super(data, ['parsec', data.code, ...details(data)].join(': '), options)
  }
}

function details(data: ParsecErrorData): readonly string[] {
  if ('why' in data) return [data.why]
  if ('kind' in data) return [data.kind]
  if ('required' in data) return [`${data.required} is needed, the state is ${data.actual}`]
  return []
}
