/**
 * @module core/parsec/checkpoint/checkpoints
 *
 * The checkpoints of one peer's order (parsec §8, Stronger): where they fall, what they state, who signed.
 *
 * Guarantees: which checkpoints there are and what they state follows from the blocks alone. Our own signature, once
 * logged, is the one we keep.
 */

import { type Bytes, equalBytes } from '../../../base/bytes.ts'
import { assert } from '../../../base/errors.ts'
import type { Standing } from '../../../wire/checkpoint/base.ts'
import type { CertifiedCheckpoint } from '../../../wire/checkpoint/proof.ts'
import { type CheckpointStatement, encodeStatement } from '../../../wire/checkpoint/statement.ts'
import type { KeyIndex, Keys } from '../election/keys.ts'
import type { Voters } from '../election/voters.ts'
import type { CheckpointSignatureTaken, CheckpointSigned } from '../facts.ts'
import { NONE, type PeerIndex } from '../graph/graph.ts'
import type { Group } from '../group.ts'
import type { PeerList } from '../membership/peer-list.ts'
import { standingsOf, stateDigest } from './digest.ts'
import { KeyChain } from './key-chain.ts'

/** The end of a group of blocks at which the voters sign. */
export interface Checkpoint {
  readonly epoch: number
  readonly position: number
  /** It ends a group that changed the voters. */
  readonly isChange: boolean
  /** Those who sign: the voters from before its group. */
  readonly signers: Voters
  readonly nextVoters: Voters
  readonly elections: number
  readonly generations: number
  readonly decidedCount: number
  readonly standings: readonly Standing[]
  /** Signatures of what we state too, by seat. */
  readonly signatures: Map<number, Bytes>
  /** Signatures of anything else: one for each signer at most. */
  readonly contradictions: Map<number, Contradiction>
}

export interface Contradiction {
  readonly statement: Bytes
  readonly signature: Bytes
}

/** What all peers of the group have in common, as far as checkpoints need it. */
type CheckpointGroup = Pick<Group<unknown>, 'id' | 'hash' | 'checkpointInterval'>

export interface GroupEnd {
  readonly before: Voters
  /** The same object where they did not change. */
  readonly after: Voters
  readonly elections: number
}

export class Checkpoints {
  readonly blocks: KeyChain
  readonly decided: KeyChain
  /** Every change of voters from before our base, where we started from one. */
  inherited: readonly CertifiedCheckpoint[] = []
  /** The position that we started at. */
  startedAt = 0
  readonly #group: CheckpointGroup
  readonly #peers: PeerList
  readonly #all: Checkpoint[] = []
  readonly #byPosition = new Map<number, Checkpoint>()
  readonly #statements = new Map<Checkpoint, Bytes>()
  readonly #unproven = new Set<Checkpoint>()
  /** Those that lack signatures, or follow a change of voters that does. In order of position. */
  readonly #waiting = new Set<Checkpoint>()
  readonly #proven: number[] = []
  readonly #unsigned = new Set<Checkpoint>()
  #epoch = 0
  #generations = 0
  /** The position before the group under way. */
  #groupStart = 0

  constructor(group: CheckpointGroup, peers: PeerList, keys: Keys) {
    this.#group = group
    this.#peers = peers
    const keyOf = (key: KeyIndex) => {
      const voter = keys.voterOf(key)
      return { hash: keys.hashOf(key), voter: voter === NONE ? null : peers.idOf(voter) }
    }
    this.blocks = new KeyChain(group.hash, keyOf)
    this.decided = new KeyChain(group.hash, keyOf, this.blocks)
  }

  /** All, in order of position. */
  get all(): readonly Checkpoint[] {
    return this.#all
  }

  /** Those that lack signatures, in order of position. */
  get unproven(): ReadonlySet<Checkpoint> {
    return this.#unproven
  }

  at(position: number): Checkpoint | undefined {
    return this.#byPosition.get(position)
  }

  /** It has the signatures of a supermajority. */
  isSigned(checkpoint: Checkpoint): boolean {
    return !this.#unproven.has(checkpoint)
  }

  /** It has, and every change of voters before it. */
  isProven(checkpoint: Checkpoint): boolean {
    return !this.#waiting.has(checkpoint)
  }

