/**
 * @module engine/ballots/safe/decision
 *
 * What a subscriber is told of a decision, and what somebody who asks is told of a proposal: why it is decided so, or what
 * is still missing.
 */

import type { Bytes } from '../../../base/bytes.ts'
import { toHex } from '../../../base/text.ts'
import { safe } from '../../../core/ballot/index.ts'

/** One for each session, once its facts are durable (ballots §8.8). */
export interface Decision {
  readonly scope: string
  /** Hex of the proposal's digest. */
  readonly proposalId: string
  readonly name: string
  /** Hex key of the owner. */
  readonly owner: string
  /**
   * Who voted: the `group`'s voters, or a roster that the owner `listed`. In `ordered` anybody may propose to a roster of its own
   * making, in any scope: before acting on a `listed` one, see that its proposal is one that you know.
   */
  readonly roster: 'listed' | 'group'
  readonly finality: safe.Finality
  /** `failed`: closed in the order without a majority, for good. */
  readonly outcome: safe.Outcome
  /** Index of the block that settled it; `null` in `quorum`. */
  readonly position: number | null
  /** Bytes that prove it to a stranger (ballots §8.7). In `ordered`: once a checkpoint covers the settling block. */
  readonly certificate: Promise<Bytes>
}

export interface Explanation {
  readonly scope: string
  readonly proposalId: string
  readonly name: string
  readonly finality: safe.Finality
  readonly phase: safe.SafePhase
  readonly outcome: safe.Outcome | null
  readonly yes: number
  readonly no: number
  readonly rosterSize: number
  /** Owners of one choice that decide. */
  readonly quorum: number
  /** Seconds since the Unix epoch. */
  readonly deadlineSec: number
  /** Index of the block that settled it. */
  readonly settledAt: number | null
  /** Hex keys of the voters of whom no vote counts. */
  readonly silent: readonly string[]
  /** Hex keys of the voters who signed both choices. */
  readonly equivocators: readonly string[]
  /** `ordered`: what a quorum seen in gossip would decide, unless a Close comes first. */
  readonly provisional: boolean | null
  /** All of it in a few sentences. */
  readonly text: string
}

export type ExplanationParts = Omit<Explanation, 'text' | 'silent' | 'equivocators'> & {
  readonly silent: readonly Bytes[]
  readonly equivocators: readonly Bytes[]
}

export function explanation(parts: ExplanationParts): Explanation {
  const silent = parts.silent.map(toHex)
  const equivocators = parts.equivocators.map(toHex)
  const whole = { ...parts, silent, equivocators }
  return { ...whole, text: textOf(whole) }
}

type Explained = Omit<Explanation, 'text'>

function textOf(explained: Explained): string {
  const { name, yes, no, rosterSize, quorum, equivocators } = explained
  const tally = `${yes} of ${rosterSize} voters said yes, ${no} no; ${quorum} of one choice decide.`
  const lines = [
    `${JSON.stringify(name)} ${headOf(explained)}`,
    tally,
    ...(explained.outcome === null ? missing(explained) : []),
  ]
  if (equivocators.length > 0) lines.push(`Signed both choices: ${equivocators.join(', ')}.`)
  return lines.join('\n')
}

function headOf({ outcome, phase, finality, yes, no, quorum, settledAt }: Explained): string {
  if (outcome === null) return phase === 'expired' ? 'is undecided, and its deadline is over.' : 'is undecided.'
  if (finality === 'quorum') return `is decided: ${outcome}, by a quorum of signed votes.`
  const isByVotes = (outcome === 'yes' && yes >= quorum) || (outcome === 'no' && no >= quorum)
  const how = isByVotes ? 'the vote in block' : 'the close in block'
  return `is ${outcome === 'failed' ? 'settled' : 'decided'}: ${outcome}, by ${how} ${settledAt}.`
}

function missing({ finality, phase, yes, no, quorum, silent, deadlineSec, provisional }: Explained): readonly string[] {
  const until = new Date(deadlineSec * 1_000).toISOString()
  const waits = silent.length === 0 ? 'Everybody has voted.' : `Not voted: ${silent.join(', ')}.`
  const lacks = `Missing: ${quorum - yes} more for yes, or ${quorum - no} more for no.`
  const when =
    finality === 'ordered'
      ? `Until ${until}; then the voters close it in the order, and silence counts.`
      : phase === 'expired'
        ? `The deadline was ${until}. That decides nothing: a quorum that comes later still does.`
        : `Until ${until}; the deadline decides nothing.`
  const hint =
    provisional === null ? [] : [`A quorum for ${provisional ? 'yes' : 'no'} is seen, but not in the order yet.`]
  return [lacks, waits, when, ...hint]
}
