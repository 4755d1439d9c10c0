/**
 * @module core/ballot/chain
 *
 * The order of the votes in a proposal's list (ballots §3): each may name the vote before it (`receivedHash`) and an
 * earlier one of its own voter (`parentHash`).
 */

import { equalBytes } from '../../base/bytes.ts'
import { toHex } from '../../base/text.ts'
import type { Vote } from '../../wire/protobuf/index.ts'
import { refuse } from './errors.ts'

/** Throws the first breach; a list of one vote has no chain. */
export function checkChain(votes: readonly Vote[]): void {
  if (votes.length < 2) return
  // Of equal hashes the last counts, wherever it stands.
  const placeOfHash = new Map<string, number>()
  for (const [place, vote] of votes.entries()) placeOfHash.set(toHex(vote.voteHash), place)
  for (const [place, vote] of votes.entries()) {
    const previous = votes[place - 1]
    if (previous !== undefined && vote.receivedHash.length > 0 && !follows(vote, previous)) {
      throw refuse({ code: 'ReceivedHashMismatch', voteId: vote.voteId })
    }
    if (vote.parentHash.length > 0) {
      const parentPlace = placeOfHash.get(toHex(vote.parentHash)) ?? place
      const parent = parentPlace < place ? votes[parentPlace] : undefined
      if (parent === undefined || !equalBytes(parent.voteOwner, vote.voteOwner) || parent.timestamp > vote.timestamp) {
        throw refuse({ code: 'ParentHashMismatch', voteId: vote.voteId })
      }
    }
  }
}

function follows(vote: Vote, previous: Vote): boolean {
  return equalBytes(vote.receivedHash, previous.voteHash) && previous.timestamp <= vote.timestamp
}
