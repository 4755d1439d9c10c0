/** Makings of ballots for tests: proposals and votes with settings that matter to the test only. */

import { EMPTY_BYTES } from '../../src/base/bytes.ts'
import { buildVote, type Proposal, type Vote, type VoteSigner } from '../../src/core/ballot/index.ts'
import { insecureSigner } from '../../src/testing/index.ts'

export const voter = (n: number): VoteSigner =>
  insecureSigner(Uint8Array.from({ length: 20 }, (_, i) => (i < 2 ? n >> (8 * i) : 7)))

export function proposalOf(change: Partial<Proposal> = {}): Proposal {
  return {
    name: 'upgrade',
    payload: EMPTY_BYTES,
    proposalId: 7,
    proposalOwner: voter(0).identity,
    votes: [],
    expectedVotersCount: 3,
    round: 1,
    timestamp: 1_000n,
    expirationTimestamp: 1_060n,
    livenessCriteriaYes: true,
    ...change,
  }
}

export function voteOf(n: number, choice: boolean, change: Partial<Vote> = {}, nowSec = 1_010n): Vote {
  return { ...buildVote({ proposalId: 7 }, {}, { voteId: n, choice, nowSec }, voter(n)), ...change }
}
