/**
 * @module core/ballot/safe/ordered/own-votes
 *
 * What our own keys signed in `ordered` ballots (ballots §8.6), so that they never sign the other choice.
 *
 * The caller owes: `record` of every ballot vote that this peer's own gossip events carry, when it rebuilds from the log,
 * before it casts another; and to store the event that carries a vote before the vote leaves.
 */

import type { Bytes } from '../../../../base/bytes.ts'
import { toHex } from '../../../../base/text.ts'
import type { SafeVote } from '../../../../wire/ballot/index.ts'

export class OwnVotes {
  readonly #signatures = new Map<string, Bytes>()

  record({ proposalId, owner, choice, signature }: SafeVote): void {
    const key = keyOf(proposalId, owner, choice)
    if (!this.#signatures.has(key)) this.#signatures.set(key, signature.slice())
  }

  signatureOf(proposalId: Bytes, owner: Bytes, choice: boolean): Bytes | undefined {
    return this.#signatures.get(keyOf(proposalId, owner, choice))
  }

  /** A settled session takes no vote any more. */
  forget(proposalId: Bytes): void {
    const prefix = `${toHex(proposalId)}.`
    for (const key of this.#signatures.keys()) if (key.startsWith(prefix)) this.#signatures.delete(key)
  }
}

function keyOf(proposalId: Bytes, owner: Bytes, choice: boolean): string {
  return `${toHex(proposalId)}.${choice ? 1 : 0}.${toHex(owner)}`
}
