/**
 * @module core/ballot/safe/vote-column
 *
 * The owners who signed one choice, by their place in the roster. Adding one costs the same for every size of roster.
 */

import type { Bytes } from '../../../base/bytes.ts'

export class VoteColumn {
  readonly #signatures = new Map<number, Bytes>()

  get count(): number {
    return this.#signatures.size
  }

  has(place: number): boolean {
    return this.#signatures.has(place)
  }

  /** Keeps a copy of the signature; the first of an owner stays. */
  add(place: number, signature: Bytes): void {
    if (!this.#signatures.has(place)) this.#signatures.set(place, signature.slice())
  }

  signatureOf(place: number): Bytes | undefined {
    return this.#signatures.get(place)
  }

  /** Places and signatures, ascending. */
  entries(): readonly (readonly [place: number, signature: Bytes])[] {
    return [...this.#signatures].sort(([a], [b]) => a - b)
  }
}

/** A column to look at. */
export type VoteColumnView = Pick<VoteColumn, 'count' | 'has' | 'signatureOf' | 'entries'>
