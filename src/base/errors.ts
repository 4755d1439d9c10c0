/**
 * @module base/errors
 *
 * An **error** is our caller's misuse or our environment's failure. It is thrown, has a stable `code` that callers may
 * switch on, and a typed payload. A *peer's* misbehaviour is a fault: data in a `Step`, never thrown.
 *
 * Each area derives one class: `class LogError extends WitanError<LogErrorData> {}`, where `LogErrorData` is a union
 * discriminated by `code`.
 */

/** What every area's union of error data has in common. */
export interface ErrorData {
  readonly code: string
}

/** The root of all errors that witan throws. `data` is the discriminated union of the area; `code` repeats its tag. */
export class WitanError<Data extends ErrorData = ErrorData> extends Error {
  readonly data: Data

  constructor(data: Data, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = new.target.name
    this.data = data
  }

  get code(): Data['code'] {
    return this.data.code
  }
}

/** A broken invariant of witan itself: a bug, never a consequence of input. */
export class AssertionError extends WitanError<{ readonly code: 'AssertionFailed' }> {
  constructor(why: string) {
    super({ code: 'AssertionFailed' }, `assertion failed: ${why}`)
  }
}

/** Stays on in production: a peer that goes on after a broken invariant could sign something wrong. */
export function assert(condition: boolean, why: string): asserts condition {
  if (!condition) throw new AssertionError(why)
}

/** For the `default` of a switch over a union, so that a new member is a type error. */
export function unreachable(value: never): never {
  throw new AssertionError(`unreachable: ${String(value)}`)
}

/** The value, which an invariant (`why`) says is there. */
export function present<T>(value: T | null | undefined, why: string): T {
  if (value === null || value === undefined) throw new AssertionError(why)
  return value
}
