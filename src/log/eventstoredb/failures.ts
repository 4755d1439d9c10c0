/**
 * @module log/eventstoredb/failures
 *
 * What went wrong, from the errors of the client, which come in four kinds: its own classes with a `type`, raw gRPC
 * errors with a `code`, plain `Error`s of its discovery, and `TypeError`s where it trips over one of the others.
 */

import { convertToCommandError } from '@eventstore/db-client'
import { unreachable } from '../../base/errors.ts'
import { LogError } from '../../ports/event-log.ts'
import { logUnavailable } from '../errors.ts'

export type Failure =
  /** May pass; worth another try. No answer in time: what was asked may have happened. */
  | { readonly kind: 'timeout' }
  /** May pass. Whether what was asked happened is as unknown. */
  | { readonly kind: 'unavailable' }
  | { readonly kind: 'missing' }
  | { readonly kind: 'deleted' }
  | { readonly kind: 'denied' }
  /** The server understood and will say the same again. */
  | { readonly kind: 'refused' }
  /** Of appends only. */
  | { readonly kind: 'wrong-revision' }
  | { readonly kind: 'too-large' }

/** No answer within our own limit, which holds where the client has none. */
export class NoAnswer extends Error {}

const BY_TYPE: Readonly<Record<string, Failure['kind']>> = {
  timeout: 'timeout',
  'deadline-exceeded': 'timeout',
  unavailable: 'unavailable',
  cancelled: 'unavailable',
  'not-leader': 'unavailable',
  'stream-not-found': 'missing',
  'no-stream': 'missing',
  'stream-deleted': 'deleted',
  'access-denied': 'denied',
  'wrong-expected-version': 'wrong-revision',
  // A part of the append stands there already, under other company: somebody else wrote.
  'invalid-transaction': 'wrong-revision',
  'maximum-append-size-exceeded': 'too-large',
  'invalid-argument': 'refused',
}

const INVALID_ARGUMENT = 3
const PERMISSION_DENIED = 7
const FAILED_PRECONDITION = 9
const OUT_OF_RANGE = 11
const UNIMPLEMENTED = 12
const REFUSED: readonly unknown[] = [INVALID_ARGUMENT, FAILED_PRECONDITION, OUT_OF_RANGE, UNIMPLEMENTED]

export function failureOf(error: unknown): Failure {
  if (error instanceof NoAnswer) return { kind: 'timeout' }
  const known = error instanceof Error ? commandError(error) : undefined
  const type = known !== undefined && 'type' in known ? String(known.type) : ''
  const code = known !== undefined && 'code' in known ? known.code : undefined
  const kind = BY_TYPE[type]
  if (kind !== undefined) return { kind }
  if (code === PERMISSION_DENIED) return { kind: 'denied' }
  return { kind: REFUSED.includes(code) ? 'refused' : 'unavailable' }
}

/** The client's own conversion, which throws on errors that lack the metadata it expects. */
function commandError(error: Error): Error {
  try {
    return convertToCommandError(error) ?? error
  } catch {
    return error
  }
}

export function isTransient(failure: Failure): boolean {
  return failure.kind === 'timeout' || failure.kind === 'unavailable'
}

/** After which errors of an append nobody knows whether its facts are there. */
export function hidesOutcome(error: unknown): boolean {
  return error instanceof LogError && (error.code === 'LogTimeout' || error.code === 'LogUnavailable')
}

export interface Context {
  /** As `append to "gossip-ab12"`. */
  readonly operation: string
  readonly stream?: string
  /** Scheme and hosts, without credentials. */
  readonly server: string
  readonly timeoutMs: number
}

export function logError(failure: Failure, context: Context, cause: unknown): LogError {
  const { operation, stream = operation, server, timeoutMs } = context
  const where = `${operation} at ${server}`
  const why = cause instanceof Error ? cause.message : String(cause)
  switch (failure.kind) {
    case 'timeout':
      return new LogError(
        { code: 'LogTimeout', timeoutMs, operation },
        `${where}: no answer within ${timeoutMs} ms; check the load of the server, or raise timeoutMs`,
        { cause },
      )
    case 'denied':
      return new LogError(
        { code: 'AccessDenied', operation },
        `${where}: access denied; check the credentials in the connection string, and the access rules of the server`,
        { cause },
      )
    case 'deleted':
      return new LogError(
        { code: 'LogCorrupted', where: stream },
        `${where}: the stream was deleted; restore the database from a backup`,
        { cause },
      )
    case 'refused':
    case 'too-large':
    case 'wrong-revision':
      return logUnavailable(operation, `the server at ${server} refuses: ${why}`, cause)
    case 'missing':
    case 'unavailable':
      return logUnavailable(
        operation,
        `${server} cannot be reached or is not ready (${why}); check that it runs, and that tls= in the connection string fits it`,
        cause,
      )
    default:
      return unreachable(failure)
  }
}
