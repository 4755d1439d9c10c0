/**
 * @module crypto/recent-verdicts
 *
 * Verdicts on the newest requests. What several peers send at about the same time is verified once: a later request for
 * it gets the verdict of the first, or waits for it.
 *
 * Guarantee: only the same identity, message and signature, byte for byte, share a verdict (up to SHA-256). About 200
 * bytes each, whatever the length of messages.
 */

import { hash } from 'node:crypto'
import { concatBytes } from '../base/bytes.ts'
import type { Verdict, VerificationRequest } from '../ports/signature-scheme.ts'

export class RecentVerdicts {
  readonly #capacity: number
  /**
   * By digest of the request, in two generations: a full one takes the place of the one before, which goes as a whole.
   * To drop the oldest entry of one Map each time costs more than the digest: it looks over those that were dropped.
   */
  #newer = new Map<string, Promise<Verdict>>()
  #older = new Map<string, Promise<Verdict>>()

  /** At least the newest `capacity`, at most twice as many. */
  constructor(capacity: number) {
    this.#capacity = capacity
  }

  /** The verdict on an equal request before, else that of `verify`. Identities and signatures have one length each. */
  async of(request: VerificationRequest, verify: () => Promise<Verdict>): Promise<Verdict> {
    const digest = hash('sha256', concatBytes(request.identity, request.signature, request.message), 'binary')
    const known = this.#newer.get(digest) ?? this.#older.get(digest)
    if (known !== undefined) return known
    const verdict = verify()
    if (this.#newer.size >= this.#capacity) {
      this.#older = this.#newer
      this.#newer = new Map()
    }
    this.#newer.set(digest, verdict)
    // A failure says nothing about the signature: who asks again tries again.
    verdict.catch(() => this.#forget(digest))
    return verdict
  }

  #forget(digest: string): void {
    this.#newer.delete(digest)
    this.#older.delete(digest)
  }
}
