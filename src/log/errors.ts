/**
 * @module log/errors
 *
 * Makes the errors of the log, each with a message that says what happened and the way out.
 */

import { LogError, type RecordedFact, type Revision } from '../ports/event-log.ts'

export function wrongExpectedRevision(stream: string, expected: Revision, actual: Revision): LogError {
  return new LogError(
    { code: 'WrongExpectedRevision', stream, expected, actual },
    `stream ${stream} is at revision ${actual}, not ${expected}: somebody else writes it; ` +
      'make sure that one process only runs this identity, then restart it',
  )
}

export function invalidArgument(argument: string, value: unknown, why: string): LogError {
  const shown = String(value).slice(0, 200)
  return new LogError({ code: 'InvalidLogArgument', argument, value: shown }, `${argument}: ${why} (got ${shown})`)
}

export function logClosed(): LogError {
  return new LogError({ code: 'LogClosed' }, 'the log is closed')
}

export function aborted(): LogError {
  return new LogError({ code: 'Aborted' }, 'the read was aborted')
}

export function logFull(cause?: unknown): LogError {
  return new LogError({ code: 'LogFull' }, 'no space is left for the log: free some, then append again', { cause })
}

export function logUnavailable(operation: string, why: string, cause?: unknown): LogError {
  return new LogError({ code: 'LogUnavailable', operation }, `${operation}: ${why}`, { cause })
}

export function logCorrupted(where: string, cause?: unknown): LogError {
  return new LogError(
    { code: 'LogCorrupted', where },
    `the log is damaged: ${where}. Do not run this identity from it: facts that were acknowledged may be missing. ` +
      'Restore the newest complete copy of the folder, or join again under a new identity',
    { cause },
  )
}

export function logLocked(folder: string, cause?: unknown): LogError {
  return new LogError(
    { code: 'LogLocked', folder },
    `the log in ${folder} is open already, here or in another process: stop that one, or give this one its own folder`,
    { cause },
  )
}

export function unknownSchemaVersion(fact: RecordedFact, newestKnown: number): LogError {
  const { type, metadata } = fact
  return new LogError(
    { code: 'UnknownSchemaVersion', type, schemaVersion: metadata.schemaVersion, newestKnown },
    `${fact.stream}@${fact.revision} is a ${type} of schema ${metadata.schemaVersion}; this release knows 1 to ` +
      `${newestKnown}: run the release that wrote it, or a later one`,
  )
}
