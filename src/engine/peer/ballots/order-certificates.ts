/**
 * @module engine/peer/ballots/order-certificates
 *
 * Certificates of `ordered` ballots (ballots §8.7): the blocks from the proposal's `fromPosition` to the one that settled it,
 * chained to the next checkpoint that has its signatures (parsec §8). Whoever asks earlier waits for one.
 */

import type { Bytes } from '../../../base/bytes.ts'
import { fromHex, toHex } from '../../../base/text.ts'
import { safe } from '../../../core/ballot/index.ts'
import {
  type CertifiedBlock,
  type ChainProof,
  encodeObservation,
  type Group,
  type Parsec,
} from '../../../core/parsec/index.ts'
import { BALLOT_LIMITS } from '../../../wire/ballot/index.ts'
import type { AgreedBlock } from '../blocks.ts'
import type { History } from '../history.ts'

/** In `Single` mode: whose block it is. */
export function voterOf({ observation, proofs }: AgreedBlock, group: Group<Bytes>): Bytes | null {
  const [proof] = proofs
  return proof === undefined || group.modeOf(observation) !== 'single' ? null : fromHex(proof.id)
}

interface Parts {
  readonly parsec: () => Parsec | undefined
  readonly history: History
  readonly group: Group<Bytes>
}

interface Waiting {
  readonly look: () => ChainProof | null
  readonly resolve: (proof: ChainProof) => void
  readonly reject: (error: Error) => void
}

export class OrderCertificates {
  readonly #parts: Parts
  readonly #waiting = new Set<Waiting>()
  #ended: Error | undefined

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** Throws `NotDecided`. */
  async of(session: safe.SettledBallot, signal: AbortSignal | undefined): Promise<Bytes> {
    const { finality } = session.signed.proposal
    const { settledAt } = session
    if (settledAt === null || finality.type !== 'ordered') {
      throw safe.refuseSafe({ code: 'NotDecided', proposalId: toHex(session.signed.id) })
    }
    const after = settledAt + 1
    const proof = await this.#proof(
      () => this.#parts.parsec()?.proofs.chain(finality.fromPosition, after) ?? null,
      signal,
    )
    const blocks = await this.#blocks(finality.fromPosition, after)
    return safe.orderedCertificate({ session, blocks, ...proof })
  }

  /** A checkpoint may have got its signatures. */
  recheck(): void {
    for (const waiting of this.#waiting) {
      const proof = waiting.look()
      if (proof === null) continue
      this.#waiting.delete(waiting)
      waiting.resolve(proof)
    }
  }

  end(error: Error): void {
    this.#ended = error
    for (const { reject } of this.#waiting) reject(error)
    this.#waiting.clear()
  }

  #proof(look: () => ChainProof | null, signal: AbortSignal | undefined): Promise<ChainProof> {
    const proof = look()
    if (proof !== null) return Promise.resolve(proof)
    return new Promise((resolve, reject) => {
      if (this.#ended !== undefined) {
        reject(this.#ended)
        return
      }
      const waiting: Waiting = { look, resolve, reject }
      this.#waiting.add(waiting)
      const abort = (): void => {
        this.#waiting.delete(waiting)
        reject(signal?.reason as Error)
      }
      if (signal?.aborted === true) abort()
      else signal?.addEventListener('abort', abort, { once: true })
    })
  }

  async #blocks(from: number, after: number): Promise<readonly CertifiedBlock[]> {
    const { history, group } = this.#parts
    const { maxCertificateBytes } = BALLOT_LIMITS
    const blocks: CertifiedBlock[] = []
    let bytes = 0
    for await (const block of history.blocksBetween(from, after)) {
      const observation = encodeObservation(block.observation, group.format)
      bytes += observation.length
      if (bytes > maxCertificateBytes) {
        const why = `the blocks from position ${from} on have more than ${maxCertificateBytes} bytes`
        throw safe.refuseSafe({ code: 'InvalidCertificate', why })
      }
      blocks.push({ observation, voter: voterOf(block, group) })
    }
    return blocks
  }
}
