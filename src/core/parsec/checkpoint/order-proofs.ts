/**
 * @module core/parsec/checkpoint/order-proofs
 *
 * What a peer can prove of its order (parsec §8): its checkpoints, and where blocks stand.
 */

import type { Bytes } from '../../../base/bytes.ts'
import type { PeerId } from '../../../wire/canonical/types.ts'
import { type CheckpointStatement, decodeStatement } from '../../../wire/checkpoint/statement.ts'
import { NONE } from '../graph/graph.ts'
import type { State } from '../state.ts'
import { type ChainProof, type CheckpointView, chainProof, checkpointProof, positionProof, viewOf } from './proofs.ts'

export class OrderProofs<Payload> {
  readonly #state: State<Payload>

  constructor(state: State<Payload>) {
    this.#state = state
  }

  /** The checkpoints of our order between two positions, both included, in order. */
  checkpoints(from = 0, to = Number.POSITIVE_INFINITY): readonly CheckpointView[] {
    const { all } = this.#state.checkpoints
    return all
      .filter(({ position }) => position >= from && position <= to)
      .map((checkpoint) => viewOf(this.#state, checkpoint))
  }

  /** The changes of voters from before our base, where we started from one, in order. */
  changesBefore(): readonly CheckpointStatement[] {
    const { checkpoints, group } = this.#state
    return checkpoints.inherited.map(({ statement }) => decodeStatement(statement, group.format))
  }

  /** Positions of the proven ones, in the order in which they became so. */
  get proven(): readonly number[] {
    return this.#state.checkpoints.proven
  }

  /**
   * Peers that were removed, and whose signatures of checkpoints we lack. No gossip goes to them; where a group of three or
   * fewer loses a voter, no proof gets along without them. Ask for them now and then.
   */
  removedSigners(): readonly PeerId[] {
    const { checkpoints, peers, self } = this.#state
    const removed = [...checkpoints.unproven].flatMap(({ signers, signatures }) =>
      signers.peers.filter((peer, seat) => peer !== self && !signatures.has(seat) && peers.removedAt(peer) !== NONE),
    )
    return [...new Set(removed)].map((peer) => peers.idOf(peer))
  }

  /** What proves the checkpoint at a position to who knows genesis; null where there is none, or none proven. */
  checkpoint(position: number): Bytes | null {
    const checkpoint = this.#state.checkpoints.at(position)
    return checkpoint === undefined ? null : checkpointProof(this.#state, checkpoint)
  }

  /** What chains blocks, from one place to before another, to the next proven checkpoint; null where there is none yet. */
  chain(from: number, after: number): ChainProof | null {
    return chainProof(this.#state, from, after)
  }

  /** What proves that this encoded observation is the block at a position; null while no checkpoint covers it. */
  position(position: number, observation: Bytes): Bytes | null {
    return positionProof(this.#state, position, observation)
  }
}
