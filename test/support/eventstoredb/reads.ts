/**
 * @module test/support/eventstoredb/reads
 *
 * Read: a stream or $all, forward or backward, or a subscription. As on the real server, reads of a stream and forward
 * reads of $all include their start; backward reads of $all give what lies *before* the position; subscriptions begin
 * after theirs.
 */

import { once } from 'node:events'
import type { ReadReq, ReadResp } from '@eventstore/db-client/generated/streams_pb.js'
import streams from '@eventstore/db-client/generated/streams_pb.js'
import type { ServerWritableStream } from '@grpc/grpc-js'
import { status } from '@grpc/grpc-js'
import { type Fault, StatusError } from './faults.ts'
import { caughtUp, confirmation, readEvent, streamName, streamNotFound } from './messages.ts'
import type { Node, Subscription } from './node.ts'
import type { StoredEvent } from './store.ts'

export type ReadCall = ServerWritableStream<ReadReq, ReadResp>

export function read(node: Node, call: ReadCall): void {
  call.on('error', () => undefined)
  readNow(node, call).then(
    () => call.end(),
    // `destroy` would close the stream without its status.
    (error: StatusError) => call.emit('error', error),
  )
}

async function readNow(node: Node, call: ReadCall): Promise<void> {
  const options = call.request.getOptions()
  if (options === undefined) throw new StatusError(status.INVALID_ARGUMENT, 'options are missing')
  const method = options.hasSubscription() ? 'subscribe' : 'read'
  node.calls[method] += 1
  node.openReads += 1
  call.on('close', () => {
    node.openReads -= 1
  })
  const fault = node.faults.take(method)
  if (fault?.kind !== 'status' || fault.events === undefined) await node.faults.before(fault)
  node.admit(call.metadata)
  if (method === 'subscribe') await subscribe(node, call, options, fault)
  else await page(node, call, options, fault)
}

async function page(node: Node, call: ReadCall, options: ReadReq.Options, fault: Fault | undefined): Promise<void> {
  const of = options.getStream()
  const name = streamName(of?.getStreamIdentifier())
  const source = of === undefined ? node.store.log : node.store.stream(name)
  if (source === undefined) {
    call.write(streamNotFound(name))
    return
  }
  const backward = options.getReadDirection() === streams.ReadReq.Options.ReadDirection.BACKWARDS
  const chosen = backward ? source.filter(notAfter(options)).toReversed() : source.filter(notBefore(options))
  const events = chosen.slice(0, Math.min(Number(options.getCount()), chosen.length))
  for (const [index, event] of events.entries()) {
    await interrupt(node, call, fault, index)
    node.sentEvents += 1
    if (!(await send(call, readEvent(event)))) return
  }
  await interrupt(node, call, fault, events.length)
}

const notBefore = (options: ReadReq.Options): ((event: StoredEvent) => boolean) => {
  const stream = options.getStream()
  const all = options.getAll()
  if (stream?.hasRevision()) return (event) => event.revision >= Number(stream.getRevision())
  if (all?.hasPosition()) return (event) => event.position >= BigInt(all.getPosition()?.getCommitPosition() ?? 0)
  return () => !(stream?.hasEnd() || all?.hasEnd())
}

const notAfter = (options: ReadReq.Options): ((event: StoredEvent) => boolean) => {
  const stream = options.getStream()
  const all = options.getAll()
  if (stream?.hasRevision()) return (event) => event.revision <= Number(stream.getRevision())
  if (all?.hasPosition()) return (event) => event.position < BigInt(all.getPosition()?.getCommitPosition() ?? 0)
  if (stream?.hasStart()) return (event) => event.revision === 0
  return () => !all?.hasStart()
}

async function subscribe(
  node: Node,
  call: ReadCall,
  options: ReadReq.Options,
  fault: Fault | undefined,
): Promise<void> {
  const of = options.getStream()
  const name = streamName(of?.getStreamIdentifier())
  const stop = new AbortController()
  const subscription: Subscription = { fault: undefined, wake: () => stop.abort() }
  node.subscriptions.add(subscription)
  call.on('close', () => {
    node.subscriptions.delete(subscription)
    stop.abort()
  })
  const wanted = filterOf(options)
  const start = startOf(options, node)
  let cursor = 0
  let sent = 0
  let live = false
  call.write(confirmation())
  while (!call.cancelled && !call.destroyed) {
    const source = (of === undefined ? node.store.log : node.store.stream(name)) ?? []
    for (let event = source[cursor]; event !== undefined; event = source[cursor]) {
      cursor += 1
      if (!start(event) || !wanted(event)) continue
      await interrupt(node, call, fault, sent)
      sent += 1
      node.sentEvents += 1
      if (!(await send(call, readEvent(event)))) return
    }
    await interrupt(node, call, fault, sent)
    if (fault?.kind === 'end' && sent >= (fault.events ?? 0)) return
    await interrupt(node, call, subscription.fault, 0)
    if (subscription.fault?.kind === 'end') return
    if (!live) call.write(caughtUp())
    live = true
    if (cursor >= ((of === undefined ? node.store.log : node.store.stream(name)) ?? []).length) {
      await node.store.changed(stop.signal)
      // A drop that came by this turn strikes in the next; a call that was closed ends.
      if (stop.signal.aborted && subscription.fault === undefined) return
    }
  }
}

/** Strikes where the fault says how many events come before it. */
async function interrupt(node: Node, call: ReadCall, fault: Fault | undefined, sent: number): Promise<void> {
  if (fault === undefined || !('events' in fault || 'when' in fault || fault.kind === 'status')) return
  if (sent < (fault.events ?? 0)) return
  if (fault.kind === 'status') throw new StatusError(fault.code, fault.details, fault.metadata)
  if (call.writableNeedDrain) await once(call, 'drain')
  await node.faults.after(fault)
}

/** False when the reader is gone. */
async function send(call: ReadCall, message: ReadResp): Promise<boolean> {
  if (call.cancelled || call.destroyed) return false
  if (call.write(message)) return true
  return new Promise((resolve) => {
    const settle = (): void => {
      call.off('drain', settle).off('close', settle).off('cancelled', settle)
      resolve(!call.cancelled && !call.destroyed)
    }
    call.on('drain', settle).on('close', settle).on('cancelled', settle)
  })
}

function startOf(options: ReadReq.Options, node: Node): (event: StoredEvent) => boolean {
  const stream = options.getStream()
  const all = options.getAll()
  if (stream?.hasRevision()) return (event) => event.revision > Number(stream.getRevision())
  if (all?.hasPosition()) return (event) => event.position > BigInt(all.getPosition()?.getCommitPosition() ?? 0)
  if (stream?.hasEnd() || all?.hasEnd()) {
    const end = node.store.log.at(-1)?.position ?? -1n
    return (event) => event.position > end
  }
  return () => true
}

function filterOf(options: ReadReq.Options): (event: StoredEvent) => boolean {
  const filter = options.getFilter()
  if (filter === undefined) return () => true
  const expression = filter.getStreamIdentifier() ?? filter.getEventType()
  const subject = (event: StoredEvent): string => (filter.hasStreamIdentifier() ? event.stream : event.type)
  const pattern = new RegExp(expression?.getRegex() ?? '')
  const prefixes = expression?.getPrefixList() ?? []
  return (event) =>
    pattern.test(subject(event)) &&
    (prefixes.length === 0 || prefixes.some((prefix) => subject(event).startsWith(prefix)))
}
