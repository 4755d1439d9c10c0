/**
 * A chain of blocks with a checkpoint that one trusted ed25519 key signs, in place of a group's voters.
 */

import { type Bytes, concatBytes, equalBytes } from '../../src/base/bytes.ts'
import type { CheckpointView } from '../../src/core/ballot/safe/certificate/trust.ts'
import { ed25519, ed25519Signer } from '../../src/crypto/index.ts'
import { type CertifiedBlock, FIRST_CHAIN_HASH, nextChainHash, observationHash } from '../../src/wire/ballot/index.ts'
import { CanonicalReader } from '../../src/wire/canonical/reader.ts'
import { CanonicalWriter } from '../../src/wire/canonical/writer.ts'

const notary = ed25519Signer(new Uint8Array(32).fill(200))

export function opaque(payload: Bytes): Bytes {
  return new CanonicalWriter().u32(4).byteString(payload).finish()
}

export class CertifiedChain {
  readonly blocks: CertifiedBlock[] = []

  add(payload: Bytes, voter: Bytes | null): number {
    return this.blocks.push({ observation: opaque(payload), voter }) - 1
  }

  /** The chain hash before a position. */
  hashBefore(position: number): Bytes {
    return this.blocks
      .slice(0, position)
      .reduce<Bytes>(
        (hash, { observation, voter }) => nextChainHash(hash, { hash: observationHash(observation), voter }),
        FIRST_CHAIN_HASH,
      )
  }

  keysFrom(position: number) {
    return this.blocks.slice(position).map(({ observation, voter }) => ({ hash: observationHash(observation), voter }))
  }

  /** Of all blocks so far. */
  checkpoint(): Bytes {
    const statement = new CanonicalWriter().u64(this.blocks.length).fixed(this.hashBefore(this.blocks.length)).finish()
    return concatBytes(statement, notary.sign(statement))
  }
}

/** What the notary's checkpoints prove; `voters` are those of every position. */
export const verifyCheckpoint =
  (voters: readonly Bytes[]) =>
  (checkpoint: Bytes): CheckpointView | null => {
    if (checkpoint.length !== 40 + 64) return null
    const statement = checkpoint.subarray(0, 40)
    if (ed25519.verify(notary.identity, statement, checkpoint.subarray(40)) !== 'valid') return null
    const reader = new CanonicalReader(statement)
    const position = reader.u64()
    const chainHash = reader.fixed(32)
    return equalBytes(chainHash, FIRST_CHAIN_HASH) ? null : { position, chainHash, votersBefore: () => voters }
  }
