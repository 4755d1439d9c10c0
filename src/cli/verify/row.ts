/**
 * @module cli/verify/row
 *
 * One kind of proof that `witan verify` knows.
 */

import type { Bytes } from '../../base/bytes.ts'
import type { TrustOptions } from './trust.ts'

/** What was proved: a sentence for people, the same as data. */
export interface Verified {
  readonly sentence: string
  readonly json: object
}

export interface VerifierRow {
  /** The text at the start of the bytes, with its length before it. */
  readonly domain: string
  readonly what: string
  /** Throws a `WitanError` where the bytes prove nothing. */
  readonly verify: (bytes: Bytes, options: TrustOptions) => Verified
}