  /** Positions of the proven ones, in the order in which they became so. */
  get proven(): readonly number[] {
    return this.#proven
  }

  /** Those that `self` should sign and did not. */
  get unsigned(): ReadonlySet<Checkpoint> {
    return this.#unsigned
  }

  noteGeneration(): void {
    this.#generations += 1
  }

  /** parsec §8: a group of blocks ended; it is a checkpoint where it changed the voters or completed another K blocks. */
  noteGroup({ before, after, elections }: GroupEnd, self: PeerIndex): void {
    const position = this.blocks.count
    const isChange = after !== before
    const { checkpointInterval: every } = this.#group
    const completes = every > 0 && Math.floor(position / every) > Math.floor(this.#groupStart / every)
    this.#groupStart = position
    if (isChange) this.#epoch += 1
    if (!isChange && !completes) return
    const checkpoint: Checkpoint = {
      epoch: this.#epoch,
      position,
      isChange,
      signers: before,
      nextVoters: after,
      elections,
      generations: this.#generations,
      decidedCount: this.decided.count,
      standings: standingsOf(this.#peers),
      signatures: new Map(),
      contradictions: new Map(),
    }
    this.#all.push(checkpoint)
    this.#byPosition.set(position, checkpoint)
    this.#unproven.add(checkpoint)
    this.#waiting.add(checkpoint)
    // parsec §8: every voter from before the group, one removed by it as its last act.
    if (before.has(self)) this.#unsigned.add(checkpoint)
  }

  /** We start at a checkpoint; the keys before it are in both chains. */
  startAt({ epoch, position }: CheckpointStatement, generations: number): void {
    this.#epoch = epoch
    this.#groupStart = position
    this.startedAt = position
    this.#generations = generations
  }

  /** What its voters sign, encoded; from our own computation. */
  statementOf(checkpoint: Checkpoint): Bytes {
    const known = this.#statements.get(checkpoint)
    if (known !== undefined) return known
    const statement = encodeStatement(this.#state(checkpoint))
    this.#statements.set(checkpoint, statement)
    return statement
  }

  #state(checkpoint: Checkpoint): CheckpointStatement {
    const { epoch, position, elections, generations, decidedCount, standings } = checkpoint
    const decidedHash = this.decided.hashAt(decidedCount)
    const { id, hash } = this.#group
    return {
      epoch,
      position,
      chainHash: this.blocks.hashAt(position),
      stateDigest: stateDigest(id, { elections, generations, decidedCount, decidedHash, standings }, hash),
      nextVoters: checkpoint.nextVoters.peers.map((peer) => this.#peers.idOf(peer)),
    }
  }

  /** Our signature is logged. It must be of what we compute: anything else would be a log of other blocks. */
  noteSigned({ position, statement, signature }: CheckpointSigned, self: PeerIndex): void {
    const checkpoint = this.at(position)
    assert(
      checkpoint !== undefined && equalBytes(this.statementOf(checkpoint), statement),
      'a checkpoint that we signed follows from the blocks',
    )
    this.#unsigned.delete(checkpoint)
    this.#take(checkpoint, self, signature)
  }

  noteTaken({ position, signer, statement, signature }: CheckpointSignatureTaken): void {
    const checkpoint = this.at(position)
    assert(checkpoint !== undefined, 'signatures are taken for checkpoints that are known')
    const peer = this.#peers.find(signer)
    if (statement === null) this.#take(checkpoint, peer, signature)
    else checkpoint.contradictions.set(checkpoint.signers.seatOf(peer), { statement, signature })
  }

  #take(checkpoint: Checkpoint, signer: PeerIndex, signature: Bytes): void {
    const { signers, signatures } = checkpoint
    signatures.set(signers.seatOf(signer), signature)
    if (signers.isMajority(signatures.size) && this.#unproven.delete(checkpoint)) this.#proceed()
  }

  #proceed(): void {
    for (const checkpoint of this.#waiting) {
      const isSigned = this.isSigned(checkpoint)
      if (!isSigned && checkpoint.isChange) return
      if (!isSigned) continue
      this.#waiting.delete(checkpoint)
      this.#proven.push(checkpoint.position)
    }
  }
}
