/**
 * @module log/eventstoredb/session
 *
 * What appends, reads and subscriptions of one log have in common: the client, the patience, the end; and the loop
 * that goes on after a failure that may pass.
 */

import type { Logger } from '../../ports/logger.ts'
import type { LogClient } from './client.ts'
import { type Context, failureOf, isTransient, logError } from './failures.ts'
import { itemsOf, type Source } from './items.ts'
import { Backoff, type Patience } from './patience.ts'

export interface Session {
  readonly client: LogClient
  readonly patience: Patience
  readonly logger: Logger
  /** Scheme and hosts, for messages. */
  readonly server: string
}

export function contextOf(session: Session, operation: string, stream?: string): Context {
  const { patience, server } = session
  return { operation, server, timeoutMs: patience.timeoutMs, ...(stream === undefined ? {} : { stream }) }
}

export interface Pull {
  readonly context: Context
  /** Opens the read after what was given so far. Called again after each failure. */
  readonly open: () => Source
  /** A subscription: goes on for as long as failures may pass, and after an end that the server made. */
  readonly forever: boolean
  readonly signal: AbortSignal
}

/**
 * Items of one read or subscription over as many calls as it takes. Ends quietly when the signal is raised; throws a
 * `LogError` on a failure that stays, or, unless `forever`, when nothing came for the time of an operation.
 */
export async function* persistently<Item>(session: Session, pull: Pull): AsyncGenerator<Item, void, void> {
  const { patience, logger } = session
  const { context, signal, forever } = pull
  const backoff = new Backoff(patience)
  while (!signal.aborted) {
    let lost: unknown
    try {
      for await (const item of itemsOf<Item>(pull.open(), patience.attemptTimeoutMs, signal)) {
        backoff.succeeded()
        yield item
      }
      if (!forever) return
    } catch (error) {
      lost = error
    }
    if (signal.aborted) return
    const failure = failureOf(lost)
    if (failure.kind === 'missing' && !forever) return
    if (!isTransient(failure) && failure.kind !== 'missing') throw logError(failure, context, lost)
    await backoff.pause(signal)
    if (!forever && backoff.isSpent) throw logError(failure, context, lost)
    logger.warn({ server: session.server, operation: context.operation, err: lost }, 'connection lost; resuming')
  }
}
