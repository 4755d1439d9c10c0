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

/** An event as it stands in its bytes. Everything is a view of them, made when it is asked for: most never is. */
export class EventView<Payload = Bytes> {
  readonly creator: PeerId
  readonly cause: CauseTag
  readonly recipient: PeerId | null
  readonly vote: VoteView<Payload> | null
  readonly #source: Bytes
  readonly #start: number
  /** Of what comes after the cause: a self-parent but for Initial, then another hash, an id or a vote. */
  readonly #body: number
  readonly #contentEnd: number
  readonly #end: number

  /** Reads one event, within `format.limits`. */
  constructor(reader: CanonicalReader, format: CanonicalFormat<Payload>, depth: number) {
    this.#source = reader.bytes
    this.#start = reader.offset
    this.creator = format.identity.read(reader)
    this.cause = readCause(reader)
    this.#body = reader.offset
    if (this.cause !== CAUSE_TAG.Initial) reader.skip(HASH_BYTES)
    if (hasOtherParent(this.cause)) reader.skip(HASH_BYTES)
    this.recipient = this.cause === CAUSE_TAG.Requesting ? format.identity.read(reader) : null
    this.vote = this.cause === CAUSE_TAG.Observation ? new VoteView(reader, format, depth) : null
    this.#contentEnd = reader.skip(format.signatureBytes)
    this.#end = reader.offset
    const { maxEventBytes: limit } = format.limits
    const actual = this.#end - this.#start
    if (actual > limit) throw new CodecError({ code: 'LimitExceeded', what: 'event', limit, actual })
  }

  /** Content and signature. */
  get bytes(): Bytes {
    return this.#start === 0 && this.#end === this.#source.length ? this.#source : this.#part(this.#start, this.#end)
  }

  get content(): Bytes {
    return this.#part(this.#start, this.#contentEnd)
  }

  get signature(): Bytes {
    return this.#part(this.#contentEnd, this.#end)
  }

  get selfParent(): EventHash | null {
    return this.cause === CAUSE_TAG.Initial ? null : this.#part(this.#body, this.#body + HASH_BYTES)
  }

  get otherParent(): EventHash | null {
    if (!hasOtherParent(this.cause)) return null
    return this.#part(this.#body + HASH_BYTES, this.#body + 2 * HASH_BYTES)
  }

  #part(from: number, to: number): Bytes {
    return this.#source.subarray(from, to)
  }
}

/** A vote as it stands in its event. */
export class VoteView<Payload = Bytes> {
  readonly observation: Observation<Payload>
  readonly #source: Bytes
  readonly #start: number
  readonly #signature: number
  readonly #end: number

  constructor(reader: CanonicalReader, format: CanonicalFormat<Payload>, depth: number) {
    this.#source = reader.bytes
    this.#start = reader.offset
    const skip = (inner: CanonicalReader, innerDepth: number): void => {
      readEvent(inner, format, innerDepth)
    }
    this.observation = readObservation(reader, format, skip, depth)
    this.#signature = reader.skip(format.signatureBytes)
    this.#end = reader.offset
  }

  /** The encoded observation. */
  get bytes(): Bytes {
    return this.#source.subarray(this.#start, this.#signature)
  }

  get signature(): Bytes {
    return this.#source.subarray(this.#signature, this.#end)
  }
}

function readCause(reader: CanonicalReader): CauseTag {
  const tag = reader.u32()
  return tag > CAUSE_TAG.Initial ? reader.unknownTag('cause', tag) : (tag as CauseTag)
}

function hasOtherParent(cause: CauseTag): boolean {
  return cause === CAUSE_TAG.Request || cause === CAUSE_TAG.Response
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

export function readEvent<P>(reader: CanonicalReader, format: CanonicalFormat<P>, depth = 0): EventView<P> {
  return new EventView(reader, format, depth)
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
