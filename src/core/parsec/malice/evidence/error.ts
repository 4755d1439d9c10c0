/**
 * @module core/parsec/malice/evidence/error
 *
 * Why evidence proves nothing.
 */

import { WitanError } from '../../../../base/errors.ts'
import type { EventHash } from '../../../../wire/canonical/types.ts'

export type MaliceEvidenceErrorData =
  /** The bytes are none. */
  | { readonly code: 'Malformed' }
  | { readonly code: 'OtherGroup' }
  | { readonly code: 'BadSignature'; readonly event: EventHash }
  /** The events are in order, and show no such offence. */
  | { readonly code: 'NotProven'; readonly why: string }

export class MaliceEvidenceError extends WitanError<MaliceEvidenceErrorData> {
  constructor(data: MaliceEvidenceErrorData, options?: ErrorOptions) {
    super(data, `the evidence proves nothing: ${'why' in data ? data.why : data.code}`, options)
  }
}
