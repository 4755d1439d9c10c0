/**
 * @module engine/peer/checkpoints
 *
 * What proves a peer's order to others (parsec §8): its checkpoints, from the log's facts, and the place of each block.
 * Places here count blocks from 0 (Genesis), as `index` of a block does; not payloads.
 */

import type { Bytes } from '../../base/bytes.ts'
import { present } from '../../base/errors.ts'
import { toHex } from '../../base/text.ts'
import { type CheckpointView, encodeObservation, type Parsec } from '../../core/parsec/index.ts'
import type { History } from './history.ts'

/** A checkpoint of the order that a supermajority of its voters signed, as all before it that changed the voters. */
export interface ProvenCheckpoint {
  /** How often the voters changed, up to here. */
  readonly epoch: number
  /** How many blocks it covers. */
  readonly blocks: number
  /** Hex. */
  readonly chainHash: string
  readonly stateDigest: string
  /** Hex ids of the voters from here on, in order of id. */
  readonly voters: readonly string[]
  /** For `verifyCheckpoint` and `witan verify`. */
  readonly proof: Bytes
}

export class CheckpointBook {
  readonly #parsec: () => Parsec
  readonly #history: History

  constructor(parsec: () => Parsec, history: History) {
    this.#parsec = parsec
    this.#history = history
  }

  /** Those that are proven and cover at least so many blocks, in order. */
  all({ from = 0 }: { readonly from?: number } = {}): readonly ProvenCheckpoint[] {
    return this.#parsec()
      .proofs.checkpoints(from)
      .filter(({ isProven }) => isProven)
      .map((view) => this.#proven(view))
  }

  /** The one that covers exactly so many blocks, which must be proven. */
  get(blocks: number): ProvenCheckpoint {
    const [view] = this.#parsec().proofs.checkpoints(blocks, blocks)
    return this.#proven(present(view, 'a proven checkpoint stands where it was proven'))
  }

  /** What proves that a block stands at its place; `undefined` while no checkpoint covers it. */
  async positionProof(index: number): Promise<Bytes | undefined> {
    const block = await this.#history.blockAt(index)
    if (block === undefined) return undefined
    const parsec = this.#parsec()
    return parsec.proofs.position(index, encodeObservation(block.observation, parsec.group.format)) ?? undefined
  }

  #proven({ epoch, position, chainHash, stateDigest, nextVoters }: CheckpointView): ProvenCheckpoint {
    return {
      epoch,
      blocks: position,
      chainHash: toHex(chainHash),
      stateDigest: toHex(stateDigest),
      voters: nextVoters.map(toHex),
      proof: present(this.#parsec().proofs.checkpoint(position) ?? undefined, 'a proven checkpoint has a proof'),
    }
  }
}
