/**
 * @module core/ballot/safe/quorum/decide
 *
 * What follows from a command on one session of finality `quorum`: facts to append, what to spread once they are durable,
 * and what an owner did wrong. Nothing is changed here; refusals are thrown.
 */

import type { Bytes } from '../../../../base/bytes.ts'
import { toHex } from '../../../../base/text.ts'
import type { Signer } from '../../../../ports/signature-scheme.ts'
import type { SafeVote, SignedProposal } from '../../../../wire/ballot/index.ts'
import { refuseSafe } from '../errors.ts'
import { signVote } from '../propose.ts'
import type { Roster } from '../roster.ts'
import type { BallotVerifier } from '../verifier.ts'
import type { EquivocationFault, QuorumFact, QuorumStep, Spread } from './facts.ts'
import { DEFAULT_QUORUM_LIMITS, type QuorumLimits } from './limits.ts'
import { QuorumSession } from './session.ts'

export const NO_STEP: QuorumStep = { facts: [], effects: [], faults: [] }

/** Whether there is time and room for it. `openOf`: open sessions of an owner, or of all. */
export function checkOpening(
  { proposal }: SignedProposal,
  nowSec: number,
  openOf: (owner: Bytes | null) => number,
  limits: QuorumLimits = DEFAULT_QUORUM_LIMITS,
): void {
  const { owner, createdSec, expirySec } = proposal
  const { maxClockSkewSec: maxSec, maxOpenPerOwner, maxOpen } = limits
  // ballots §8.11: what is ahead of our clock waits outside; the past is no error.
  if (createdSec > nowSec + maxSec) throw refuseSafe({ code: 'ClockSkewTooLarge', createdSec, nowSec, maxSec })
  // ballots §8.10: expired sessions are not open.
  if (expirySec <= nowSec) return
  const refuse = (limit: number): never => {
    throw refuseSafe({ code: 'TooManyOpenProposals', owner: toHex(owner), limit })
  }
  if (openOf(owner) >= maxOpenPerOwner) refuse(maxOpenPerOwner)
  if (openOf(null) >= maxOpen) refuse(maxOpen)
}

/** An admitted proposal. `early`: votes for it that came before, their signatures verified. */
export function decideOpening(
  signed: SignedProposal,
  roster: Roster,
  early: readonly SafeVote[],
  nowSec: number,
): QuorumStep {
  const { id: proposalId, bytes: proposal } = signed
  const voters = signed.proposal.roster.type === 'Listed' ? null : roster.keys
  const facts: QuorumFact[] = [{ type: 'SafeProposalOpened', proposalId, proposal, roster: voters }]
  const effects: Spread[] = [{ type: 'Spread', message: { type: 'proposal', signed } }]
  const faults: EquivocationFault[] = []
  const session = new QuorumSession(signed, roster)
  for (const vote of early) {
    if (!roster.has(vote.owner) || session.holds(vote.owner, vote.choice)) continue
    const step = decideCount(session, vote)
    for (const fact of step.facts) session.evolve(fact)
    facts.push(...step.facts)
    effects.push(...step.effects)
    faults.push(...step.faults)
  }
  facts.push(...session.decideDeadline(nowSec))
  return { facts, effects, faults }
}

/** A vote for this session, whoever brings it and whenever it was made. One that we hold already changes nothing. */
export function decideVote(session: QuorumSession, vote: SafeVote, verifier: BallotVerifier): QuorumStep {
  const { owner, proposalId } = vote
  // ballots §8.1
  if (!session.roster.has(owner)) {
    throw refuseSafe({ code: 'VoterNotEligible', owner: toHex(owner), proposalId: toHex(proposalId) })
  }
  if (session.holds(owner, vote.choice)) return NO_STEP
  if (!verifier.isVoteValid(vote)) {
    throw refuseSafe({ code: 'InvalidVoteSignature', owner: toHex(owner), proposalId: toHex(proposalId) })
  }
  return decideCount(session, vote)
}

export interface OwnVote {
  readonly vote: SafeVote
  readonly step: QuorumStep
}

/** Our vote. The same choice again gives the same vote again; another is refused with `UserAlreadyVoted`. */
export function decideOwnVote(session: QuorumSession, choice: boolean, signer: Signer): OwnVote {
  const owner = signer.identity
  const { id: proposalId } = session.signed
  const place = session.roster.indexOf(owner)
  if (place < 0) throw refuseSafe({ code: 'VoterNotEligible', owner: toHex(owner), proposalId: toHex(proposalId) })
  // ballots §8.6: what we have signed before is signed for good, in whatever way we learn of it.
  const signature = session.column(choice).signatureOf(place)
  if (signature !== undefined) {
    const vote = { proposalId, choice, owner, signature }
    return { vote, step: { ...NO_STEP, effects: [{ type: 'Spread', message: { type: 'votes', votes: [vote] } }] } }
  }
  if (session.column(!choice).has(place)) {
    throw refuseSafe({ code: 'UserAlreadyVoted', owner: toHex(owner), proposalId: toHex(proposalId) })
  }
  const vote = signVote(proposalId, choice, signer)
  return { vote, step: decideCount(session, vote) }
}

/** Both votes of an equivocator are kept and spread (ballots §8.5). */
function decideCount(session: QuorumSession, vote: SafeVote): QuorumStep {
  const proof = session.equivocationWith(vote)
  return {
    facts: session.decideVote(vote),
    effects: [{ type: 'Spread', message: { type: 'votes', votes: [vote] } }],
    faults: proof === null ? [] : [{ type: 'Equivocation', proof }],
  }
}
