/**
 * @module core/parsec/malice/kinds/accomplice
 *
 * Accomplice: a sync event from whose ancestry an offence is evident, while none of its self-ancestors accuses that
 * offender (parsec §9). The offence is of a kind that names events, and is not itself Accomplice: who is silent about a
 * silent peer is not one, since such chains would outgrow the depth to which accusations may be nested (§11). Who was admitted later owes
 * less (owed.ts).
 * Evidence: the hash of the sync event, and the offence. A third party looks at that event's ancestry, if the silent peer is of the genesis group;
 * of others it would have to know the order too.
 */

import { equalBytes } from '../../../../base/bytes.ts'
import { toHex } from '../../../../base/text.ts'
import type { EventHash, Malice, PeerId } from '../../../../wire/canonical/types.ts'
import { type EventIndex, NONE } from '../../graph/graph.ts'
import type { Accusations } from '../accusations.ts'
import type { Tips } from '../ancestry.ts'
import { owesAccusation } from '../owed.ts'
import { type Charge, isNamedMalice, type NamedMalice, namedEvent, type Scene } from '../scene.ts'

/** An event of the offender that the evidence names. */
function eventNamedBy(malice: NamedMalice): EventHash {
  return malice.type === 'DuplicateVote' ? malice.events[0] : malice.event
}

type IsEvident<P> = (charge: Charge<P>, tips: Tips) => boolean

export function isAccomplice<P>(
  scene: Scene<P>,
  accusations: Accusations<P>,
  accomplice: PeerId,
  malice: Malice & { readonly type: 'Accomplice' },
  tips: Tips,
  isEvident: IsEvident<P>,
): boolean {
  const sync = silentAt(scene, accusations, accomplice, malice, tips, isEvident)
  if (sync === NONE || !isNamedMalice(malice.malice)) return false
  const named = scene.graph.find(eventNamedBy(malice.malice))
  return owesAccusation(scene, scene.graph.creatorOf(sync), scene.graph.creatorOf(named), malice.malice)
}

/** The sync event at which the peer is silent about an offence, whether it owes an accusation or not; NONE: it is not. */
export function silentAt<P>(
  scene: Scene<P>,
  accusations: Accusations<P>,
  accomplice: PeerId,
  malice: Malice & { readonly type: 'Accomplice' },
  tips: Tips,
  isEvident: IsEvident<P>,
): EventIndex {
  const { graph, peers } = scene
  const sync = namedEvent(scene, accomplice, malice.event, tips)
  if (sync === NONE || !graph.isSync(sync) || !isNamedMalice(malice.malice)) return NONE
  const named = graph.find(eventNamedBy(malice.malice))
  if (named === NONE) return NONE
  const offender = peers.idOf(graph.creatorOf(named))
  if (equalBytes(offender, accomplice)) return NONE
  if (accusations.accuses(graph.creatorOf(sync), toHex(offender), sync)) return NONE
  return isEvident({ offender, malice: malice.malice, carried: null }, [sync]) ? sync : NONE
}
