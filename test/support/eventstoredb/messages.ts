/**
 * @module test/support/eventstoredb/messages
 *
 * Builds and reads the protocol buffers of the wire, with the message classes that the client package ships.
 */

import type { UUID } from '@eventstore/db-client/generated/shared_pb.js'
import shared from '@eventstore/db-client/generated/shared_pb.js'
import type { Status } from '@eventstore/db-client/generated/status_pb.js'
import statuses from '@eventstore/db-client/generated/status_pb.js'
import type { AppendReq, AppendResp, BatchAppendReq, ReadResp } from '@eventstore/db-client/generated/streams_pb.js'
import streams from '@eventstore/db-client/generated/streams_pb.js'
import any from 'google-protobuf/google/protobuf/any_pb.js'
import empty from 'google-protobuf/google/protobuf/empty_pb.js'
import type { Expected, ProposedEvent, StoredEvent } from './store.ts'

const utf8 = new TextEncoder()
const text = new TextDecoder()

interface Identifier {
  getStreamName_asU8(): Uint8Array
}

export const streamName = (identifier: Identifier | undefined): string =>
  identifier === undefined ? '' : text.decode(identifier.getStreamName_asU8())

export function streamIdentifier(name: string): InstanceType<typeof shared.StreamIdentifier> {
  return new shared.StreamIdentifier().setStreamName(utf8.encode(name))
}

export function uuid(id: string): UUID {
  return new shared.UUID().setString(id)
}

interface Proposed {
  getId(): UUID | undefined
  getMetadataMap(): { get(key: string): string | undefined }
  getData_asU8(): Uint8Array
  getCustomMetadata_asU8(): Uint8Array
}

export function proposedEvent(message: Proposed): ProposedEvent {
  const map = message.getMetadataMap()
  return {
    id: message.getId()?.getString() ?? '',
    type: map.get('type') ?? '',
    contentType: map.get('content-type') ?? '',
    data: message.getData_asU8(),
    metadata: message.getCustomMetadata_asU8(),
  }
}

export function expectedOfAppend(options: AppendReq.Options): Expected {
  if (options.hasRevision()) return Number(options.getRevision())
  if (options.hasNoStream()) return 'no_stream'
  return options.hasStreamExists() ? 'stream_exists' : 'any'
}

export function expectedOfBatch(options: BatchAppendReq.Options): Expected {
  if (options.hasStreamPosition()) return Number(options.getStreamPosition())
  if (options.hasNoStream()) return 'no_stream'
  return options.hasStreamExists() ? 'stream_exists' : 'any'
}

export function appendSuccess(revision: number, position: bigint): AppendResp {
  const at = new streams.AppendResp.Position().setCommitPosition(`${position}`).setPreparePosition(`${position}`)
  const success = new streams.AppendResp.Success().setCurrentRevision(`${revision}`).setPosition(at)
  return new streams.AppendResp().setSuccess(success)
}

export function appendWrongVersion(current: number, expected: Expected): AppendResp {
  const wrong = new streams.AppendResp.WrongExpectedVersion()
  if (current < 0) wrong.setCurrentNoStream(new shared.Empty())
  else wrong.setCurrentRevision(`${current}`)
  if (expected === 'no_stream') wrong.setExpectedNoStream(new shared.Empty())
  else if (expected === 'stream_exists') wrong.setExpectedStreamExists(new shared.Empty())
  else if (expected === 'any') wrong.setExpectedAny(new shared.Empty())
  else wrong.setExpectedRevision(`${expected}`)
  return new streams.AppendResp().setWrongExpectedVersion(wrong)
}

/** Errors of a batch append travel as `Any`. */
export function batchWrongVersion(current: number, expected: Expected): Status {
  const wrong = new shared.WrongExpectedVersion()
  if (current < 0) wrong.setCurrentNoStream(new empty.Empty())
  else wrong.setCurrentStreamRevision(`${current}`)
  if (expected === 'no_stream') wrong.setExpectedNoStream(new empty.Empty())
  else if (typeof expected === 'number') wrong.setExpectedStreamPosition(`${expected}`)
  const details = new any.Any()
  details.pack(wrong.serializeBinary(), 'event_store.client.WrongExpectedVersion')
  return new statuses.Status().setMessage('WrongExpectedVersion').setDetails(details)
}

export function readEvent(stored: StoredEvent): ReadResp {
  const recorded = new streams.ReadResp.ReadEvent.RecordedEvent()
    .setId(uuid(stored.id))
    .setStreamIdentifier(streamIdentifier(stored.stream))
    .setStreamRevision(`${stored.revision}`)
    .setPreparePosition(`${stored.position}`)
    .setCommitPosition(`${stored.position}`)
    .setCustomMetadata(stored.metadata)
    .setData(stored.data)
  recorded.getMetadataMap().set('type', stored.type)
  recorded.getMetadataMap().set('content-type', stored.contentType)
  recorded.getMetadataMap().set('created', `${stored.createdTicks}`)
  const event = new streams.ReadResp.ReadEvent().setEvent(recorded).setCommitPosition(`${stored.position}`)
  return new streams.ReadResp().setEvent(event)
}

export function streamNotFound(name: string): ReadResp {
  const missing = new streams.ReadResp.StreamNotFound().setStreamIdentifier(streamIdentifier(name))
  return new streams.ReadResp().setStreamNotFound(missing)
}

export function confirmation(): ReadResp {
  const confirmed = new streams.ReadResp.SubscriptionConfirmation().setSubscriptionId(crypto.randomUUID())
  return new streams.ReadResp().setConfirmation(confirmed)
}

export function caughtUp(): ReadResp {
  return new streams.ReadResp().setCaughtUp(new streams.ReadResp.CaughtUp())
}
