/**
 * @module core/ballot/safe/early-votes
 *
 * Votes that came before their proposal (ballots §8.11): a bounded buffer in memory. What it drops comes again by sync.
 *
 * Assumes that signatures were verified: otherwise a stranger could fill the place of a real vote.
 */

import type { Bytes } from '../../../base/bytes.ts'
import { toHex } from '../../../base/text.ts'
import type { SafeVote } from '../../../wire/ballot/index.ts'

export class EarlyVotes {
  readonly #maxVotes: number
  /** By proposal, choice and owner; oldest first. */
  readonly #votes = new Map<string, SafeVote>()

  constructor(maxVotes: number) {
    this.#maxVotes = maxVotes
  }

  get size(): number {
    return this.#votes.size
  }

  /** The oldest goes where there is no room. */
  hold(vote: SafeVote): void {
    if (this.#maxVotes === 0) return
    const key = `${toHex(vote.proposalId)}.${vote.choice ? 1 : 0}.${toHex(vote.owner)}`
    if (this.#votes.has(key)) return
    // ballots §8.11
    if (this.#votes.size >= this.#maxVotes) {
      for (const oldest of this.#votes.keys()) {
        this.#votes.delete(oldest)
        break
      }
    }
    this.#votes.set(key, { ...vote, signature: vote.signature.slice() })
  }

  /** The votes for a proposal, oldest first; they are held no longer. */
  take(proposalId: Bytes): readonly SafeVote[] {
    const prefix = `${toHex(proposalId)}.`
    const taken: SafeVote[] = []
    for (const [key, vote] of this.#votes) {
      if (!key.startsWith(prefix)) continue
      taken.push(vote)
      this.#votes.delete(key)
    }
    return taken
  }
}
