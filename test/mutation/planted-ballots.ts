/**
 * Bugs of safe ballots planted by hand, one for each rule that keeps two peers from deciding differently (ballots §8).
 */

import type { Mutation } from './planted.ts'

const SAFE = 'src/core/ballot/safe/'

export const PLANTED_BALLOTS: readonly Mutation[] = [
  { name: 'quorum one too low', file: `${SAFE}roster.ts`, from: 'return Math.max(', to: 'return -1 + Math.max(' },
  {
    name: 'silence counted in quorum',
    file: `${SAFE}quorum/session.ts`,
    from: 'this.column(choice).count + 1 >= this.quorum',
    to: 'this.roster.size - this.column(!choice).count >= this.quorum',
  },
  {
    name: 'second vote of an owner counted in ordered',
    file: `${SAFE}ordered/fold.ts`,
    from: "if (session.hasVoted(place)) return [{ type: 'Equivocation', proof: session.equivocate(place, vote) }]",
    to: '',
  },
  {
    name: 'quorum after a Close wins',
    file: `${SAFE}ordered/fold.ts`,
    from: "if (session.outcome !== null && !session.hasVoted(place)) return voided(block, 'Settled')",
    to: '',
  },
  {
    name: 'Close needs no majority',
    file: `${SAFE}ordered/fold.ts`,
    from: "if (block.voter !== null) return voided(block, 'NotBySupermajority')",
    to: '',
  },
  {
    name: 'digest without scope',
    file: 'src/wire/ballot/proposal.ts',
    from: 'return digestOf(DOMAIN.proposal, body)',
    to: `const reader = new CanonicalReader(body)
  readText(reader, BALLOT_LIMITS.maxSchemeBytes, 'scheme')
  readOption(reader, GROUP_ID_BYTES)
  const at = reader.offset
  readText(reader, BALLOT_LIMITS.maxScopeBytes, 'scope')
  return digestOf(DOMAIN.proposal, new Uint8Array([...body.subarray(0, at), ...body.subarray(reader.offset)]))`,
  },
  {
    name: 'roster with a doubled key',
    file: `${SAFE}roster.ts`,
    from: "if (isDoubled) throw refuseSafe({ code: 'InvalidRoster', why: 'it holds a key twice' })",
    to: '',
  },
  {
    name: 'n = 0 decided',
    file: `${SAFE}roster.ts`,
    from: "if (keys.length === 0) throw refuseSafe({ code: 'InvalidRoster', why: 'it is empty' })",
    to: '',
  },
  {
    name: 'clock read while folding',
    file: `${SAFE}ordered/fold.ts`,
    from: "if (place < 0) return voided(block, 'VoterNotEligible')",
    to: `if (place < 0) return voided(block, 'VoterNotEligible')
    if (Date.now() / 1000 >= session.signed.proposal.expirySec) return voided(block, 'Settled')`,
  },
  {
    name: 'votes before the proposal counted',
    file: `${SAFE}ordered/fold.ts`,
    from: `return [{ type: 'Opened', session }]
  }

  #foldVote({ body }: PayloadFrame, block: OrderedBlock): readonly OrderedNotice[] {
    const vote = decodeSafeVote(body, this.#format)
    const session = this.find(vote.proposalId)
    // ballots §8.4: votes before the proposal are void.
    if (session === undefined) return voided(block, this.#absence(vote.proposalId))`,
    to: `const held = this.#held.splice(0).flatMap((early) => this.fold({ ...early, position: block.position }, () => null))
    return [{ type: 'Opened', session }, ...held]
  }

  readonly #held: OrderedBlock[] = []

  #foldVote({ body }: PayloadFrame, block: OrderedBlock): readonly OrderedNotice[] {
    const vote = decodeSafeVote(body, this.#format)
    const session = this.find(vote.proposalId)
    if (session === undefined) this.#held.push({ ...block, payload: block.payload.slice() })
    if (session === undefined) return voided(block, this.#absence(vote.proposalId))`,
  },
]
