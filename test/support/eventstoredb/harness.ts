/**
 * @module test/support/eventstoredb/harness
 *
 * Servers and logs that a test opens and that are closed after it, whatever happens.
 */

import { afterEach } from 'vitest'
import { type EventStoreDbLogOptions, eventStoreDbLog } from '../../../src/log/eventstoredb/event-store-db-log.ts'
import type { EventLog } from '../../../src/ports/event-log.ts'
import { Node, type NodeOptions } from './node.ts'

/** Gives up soon, so that tests of failures are short. */
export const QUICK = { timeoutMs: 3000, attemptTimeoutMs: 250, retryDelayMs: 5, maxRetryDelayMs: 40 } as const

const open: (() => Promise<unknown>)[] = []

afterEach(async () => {
  const closers = open.splice(0).reverse()
  for (const close of closers) await close()
})

/** Runs after the test, newest first. */
export function later(close: () => Promise<unknown>): void {
  open.push(close)
}

export async function startNode(options: NodeOptions = {}): Promise<Node> {
  const node = await Node.start(options)
  later(() => node.stop())
  return node
}

export function openLog(url: string, options: Partial<EventStoreDbLogOptions> = {}): EventLog {
  const log = eventStoreDbLog({ url, ...QUICK, ...options })
  later(() => log.close())
  return log
}

/** Looks until it is so; the test's own time limit is the bound. */
export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 2))
}
