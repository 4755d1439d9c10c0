/**
 * @module engine/peer/beginning
 *
 * How a peer begins: with genesis, from the whole graph, or from a checkpoint (parsec §8). Its log says so for life.
 */

import type { Bytes } from '../../base/bytes.ts'
import type { Parsec } from '../../core/parsec/index.ts'
import { wrongLog } from './errors.ts'

/** How a peer without a log begins. */
export type Beginning =
  | { readonly type: 'genesis' }
  | { readonly type: 'section'; readonly section: readonly Bytes[] }
  | {
      readonly type: 'base'
      readonly fetch: () => Promise<TakenBase>
      /** It becomes a member once the order admits it; otherwise it only follows. */
      readonly takesPart: boolean
    }

/** A base that was verified, and how many payloads came before what it stands for. */
export interface TakenBase {
  readonly bytes: Bytes
  readonly payloads: number
}

export function isOnlyFollowing(beginning: Beginning): boolean {
  return beginning.type === 'base' && !beginning.takesPart
}

/** Throws `WrongLog` where the engine that `stream` gave did not begin so, or cannot go on so. */
export function checkBeginning(
  beginning: Beginning,
  { blocksBefore, lacksBase, isFollower, bases }: Parsec,
  stream: string,
): void {
  const isFromBase = blocksBefore > 0 || lacksBase
  if (isFromBase !== (beginning.type === 'base')) {
    const how = isFromBase
      ? 'from a checkpoint: start it so again (`join.checkpoint` or `follow`; on the command line `run --from-checkpoint` or `follow`)'
      : 'from the whole graph: start it so again'
    throw wrongLog(
      stream,
      `the log is of a peer that started ${how}. One that begins otherwise needs a log and a key of its own`,
    )
  }
  if (!isFromBase || lacksBase) return
  if (isOnlyFollowing(beginning) && !isFollower)
    throw wrongLog(stream, 'the log is of a member, which cannot only follow: start it with `join.checkpoint`')
  if (!isOnlyFollowing(beginning) && !bases.mayTakePart) {
    throw wrongLog(
      stream,
      'the log is of a peer that the group added, or removed, before the checkpoint that it started from, so that it can only follow. To take part it needs a new key and log; or, if it was added and its key never made an event, a fresh log',
    )
  }
}
