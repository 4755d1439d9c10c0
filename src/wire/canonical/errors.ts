/**
 * @module wire/canonical/errors
 *
 * Why bytes are no canonical encoding (parsec §11). Thrown by the readers, and turned into a fault of the sender by
 * whoever handles a peer's message.
 */

import { WitanError } from '../../base/errors.ts'

export type CodecErrorData =
  /** The bytes end before the value does; also a length that what is left cannot hold. */
  | { readonly code: 'UnexpectedEnd'; readonly offset: number; readonly needed: number }
  | { readonly code: 'TrailingBytes'; readonly offset: number; readonly left: number }
  | { readonly code: 'UnknownTag'; readonly offset: number; readonly type: string; readonly tag: number }
  | { readonly code: 'LimitExceeded'; readonly what: string; readonly limit: number; readonly actual: number }
  /** Items of a set are out of order, or twice. */
  | { readonly code: 'UnorderedSet'; readonly offset: number }
  | { readonly code: 'InvalidValue'; readonly offset: number; readonly what: string }

export class CodecError extends WitanError<CodecErrorData> {
  constructor(data: CodecErrorData) {
    super(data, `not a canonical encoding: ${JSON.stringify(data)}`)
  }
}
