/**
 * @module engine/peer/ballots/unknown-closes
 *
 * Votes for the Close of sessions that we do not know, since the order opened them before our checkpoint (ballots §8.4). We cannot see that their
 * deadline passed, and may be needed for the supermajority: when a third of the voters say so, one of them is correct, and we join.
 *
 * Bound: so many proposals, the oldest of which goes where there is no room.
 */

import { type Bytes, equalBytes } from '../../../base/bytes.ts'
import { fromHex, toHex } from '../../../base/text.ts'
import { isAtLeastThird } from '../../../core/parsec/index.ts'

const MAX_PROPOSALS = 1_000

export class UnknownCloses {
  /** By proposal: who voted for its Close. */
  readonly #voters = new Map<string, Set<string>>()

  note(proposalId: Bytes, voter: Bytes): void {
    const key = toHex(proposalId)
    const voters = this.#voters.get(key) ?? new Set<string>()
    if (voters.size === 0 && this.#voters.size >= MAX_PROPOSALS) this.#forgetOldest()
    this.#voters.set(key, voters.add(toHex(voter)))
  }

  /** The order has it: nothing is left to do. */
  forget(proposalId: Bytes): void {
    this.#voters.delete(toHex(proposalId))
  }

  /** Of these voters, a third voted for it, and we did not. */
  due(voters: readonly Bytes[], self: Bytes): readonly Bytes[] {
    const others = voters.filter((voter) => !equalBytes(voter, self)).map(toHex)
    const isDue = (supporters: ReadonlySet<string>): boolean =>
      !supporters.has(toHex(self)) &&
      isAtLeastThird(others.filter((voter) => supporters.has(voter)).length, voters.length)
    return [...this.#voters].filter(([, supporters]) => isDue(supporters)).map(([proposalId]) => fromHex(proposalId))
  }

  #forgetOldest(): void {
    for (const oldest of this.#voters.keys()) {
      this.#voters.delete(oldest)
      return
    }
  }
}
