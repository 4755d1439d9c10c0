/**
 * @module testing/append-fault
 *
 * How an append can fail. Each says both what the caller sees and whether the facts are there afterwards; `lost` and
 * `unanswered` look the same to the caller, as they do when a server's answer is lost.
 */

import { LogError } from '../ports/event-log.ts'

/**
 * | Fault | The caller sees | Written |
 * | --- | --- | --- |
 * | `full` | `LogFull` | no |
 * | `unavailable` | `LogUnavailable` | no |
 * | `lost` | `LogTimeout` | no |
 * | `unanswered` | `LogTimeout` | yes |
 */
export type AppendFault = 'full' | 'unavailable' | 'lost' | 'unanswered'

export const isWritten = (fault: AppendFault | undefined): boolean => fault === undefined || fault === 'unanswered'

/** What the caller sees. */
export function appendError(fault: AppendFault): LogError {
  switch (fault) {
    case 'full':
      return new LogError({ code: 'LogFull' }, 'injected: the disk is full')
    case 'unavailable':
      return new LogError({ code: 'LogUnavailable', operation: 'append' }, 'injected: the log is unavailable')
    case 'lost':
    case 'unanswered':
      return new LogError({ code: 'LogTimeout', operation: 'append', timeoutMs: 0 }, 'injected: no answer')
  }
}
