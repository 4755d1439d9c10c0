/**
 * @module test/support/eventstoredb/appends
 *
 * Append (one call, one answer) and BatchAppend (one shared call, answers by correlation id).
 */

import { setImmediate as nextTurn } from 'node:timers/promises'
import shared from '@eventstore/db-client/generated/shared_pb.js'
import type {
  AppendReq,
  AppendResp,
  BatchAppendReq,
  BatchAppendResp,
} from '@eventstore/db-client/generated/streams_pb.js'
import streams from '@eventstore/db-client/generated/streams_pb.js'
import type { ServerDuplexStream, ServerReadableStream, sendUnaryData } from '@grpc/grpc-js'
import { status } from '@grpc/grpc-js'
import { StatusError } from './faults.ts'
import {
  appendSuccess,
  appendWrongVersion,
  batchWrongVersion,
  expectedOfAppend,
  expectedOfBatch,
  proposedEvent,
  streamName,
  uuid,
} from './messages.ts'
import type { Node } from './node.ts'
import type { ProposedEvent } from './store.ts'

export type AppendCall = ServerReadableStream<AppendReq, AppendResp>
export type BatchCall = ServerDuplexStream<BatchAppendReq, BatchAppendResp>

export function append(node: Node, call: AppendCall, answer: sendUnaryData<AppendResp>): void {
  const messages: AppendReq[] = []
  call.on('data', (message: AppendReq) => messages.push(message))
  call.on('error', () => undefined)
  call.on('end', () => {
    appendNow(node, call, messages).then(
      (response) => answer(null, response),
      (error: StatusError) => answer(error),
    )
  })
}

async function appendNow(node: Node, call: AppendCall, messages: readonly AppendReq[]): Promise<AppendResp> {
  // The end of the stream may be that of the connection, which is known a turn later: then part of the facts is missing.
  await nextTurn()
  if (call.cancelled || call.destroyed) throw new StatusError(status.CANCELLED, 'the client is gone')
  node.calls.append += 1
  const fault = node.faults.take('append')
  await node.faults.before(fault)
  node.admit(call.metadata)
  const options = messages[0]?.getOptions()
  if (options === undefined) throw new StatusError(status.INVALID_ARGUMENT, 'an append begins with its options')
  const events = messages.slice(1).map((message) => proposed(message))
  const expected = expectedOfAppend(options)
  node.lastExpected = expected
  const outcome = node.store.append(streamName(options.getStreamIdentifier()), expected, events)
  await node.faults.after(fault)
  switch (outcome.kind) {
    case 'success':
      return appendSuccess(fault?.kind === 'answer-revision' ? fault.revision : outcome.revision, outcome.position)
    case 'wrong-expected-version':
      return appendWrongVersion(outcome.current, expected)
    case 'corrupted-idempotency':
      throw new StatusError(status.UNKNOWN, 'Invalid transaction', { exception: 'invalid-transaction' })
  }
}

function proposed(message: AppendReq): ProposedEvent {
  const event = message.getProposedMessage()
  if (event === undefined) throw new StatusError(status.INVALID_ARGUMENT, 'options come once')
  return proposedEvent(event)
}

export function batchAppend(node: Node, call: BatchCall): void {
  const open = new Map<string, BatchAppendReq[]>()
  call.on('error', () => undefined)
  call.on('end', () => call.end())
  call.on('data', (message: BatchAppendReq) => {
    const id = message.getCorrelationId()?.getString() ?? ''
    const parts = [...(open.get(id) ?? []), message]
    open.set(id, parts)
    if (!message.getIsFinal()) return
    open.delete(id)
    batchNow(node, call, parts, id).catch((error: Error) => call.emit('error', error))
  })
}

async function batchNow(node: Node, call: BatchCall, parts: readonly BatchAppendReq[], id: string): Promise<void> {
  node.calls.batchAppend += 1
  const fault = node.faults.take('batchAppend')
  await node.faults.before(fault)
  node.admit(call.metadata)
  const options = parts[0]?.getOptions()
  if (options === undefined) throw new StatusError(status.INVALID_ARGUMENT, 'a batch begins with its options')
  const expected = expectedOfBatch(options)
  const events = parts.flatMap((part) => part.getProposedMessagesList().map((message) => proposedEvent(message)))
  const outcome = node.store.append(streamName(options.getStreamIdentifier()), expected, events)
  await node.faults.after(fault)
  const response = new streams.BatchAppendResp().setCorrelationId(uuid(id))
  response.setStreamIdentifier(options.getStreamIdentifier())
  if (outcome.kind === 'success') {
    const at = new shared.AllStreamPosition()
    at.setCommitPosition(`${outcome.position}`).setPreparePosition(`${outcome.position}`)
    const success = new streams.BatchAppendResp.Success().setCurrentRevision(`${outcome.revision}`)
    response.setSuccess(success.setPosition(at))
  } else {
    response.setError(batchWrongVersion(outcome.kind === 'wrong-expected-version' ? outcome.current : -1, expected))
  }
  call.write(response)
}
