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
  /** By digest of the request. A Map gives its keys in order of insertion: the first is the oldest. */
  readonly #verdicts = new Map<string, Promise<Verdict>>()

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  /** The verdict on an equal request before, else that of `verify`. Identities and signatures have one length each. */
  async of(request: VerificationRequest, verify: () => Promise<Verdict>): Promise<Verdict> {
    const digest = hash('sha256', concatBytes(request.identity, request.signature, request.message), 'binary')
    const known = this.#verdicts.get(digest)
    if (known !== undefined) return known
    const verdict = verify()
    this.#verdicts.set(digest, verdict)
    if (this.#verdicts.size > this.#capacity) this.#dropOldest()
    // A failure says nothing about the signature: who asks again tries again.
    verdict.catch(() => this.#verdicts.delete(digest))
    return verdict
  }

  #dropOldest(): void {
    for (const oldest of this.#verdicts.keys()) {
      this.#verdicts.delete(oldest)
      return
    }
  }
}
