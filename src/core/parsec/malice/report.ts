/**
 * @module core/parsec/malice/report
 *
 * Offences that the graph does not show, as facts: with an event that was not added, or Unprovable (parsec §9).
 */

import type { Bytes } from '../../../base/bytes.ts'
import { present } from '../../../base/errors.ts'
import { CodecError } from '../../../wire/canonical/errors.ts'
import { decodeEvent, decodeObservation, encodeContent } from '../../../wire/canonical/event.ts'
import type { CanonicalFormat } from '../../../wire/canonical/format.ts'
import { HASH_BYTES, type Observation } from '../../../wire/canonical/types.ts'

type AccusationVote<P> = Observation<P> & { readonly type: 'Accusation' }

/** The accusation in a report's bytes. */
export function decodeReport<P>(accusation: Bytes, format: CanonicalFormat<P>): AccusationVote<P> {
  const observation = decodeObservation(accusation.slice(), format)
  return present(observation.type === 'Accusation' ? observation : null, 'a report is an accusation')
}

/**
 * Whether an event that votes for it keeps the limits of the group (parsec §11). An offender could sign an event too large
 * or nested too deep to be carried; who carried it nevertheless would be refused by all.
 */
export function isTakenByOthers<P>(accusation: Bytes, format: CanonicalFormat<P>): boolean {
  try {
    const observation = decodeObservation(accusation, format)
    if (observation.type !== 'Accusation') return false
    const selfParent = new Uint8Array(HASH_BYTES)
    const voteSignature = new Uint8Array(format.signatureBytes)
    const content = encodeContent(
      observation.offender,
      { type: 'Observation', selfParent, observation, voteSignature },
      format,
    )
    const event = new Uint8Array(content.length + format.signatureBytes)
    event.set(content)
    decodeEvent(event, format)
    return true
  } catch (error) {
    if (error instanceof CodecError) return false
    throw error
  }
}
