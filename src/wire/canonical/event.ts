/**
 * @module wire/canonical/event
 *
 * Codec of gossip events and messages (parsec §3, §11): `content = creator, cause`; `event = content, signature`;
 * `message = sequence of events`.
 */

import type { Bytes } from '../../base/bytes.ts'
import { unreachable } from '../../base/errors.ts'
import { CodecError } from './errors.ts'
import type { CanonicalFormat } from './format.ts'
import { encodeObservation, readObservation } from './observation.ts'
import { CanonicalReader } from './reader.ts'
import {
  CAUSE_TAG,
  type Cause,
  type CauseTag,
  type EventHash,
  HASH_BYTES,
  type Observation,
  type PeerId,
} from './types.ts'
import { CanonicalWriter } from './writer.ts'

/** An event as it stands in its bytes: everything is a view of them. */
export interface EventView<Payload = Bytes> {
  /** Content and signature. */
  readonly bytes: Bytes
  readonly content: Bytes
  readonly signature: Bytes
  readonly creator: PeerId
  readonly cause: CauseTag
  readonly selfParent: EventHash | null
  readonly otherParent: EventHash | null
  readonly recipient: PeerId | null
  readonly vote: VoteView<Payload> | null
}

export interface VoteView<Payload = Bytes> {
  /** The encoded observation. */
  readonly bytes: Bytes
  readonly observation: Observation<Payload>
  readonly signature: Bytes
}

export function encodeContent<P>(creator: PeerId, cause: Cause<P>, format: CanonicalFormat<P>): Bytes {
  switch (cause.type) {
    case 'Requesting':
      return contentWriter(creator, cause.type, HASH_BYTES + cause.recipient.length)
        .fixed(cause.selfParent)
        .fixed(cause.recipient)
        .finish()
    case 'Request':
    case 'Response':
      return contentWriter(creator, cause.type, 2 * HASH_BYTES)
        .fixed(cause.selfParent)
        .fixed(cause.otherParent)
        .finish()
    case 'Observation':
      return encodeVote(creator, cause.selfParent, encodeObservation(cause.observation, format), cause.voteSignature)
    case 'Initial':
      return contentWriter(creator, cause.type, 0).finish()
    default:
      return unreachable(cause)
  }
}

/** The content of a vote whose observation is encoded already. */
export function encodeVote(creator: PeerId, selfParent: EventHash, observation: Bytes, voteSignature: Bytes): Bytes {
  return contentWriter(creator, 'Observation', HASH_BYTES + observation.length + voteSignature.length)
    .fixed(selfParent)
    .fixed(observation)
    .fixed(voteSignature)
    .finish()
}

/** `rest`: how many bytes come after the tag. */
function contentWriter(creator: PeerId, cause: Cause['type'], rest: number): CanonicalWriter {
  return new CanonicalWriter(creator.length + 4 + rest).fixed(creator).u32(CAUSE_TAG[cause])
}

function readVote<P>(reader: CanonicalReader, format: CanonicalFormat<P>, depth: number): VoteView<P> {
  const start = reader.offset
  const skip = (inner: CanonicalReader, innerDepth: number): void => {
    readEvent(inner, format, innerDepth)
  }
  const observation = readObservation(reader, format, skip, depth)
  const bytes = reader.bytes.subarray(start, reader.offset)
  return { bytes, observation, signature: reader.fixed(format.signatureBytes) }
}

export function readEvent<P>(reader: CanonicalReader, format: CanonicalFormat<P>, depth = 0): EventView<P> {
  const start = reader.offset
  const creator = format.identity.read(reader)
  const tag = reader.u32()
  if (tag > CAUSE_TAG.Initial) return reader.unknownTag('cause', tag)
  const cause = tag as CauseTag
  const selfParent = cause === CAUSE_TAG.Initial ? null : reader.fixed(HASH_BYTES)
  const otherParent = cause === CAUSE_TAG.Request || cause === CAUSE_TAG.Response ? reader.fixed(HASH_BYTES) : null
  const recipient = cause === CAUSE_TAG.Requesting ? format.identity.read(reader) : null
  const vote = cause === CAUSE_TAG.Observation ? readVote(reader, format, depth) : null
  const content = reader.bytes.subarray(start, reader.offset)
  const signature = reader.fixed(format.signatureBytes)
  const bytes = reader.bytes.subarray(start, reader.offset)
  if (bytes.length > format.limits.maxEventBytes) {
    throw new CodecError({
      code: 'LimitExceeded',
      what: 'event',
      limit: format.limits.maxEventBytes,
      actual: bytes.length,
    })
  }
  return { bytes, content, signature, creator, cause, selfParent, otherParent, recipient, vote }
}

/** Exactly one event. */
export function decodeEvent<P>(bytes: Bytes, format: CanonicalFormat<P>): EventView<P> {
  const reader = new CanonicalReader(bytes)
  const event = readEvent(reader, format)
  reader.finish()
  return event
}

/** Exactly one observation. */
export function decodeObservation<P>(bytes: Bytes, format: CanonicalFormat<P>): Observation<P> {
  const reader = new CanonicalReader(bytes)
  const skip = (inner: CanonicalReader, depth: number): void => {
    readEvent(inner, format, depth)
  }
  const observation = readObservation(reader, format, skip, 0)
  reader.finish()
  return observation
}

/** A request, a response, or a part of the graph: a sequence of events. */
export function decodeMessage<P>(bytes: Bytes, format: CanonicalFormat<P>): readonly EventView<P>[] {
  const events: EventView<P>[] = []
  readMessage(bytes, format, (reader) => events.push(readEvent(reader, format)))
  return events
}

/** `readOne` reads exactly one event, each time. */
export function readMessage(
  bytes: Bytes,
  { identity, limits, signatureBytes }: CanonicalFormat,
  readOne: (reader: CanonicalReader) => void,
): void {
  if (bytes.length > limits.maxMessageBytes) {
    throw new CodecError({
      code: 'LimitExceeded',
      what: 'message',
      limit: limits.maxMessageBytes,
      actual: bytes.length,
    })
  }
  const reader = new CanonicalReader(bytes)
  const minEventBytes = identity.minBytes + 4 + signatureBytes
  const count = reader.count(minEventBytes, limits.maxMessageBytes, 'message')
  for (let i = 0; i < count; i += 1) readOne(reader)
  reader.finish()
}

export function encodeMessage(events: readonly Bytes[]): Bytes {
  let length = 8
  for (const event of events) length += event.length
  const writer = new CanonicalWriter(length)
  writer.u64(events.length)
  for (const event of events) writer.fixed(event)
  return writer.finish()
}
