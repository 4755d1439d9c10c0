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

import { toHex } from '../../../../base/text.ts'
import type { EventHash, Malice, PeerId } from '../../../../wire/canonical/types.ts'
import { NONE, type PeerIndex } from '../../graph/graph.ts'
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
  const silence = silenceOf(scene, accusations, accomplice, malice, tips, isEvident)
  return silence !== null && owesAccusation(scene, silence.peer, silence.offender, malice.malice)
}

/** Who is silent about whose offence, whether it owes an accusation or not; null: nobody is. */
export function silenceOf<P>(
  scene: Scene<P>,
  accusations: Accusations<P>,
  accomplice: PeerId,
  malice: Malice & { readonly type: 'Accomplice' },
  tips: Tips,
  isEvident: IsEvident<P>,
): { readonly peer: PeerIndex; readonly offender: PeerIndex } | null {
  const { graph, peers } = scene
  const sync = namedEvent(scene, accomplice, malice.event, tips)
  if (sync === NONE || !graph.isSync(sync) || !isNamedMalice(malice.malice)) return null
  const named = graph.find(eventNamedBy(malice.malice))
  if (named === NONE) return null
  const [peer, offender] = [graph.creatorOf(sync), graph.creatorOf(named)]
  const id = peers.idOf(offender)
  if (offender === peer || accusations.accuses(peer, toHex(id), sync)) return null
  return isEvident({ offender: id, malice: malice.malice, carried: null }, [sync]) ? { peer, offender } : null
}
