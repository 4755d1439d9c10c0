/**
 * @module contract/event-log
 *
 * What every `EventLog` does, whatever stores it. Each adapter runs this suite: `describeEventLog('memory', …)`.
 */

import { afterEach, beforeEach, describe } from 'vitest'
import type { EventLog } from '../../src/ports/event-log.ts'
import { describeAppends } from './event-log-appends.ts'
import { describeLifecycle } from './event-log-lifecycle.ts'
import { describeReads } from './event-log-reads.ts'
import { describeSubscriptions } from './event-log-subscriptions.ts'

/** One log and the storage behind it, for one test: empty at first. */
export interface LogHarness {
  /** Opens the log. A second call (after the first log was closed) opens it on the same storage. */
  open(): Promise<EventLog>
  /** Whether facts are still there after closing and opening again. */
  readonly isDurable: boolean
  /** Frees the storage, after the logs are closed. */
  dispose(): Promise<void>
}

/** What the parts of the suite get: the log of the current test, and its harness. */
export interface LogUnderTest {
  readonly log: () => EventLog
  readonly harness: () => LogHarness
}

export function describeEventLog(name: string, makeHarness: () => Promise<LogHarness> | LogHarness): void {
  describe(`event log: ${name}`, () => {
    let harness: LogHarness
    let log: EventLog
    beforeEach(async () => {
      harness = await makeHarness()
      log = await harness.open()
    })
    afterEach(async () => {
      await log.close()
      await harness.dispose()
    })
    const underTest: LogUnderTest = { log: () => log, harness: () => harness }
    describeAppends(underTest)
    describeReads(underTest)
    describeSubscriptions(underTest)
    describeLifecycle(underTest)
  })
}
