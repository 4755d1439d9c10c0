import {
  AccessDeniedError,
  CancelledError,
  DeadlineExceededError,
  StreamDeletedError,
  StreamNotFoundError,
  UnavailableError,
  UnknownError,
  WrongExpectedVersionError,
} from '@eventstore/db-client'
import { Metadata, type ServiceError, status } from '@grpc/grpc-js'
import { describe, expect, it } from 'vitest'
import { failureOf, hidesOutcome, isTransient, logError, NoAnswer } from '../../src/log/eventstoredb/failures.ts'

function raw(code: status, exception?: string): ServiceError {
  const metadata = new Metadata()
  if (exception !== undefined) metadata.set('exception', exception)
  return Object.assign(new Error(`raw ${code}`), { code, details: `raw ${code}`, metadata })
}

describe('a failure of the client is told apart', () => {
  const cases: (readonly [string, unknown, string])[] = [
    ['no answer in our own time', new NoAnswer('late'), 'timeout'],
    ['its deadline', new DeadlineExceededError(raw(status.DEADLINE_EXCEEDED)), 'timeout'],
    ['its server not reached', new UnavailableError(raw(status.UNAVAILABLE)), 'unavailable'],
    ['its call cancelled', new CancelledError(raw(status.CANCELLED)), 'unavailable'],
    ['something unknown', new UnknownError(raw(status.UNKNOWN)), 'unavailable'],
    ['something unknown, but refused', new UnknownError(raw(status.INVALID_ARGUMENT)), 'refused'],
    ['something unknown, but denied', new UnknownError(raw(status.PERMISSION_DENIED)), 'denied'],
    ['access denied', new AccessDeniedError(raw(status.UNAUTHENTICATED)), 'denied'],
    ['no such stream', new StreamNotFoundError(undefined, 's'), 'missing'],
    ['a deleted stream', StreamDeletedError.fromStreamName('s'), 'deleted'],
    [
      'a conflict',
      new WrongExpectedVersionError(undefined, { streamName: 's', current: 1n, expected: 0n }),
      'wrong-revision',
    ],
    ['raw: a first append with the server down', raw(status.UNAVAILABLE), 'unavailable'],
    ['raw: deadline', raw(status.DEADLINE_EXCEEDED), 'timeout'],
    ['raw: not the leader, without saying who is', raw(status.NOT_FOUND, 'not-leader'), 'unavailable'],
    [
      'raw: a conflict that lacks its metadata',
      raw(status.FAILED_PRECONDITION, 'invalid-transaction'),
      'wrong-revision',
    ],
    ['discovery', new Error('Failed to discover after 10 attempts.'), 'unavailable'],
    ['a channel closed meanwhile', new Error('Channel has been shut down'), 'unavailable'],
    ['a bug', new TypeError('Cannot read properties of undefined'), 'unavailable'],
    ['nothing at all', undefined, 'unavailable'],
    ['a string', 'out of order', 'unavailable'],
  ]
  it.each(cases)('%s', (_, error, kind) => {
    expect(failureOf(error)).toEqual({ kind })
    expect(isTransient(failureOf(error))).toBe(kind === 'timeout' || kind === 'unavailable')
  })

  it('and becomes an error that names operation and server', () => {
    const context = { operation: 'append to "s"', stream: 's', server: 'esdb://h:2113', timeoutMs: 5 }
    const codes = cases.map(([, error]) => logError(failureOf(error), context, error))
    for (const error of codes) expect(error.message).toMatch(/s at esdb:\/\/h|esdb:\/\/h:2113|append to "s"/)
    const unknownOutcomes = codes.filter((error) => hidesOutcome(error)).map(({ code }) => code)
    expect(new Set(unknownOutcomes)).toEqual(new Set(['LogTimeout', 'LogUnavailable']))
  })
})
