/**
 * @module core/parsec/malice/kinds/accomplice
 *
 * Accomplice: a sync event from whose ancestry an offence is evident, while none of its self-ancestors accuses that
 * offender (parsec §9). The offence is of a kind that names events, and is not itself Accomplice: who is silent about a
 * silent peer is not one, since such chains would outgrow the depth to which accusations may be nested (§11). Who was admitted later owes
 * less (owed.ts).
 * Evidence: the hash of the sync event, and the offence. A third party looks at that event's ancestry, and of a voter that was admitted later at what
 * admitted it.
 */

import { toHex } from '../../../../base/text.ts'
import type { EventHash, Malice, PeerId } from '../../../../wire/canonical/types.ts'
import { NONE } from '../../graph/graph.ts'
import type { Accusations } from '../accusations.ts'
import type { Tips } from '../ancestry.ts'
import { owesAccusation } from '../owed.ts'
import { type Charge, isNamedMalice, type Judgement, type NamedMalice, namedEvent, type Scene } from '../scene.ts'

/** An event of the offender that the evidence names. */
function eventNamedBy(malice: NamedMalice): EventHash {
  return malice.type === 'DuplicateVote' ? malice.events[0] : malice.event
}

export function isAccomplice<P>(
  scene: Scene<P>,
  accusations: Accusations<P>,
  accomplice: PeerId,
  malice: Malice & { readonly type: 'Accomplice' },
  tips: Tips,
  judge: (charge: Charge<P>, tips: Tips) => Judgement,
): Judgement {
  const { graph, peers } = scene
  const sync = namedEvent(scene, accomplice, malice.event, tips)
  if (sync === NONE || !graph.isSync(sync) || !isNamedMalice(malice.malice)) return false
  const named = graph.find(eventNamedBy(malice.malice))
  if (named === NONE) return false
  const [peer, offender] = [graph.creatorOf(sync), graph.creatorOf(named)]
  const id = peers.idOf(offender)
  if (offender === peer || accusations.accuses(peer, toHex(id), sync)) return false
  const verdict = judge({ offender: id, malice: malice.malice, carried: null }, [sync])
  return verdict === true ? owesAccusation(scene, peer, offender, malice.malice) : verdict
}
