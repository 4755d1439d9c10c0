/**
 * @module core/ballot/safe/ordered/facts
 *
 * What the order made of a session of finality `ordered`, past tense. Derived from the blocks, never the truth itself:
 * they are logged so that a decision is in the log before it is published, and replay derives them again.
 */

import type { Bytes } from '../../../../base/bytes.ts'
import type { Outcome } from '../../../../wire/ballot/index.ts'
import type { OrderedNotice } from './fold.ts'

interface At {
  readonly proposalId: Bytes
  /** Of the block. */
  readonly position: number
}

export type OrderedFact =
  | ({
      readonly type: 'OrderedSessionOpened'
      /** The signed proposal, encoded. */
      readonly proposal: Bytes
      /** The voters, where the proposal does not list them itself. */
      readonly roster: readonly Bytes[] | null
    } & At)
  | ({ readonly type: 'OrderedVoteCounted'; readonly owner: Bytes; readonly choice: boolean } & At)
  | ({ readonly type: 'OrderedSessionSettled'; readonly outcome: Outcome } & At)

/** The fact behind a notice of the fold; `undefined` where nothing of a session changed. */
export function orderedFactOf(notice: OrderedNotice, position: number): OrderedFact | undefined {
  switch (notice.type) {
    case 'Opened': {
      const { signed, roster } = notice.session
      const voters = signed.proposal.roster.type === 'Listed' ? null : roster.keys
      const proposal = signed.bytes
      return { type: 'OrderedSessionOpened', proposalId: signed.id, proposal, roster: voters, position }
    }
    case 'VoteCounted': {
      const { proposalId, owner, choice } = notice.vote
      return { type: 'OrderedVoteCounted', proposalId, owner: owner.slice(), choice, position }
    }
    case 'Settled': {
      const proposalId = notice.session.signed.id
      return { type: 'OrderedSessionSettled', proposalId, outcome: notice.outcome, position }
    }
    case 'Equivocation':
    case 'Void':
      return undefined
  }
}
