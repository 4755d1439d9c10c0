/**
 * @module core/ballot/safe/ordered/provisional
 *
 * Votes seen in gossip that are not in the order yet (ballots §8.4): what they would decide is shown as provisional, never
 * as decided, for a Close could still come first.
 *
 * The caller owes: every ballot vote of every accepted gossip event; `open` and `settle` when the fold says so.
 */

import { toHex } from '../../../../base/text.ts'
import type { SafeVote } from '../../../../wire/ballot/index.ts'
import { EarlyVotes } from '../early-votes.ts'
import type { BallotVerifier } from '../verifier.ts'
import { VoteColumn } from '../vote-column.ts'
import type { OrderedFold } from './fold.ts'
import type { OrderedSession } from './session.ts'

interface Seen {
  readonly yes: VoteColumn
  readonly no: VoteColumn
}

/** `decision`: that of a quorum which the order does not hold yet. */
export interface ProvisionalView {
  readonly decision: boolean | null
  /** In the order or only seen; an owner seen with both choices, and not in the order, counts for neither. */
  readonly yes: number
  readonly no: number
}

export class ProvisionalVotes {
  readonly #fold: OrderedFold
  readonly #verifier: BallotVerifier
  readonly #early: EarlyVotes
  readonly #seen = new Map<string, Seen>()

  constructor(fold: OrderedFold, verifier: BallotVerifier, maxEarlyVotes = 1000) {
    this.#fold = fold
    this.#verifier = verifier
    this.#early = new EarlyVotes(maxEarlyVotes)
  }

  /** A vote in a gossip event. What has no effect is passed over. */
  observe(vote: SafeVote): void {
    const session = this.#fold.find(vote.proposalId)
    if (session === undefined) {
      if (this.#verifier.isVoteValid(vote)) this.#early.hold(vote)
      return
    }
    if (session.outcome !== null) return
    const place = session.roster.indexOf(vote.owner)
    const column = this.#columnOf(session, vote.choice)
    if (place < 0 || column.has(place) || !this.#verifier.isVoteValid(vote)) return
    column.add(place, vote.signature)
  }

  /** The fold opened a session: the votes that came before it count now. */
  open(session: OrderedSession): void {
    for (const vote of this.#early.take(session.signed.id)) this.observe(vote)
  }

  settle(session: OrderedSession): void {
    this.#seen.delete(toHex(session.signed.id))
  }

  /** Whether looking closer may show a decision; costs the same for every size of roster. */
  mayDecide(session: OrderedSession): boolean {
    const seen = this.#seen.get(toHex(session.signed.id))
    if (seen === undefined) return false
    const { quorum } = session
    const reaches = (choice: boolean, column: VoteColumn): boolean =>
      session.column(choice).count + column.count >= quorum
    return reaches(true, seen.yes) || reaches(false, seen.no)
  }

  view(session: OrderedSession): ProvisionalView {
    const seen = this.#seen.get(toHex(session.signed.id))
    const yes = tally(session, true, seen)
    const no = tally(session, false, seen)
    if (session.outcome !== null) return { decision: null, yes, no }
    if (yes >= session.quorum) return { decision: true, yes, no }
    return { decision: no >= session.quorum ? false : null, yes, no }
  }

  #columnOf(session: OrderedSession, choice: boolean): VoteColumn {
    const key = toHex(session.signed.id)
    let seen = this.#seen.get(key)
    if (seen === undefined) {
      seen = { yes: new VoteColumn(), no: new VoteColumn() }
      this.#seen.set(key, seen)
    }
    return choice ? seen.yes : seen.no
  }
}

function tally(session: OrderedSession, choice: boolean, seen: Seen | undefined): number {
  const ordered = session.column(choice).count
  if (seen === undefined) return ordered
  const [mine, other] = choice ? [seen.yes, seen.no] : [seen.no, seen.yes]
  const added = mine.entries().filter(([place]) => !session.hasVoted(place) && !other.has(place))
  return ordered + added.length
}
