/**
 * @module core/parsec/malice/cost
 *
 * What a message cost, told from the step that it led to (parsec §9, Unprovable); `budget.ts` says what that may add up to.
 */

import { type Bytes, equalBytes } from '../../../base/bytes.ts'
import { toHex } from '../../../base/text.ts'
import { decodeEvent } from '../../../wire/canonical/event.ts'
import type { CanonicalFormat } from '../../../wire/canonical/format.ts'
import type { PeerId } from '../../../wire/canonical/types.ts'
import { ParsecError } from '../errors.ts'
import type { GossipEventAccepted, ParsecStep } from '../facts.ts'
import type { Group } from '../group.ts'
import type { Cost } from './budget.ts'

/** Codes of errors that no message of a correct peer gives. */
const DISHONEST: ReadonlySet<string> = new Set(['SignatureFailure', 'InvalidMessage', 'InvalidEvent'])

/** Of a message that is none. */
export const INVALID: Cost = { invalid: 1 }

/** Of a message that its sender's budget did not let in. */
export function costOfLost(message: Bytes): Cost {
  return { bytes: message.length, lost: 1 }
}

/** Who judges: a `Parsec`. */
interface Receiver<P> {
  readonly ourId: PeerId
  readonly group: Group<P>
}

/** Of a message from `from`; `step` is what it led to. */
export function costOf<P>(
  { ourId, group }: Receiver<P>,
  from: PeerId,
  message: Bytes,
  { facts, effects, error }: ParsecStep<P>,
): Cost {
  // An event begins with its creator's id (parsec §11).
  const brought = facts.flatMap((fact) =>
    fact.type === 'GossipEventAccepted' && !isBy(ourId, fact.bytes) ? [fact] : [],
  )
  const isNews = brought.length > 0 || facts.some(({ type }) => type === 'CheckpointSignatureTaken')
  const newBytes = brought.reduce((sum, { bytes }) => sum + bytes.length, 0)
  const isDishonest = error instanceof ParsecError && DISHONEST.has(error.data.code)
  return {
    bytes: isNews && newBytes === 0 ? 0 : message.length - newBytes,
    given: effects.reduce((sum, { to, bytes }) => sum + (equalBytes(to, from) ? bytes.length : 0), 0),
    events: ownEvents(from, brought, group.format),
    invalid: isDishonest ? 1 : 0,
  }
}

/**
 * The sender's own, after the last one that somebody else in the message built on: what others took, they paid for. So who has
 * made very many in its life, and gives them all to one that catches up, costs it nothing.
 */
function ownEvents<P>(from: PeerId, brought: readonly GossipEventAccepted[], format: CanonicalFormat<P>): number {
  const builtOn = new Set<string>()
  let count = 0
  for (const { bytes, hash } of brought.toReversed()) {
    if (isBy(from, bytes)) {
      if (builtOn.has(toHex(hash))) return count
      count += 1
    } else {
      const { otherParent } = decodeEvent(bytes, format)
      if (otherParent !== null) builtOn.add(toHex(otherParent))
    }
  }
  return count
}

const isBy = (id: PeerId, event: Bytes): boolean => equalBytes(event.subarray(0, id.length), id)
