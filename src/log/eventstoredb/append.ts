/**
 * @module log/eventstoredb/append
 *
 * One append, over as many tries as its time allows. After a timeout or a dropped connection nobody knows whether the
 * facts were written: the same append, with the same ids at the same expected revision, is sent again, and the server
 * answers that they stand already, or writes them. Only where it says that the revision is wrong are the facts that do
 * stand there read back, and compared by id: ours mean success, others that somebody else writes the stream.
 *
 * Guarantees: resolves to the revision when the facts are durable, written once. When its time is over without an
 * answer, `LogTimeout` or `LogUnavailable`: the facts may then be there, or may still come; rebuild from the log.
 */

import { jsonEvent } from '@eventstore/db-client'
import { LogError, type NewFact, NO_STREAM, type Revision } from '../../ports/event-log.ts'
import { wrongExpectedRevision } from '../errors.ts'
import { factId } from '../fact-id.ts'
import { type Failure, failureOf, isTransient, logError } from './failures.ts'
import { answered, Backoff } from './patience.ts'
import { eventsOf } from './reads.ts'
import { contextOf, type Session } from './session.ts'

type Event = ReturnType<typeof eventOf>

/** Facts have passed log/check. */
export async function append(
  session: Session,
  stream: string,
  facts: readonly NewFact[],
  expected: Revision,
): Promise<Revision> {
  const { patience, logger, server } = session
  const events = facts.map((fact, index) => eventOf(stream, expected + 1 + index, fact))
  const context = contextOf(session, `append to "${stream}"`, stream)
  const backoff = new Backoff(patience)
  for (;;) {
    let lost: unknown
    try {
      return await attempt(session, stream, events, expected, backoff.attemptMs)
    } catch (error) {
      lost = error
    }
    if (lost instanceof LogError) throw lost
    const failure = failureOf(lost)
    if (!isTransient(failure)) throw appendError(failure, events, () => logError(failure, context, lost))
    await backoff.pause()
    if (backoff.isSpent) throw logError(failure, context, lost)
    logger.warn({ server, stream, expected, facts: facts.length, err: lost }, 'append unanswered; sending it again')
  }
}

async function attempt(
  session: Session,
  stream: string,
  events: readonly Event[],
  expected: Revision,
  timeoutMs: number,
): Promise<Revision> {
  const last = expected + events.length
  // A negative number as expected revision makes the client trip: an absent stream has its own word.
  const expectedRevision = expected === NO_STREAM ? ('no_stream' as const) : BigInt(expected)
  try {
    const options = { expectedRevision, deadline: timeoutMs, requiresLeader: true }
    const result = await answered(timeoutMs, () => session.client.appendToStream(stream, [...events], options))
    // Of an append that stood already a server may name another revision; so look.
    if (result.nextExpectedRevision === BigInt(last)) return last
  } catch (error) {
    if (failureOf(error).kind !== 'wrong-revision') throw error
  }
  if (await stands(session, stream, events, expected)) return last
  throw wrongExpectedRevision(stream, expected, await lastRevision(session, stream))
}

/** Whether exactly these events follow the expected revision. */
async function stands(
  session: Session,
  stream: string,
  events: readonly Event[],
  expected: Revision,
): Promise<boolean> {
  const bounds = { from: expected + 1, maxCount: events.length }
  let index = 0
  for await (const { event } of eventsOf(session, stream, bounds, NEVER)) {
    if (event?.id !== events[index]?.id || event?.revision !== BigInt(expected + 1 + index)) return false
    index += 1
  }
  return index === events.length
}

export async function lastRevision(session: Session, stream: string): Promise<Revision> {
  for await (const { event } of eventsOf(session, stream, { direction: 'backward', maxCount: 1 }, NEVER)) {
    if (event !== undefined) return Number(event.revision)
  }
  return NO_STREAM
}

const NEVER = new AbortController().signal

function eventOf(stream: string, revision: Revision, fact: NewFact) {
  const { type, data, metadata } = fact
  // Both are plain JSON, as log/check has seen: the client never answers where JSON cannot be made.
  return jsonEvent({ id: factId(stream, revision, fact), type, data, metadata: { ...metadata } })
}

function appendError(failure: Failure, events: readonly Event[], otherwise: () => LogError): LogError {
  if (failure.kind !== 'too-large') return otherwise()
  const bytes = Buffer.byteLength(JSON.stringify(events))
  return new LogError(
    { code: 'AppendTooLarge', facts: events.length, bytes },
    `the server takes no append of ${events.length} facts and ${bytes} bytes; raise its MaxAppendSize to 1 MiB at least`,
  )
}
