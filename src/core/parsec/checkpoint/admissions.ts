/**
 * @module core/parsec/checkpoint/admissions
 *
 * What the order had decided when it admitted a voter: by the checkpoint that ended the group of blocks (parsec §8). A joiner that starts from
 * there, or from a checkpoint before, has all that is not settled by then, and the rest in stubs only.
 *
 * A function of the blocks and of ancestry alone, the same on every peer.
 */

import { toHex } from '../../../base/text.ts'
import { type EventIndex, NONE, type PeerIndex } from '../graph/graph.ts'
import type { Checkpoint } from './checkpoints.ts'
import { REMOVED } from './digest.ts'
import { type Ordered, settledAt } from './settled.ts'

export interface Admission {
  /** Of the checkpoint; NONE where it lies before our base. */
  readonly position: number
  hadRemoved(peer: PeerIndex): boolean
  isSettled(event: EventIndex): boolean
}

type OrderedGroup<P> = Ordered<P> & { readonly genesisMembers: ReadonlySet<PeerIndex> }

/** One group of blocks admitted and removed it. */
const NEVER_VOTED: Admission = { position: 0, hadRemoved: () => true, isSettled: () => true }

/** Of what lies before our base we know too little to tell. */
const BEFORE_OUR_BASE: Admission = { position: NONE, hadRemoved: () => true, isSettled: () => true }

export class Admissions<Payload> {
  readonly #state: OrderedGroup<Payload>
  readonly #byPeer = new Map<PeerIndex, Admission>()

  constructor(state: OrderedGroup<Payload>) {
    this.#state = state
  }

  /** Null: it is of the genesis group, or was never a voter. */
  of(peer: PeerIndex): Admission | null {
    const known = this.#byPeer.get(peer)
    if (known !== undefined) return known
    const { checkpoints, peers, genesisMembers } = this.#state
    if (!peers.wasVoter(peer) || genesisMembers.has(peer)) return null
    const checkpoint = checkpoints.all.find(({ signers, nextVoters }) => nextVoters.has(peer) && !signers.has(peer))
    if (checkpoint === undefined) return checkpoints.startedAt === 0 ? NEVER_VOTED : BEFORE_OUR_BASE
    const admission = admissionAt(this.#state, checkpoint)
    this.#byPeer.set(peer, admission)
    return admission
  }
}

function admissionAt<P>(state: Ordered<P>, checkpoint: Checkpoint): Admission {
  const { position, standings } = checkpoint
  const removed = new Set(standings.filter(({ flags }) => (flags & REMOVED) !== 0).map(({ id }) => toHex(id)))
  // Few are ever asked for it: it reads the whole graph.
  let isSettled: ((event: EventIndex) => boolean) | null = null
  return {
    position,
    hadRemoved: (peer) => removed.has(toHex(state.peers.idOf(peer))),
    isSettled: (event) => {
      isSettled ??= settledAt(state, checkpoint)
      return isSettled(event)
    },
  }
}
