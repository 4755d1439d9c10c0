/**
 * @module engine/peer/standing
 *
 * What core says of the voters, and of ourselves among them, for our machine and our subscribers.
 */

import type { PeerStanding } from '../../../machines/peer.machine.ts'
import { EMPTY_BYTES } from '../../base/bytes.ts'
import { toHex } from '../../base/text.ts'
import type { Parsec } from '../../core/parsec/index.ts'
import type { WitanOptions } from './options.ts'

/** Hex ids, in order of id. Core's elections stop with our removal, at the voters of before. */
export function votersOf(parsec: Parsec): readonly string[] {
  const self = toHex(parsec.ourId)
  return parsec
    .voters()
    .map(toHex)
    .filter((voter) => voter !== self || !parsec.isRemoved)
}

/** We vote, and make events: who follows from a checkpoint does not, voter or not. */
export function isMember(parsec: Parsec): boolean {
  return !parsec.isFollower && votersOf(parsec).includes(toHex(parsec.ourId))
}

export function standingOf(parsec: Parsec, { join, follow }: Pick<WitanOptions, 'join' | 'follow'>): PeerStanding {
  if (follow !== undefined) return 'following'
  // No voter, and no longer allowed to hear others: it was removed.
  if (!isMember(parsec)) return join === undefined || parsec.isRemoved ? 'removed' : 'joining'
  const leaves = { type: 'Remove', peerId: parsec.ourId, relatedInfo: EMPTY_BYTES } as const
  return parsec.haveVotedFor(leaves) ? 'leaving' : 'voter'
}
