/**
 * @module core/parsec/malice/owed
 *
 * Whose silence about an offence makes an accomplice (parsec §9). A voter that the order admitted later may have started from a checkpoint up to that
 * of its admission (§8): it cannot see what is settled there, and judges nothing that takes whole ancestries. So it owes no accusation
 * of who had been removed by then, nor of an offence that an event settled by then is part of, nor of InvalidAccusation. Who took part in a key generation
 * before it was a voter owes none: whatever a peer owes must be the same from the first decision about it on. That frees nobody who offends: whoever sees
 * the offence accuses it, and others may join.
 */

import type { Malice } from '../../../wire/canonical/types.ts'
import { NONE, type PeerIndex } from '../graph/graph.ts'
import { isNamedMalice, type Judgement, type Scene } from './scene.ts'

/**
 * Null: it cannot be told. We were only told of the peer, and the order has not admitted it for us yet, or it had before our base. Then the peer is neither found
 * to be silent, nor is anybody found to be wrong about that. Only a joiner is in either place, and a joiner owes nothing of either.
 */
export function owesAccusation<P>(scene: Scene<P>, peer: PeerIndex, offender: PeerIndex, malice: Malice): Judgement {
  if (!isNamedMalice(malice)) return false
  if (!scene.peers.isAdmitted(peer)) return null
  if (!scene.peers.wasAdmittedAsVoter(peer)) return false
  const admission = scene.admissions.of(peer)
  if (admission === null) return true
  if (admission.position === NONE) return null
  if (malice.type === 'InvalidAccusation' || admission.hadRemoved(offender)) return false
  const named = malice.type === 'DuplicateVote' ? malice.events : [malice.event]
  return named.every((hash) => {
    const event = scene.graph.find(hash)
    return event !== NONE && !admission.isSettled(event)
  })
}
