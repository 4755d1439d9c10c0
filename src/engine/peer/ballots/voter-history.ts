/**
 * @module engine/peer/ballots/voter-history
 *
 * Who voted on the block at a position: the voters of the group, constant within a group of blocks that one election
 * decided, as its checkpoints state them (parsec §8), so that a stranger who holds a checkpoint finds the same.
 */

import type { Bytes } from '../../../base/bytes.ts'
import type { Parsec } from '../../../core/parsec/index.ts'

interface Change {
  /** The first position after it. */
  readonly position: number
  readonly voters: readonly Bytes[]
}

export class VoterHistory {
  readonly #members: readonly Bytes[]
  readonly #changes: Change[] = []
  #epoch = 0
  #checked = 0
  /** Where core began whose earlier changes we took up. */
  #startedAt = 0

  constructor(members: readonly Bytes[]) {
    this.#members = members
  }

  /** Takes up the changes that core knows of now. */
  #follow(parsec: Parsec): void {
    if (parsec.startedAt > this.#startedAt) this.#startFrom(parsec)
    for (const { position, epoch, nextVoters } of parsec.proofs.checkpoints(this.#checked + 1)) {
      this.#checked = position
      if (epoch === this.#epoch) continue
      this.#epoch = epoch
      this.#changes.push({ position, voters: nextVoters })
    }
  }

  /** parsec §8: the proof of its base tells of all changes before. */
  #startFrom({ proofs, startedAt }: Parsec): void {
    const before = proofs.changesBefore()
    this.#startedAt = startedAt
    this.#checked = startedAt
    this.#epoch = before.at(-1)?.epoch ?? 0
    this.#changes.splice(0)
    for (const { position, nextVoters } of before) this.#changes.push({ position, voters: nextVoters })
  }

  /** `parsec`: core, which has decided all blocks before the position. */
  votersBefore(position: number, parsec: Parsec | undefined): readonly Bytes[] {
    if (parsec !== undefined) this.#follow(parsec)
    return this.#changes.findLast((change) => change.position <= position)?.voters ?? this.#members
  }
}
