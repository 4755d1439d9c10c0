/**
 * @module core/ballot/safe/admission
 *
 * Whether a proposal may open a session in its scope (ballots §8.1, §8.2). No clock: what depends on time is for the
 * finality `quorum` to ask.
 */

import { type Bytes, equalBytes } from '../../../base/bytes.ts'
import { toHex } from '../../../base/text.ts'
import type { Finality, SignedProposal } from '../../../wire/ballot/index.ts'
import { refuseSafe, SafeBallotError, type SafeBallotErrorData } from './errors.ts'
import { Roster } from './roster.ts'
import type { BallotVerifier } from './verifier.ts'

/** What must be equal on all peers of a scope. */
export interface ScopeRules {
  readonly groupId: Bytes | null
  /** `null`: any scope of the group. */
  readonly scope: string | null
  readonly finality: Finality
  /** Keys that may propose in a scope without being in the roster. */
  readonly proposersOf: (scope: string) => readonly Bytes[]
  readonly verifier: BallotVerifier
}

/** The voters of the group after the blocks before `position`; `null` where they are not known. */
export type VotersBefore = (position: number) => readonly Bytes[] | null

export type Admission =
  | { readonly type: 'Admitted'; readonly roster: Roster }
  | { readonly type: 'Refused'; readonly why: SafeBallotErrorData }

/** `position`: of the proposal's block in the order; `null` in `quorum`. Cheap checks first, the signature last. */
export function admit(
  signed: SignedProposal,
  rules: ScopeRules,
  votersBefore: VotersBefore,
  position: number | null,
): Admission {
  const { proposal } = signed
  const proposalId = toHex(signed.id)
  const isOfGroup = proposal.groupId === null ? rules.groupId === null : isGroup(rules.groupId, proposal.groupId)
  if (!isOfGroup || (rules.scope !== null && rules.scope !== proposal.scope)) {
    return refused({ code: 'ForeignProposal', proposalId, scope: proposal.scope })
  }
  if (proposal.finality.type !== rules.finality) {
    return refused({ code: 'WrongFinality', proposalId, expected: rules.finality })
  }
  if (proposal.finality.type === 'ordered' && position !== null && position < proposal.finality.fromPosition) {
    return refused({ code: 'OrderedTooEarly', proposalId, position })
  }
  const roster = rosterOf(signed, votersBefore, position)
  if (!(roster instanceof Roster)) return refused(roster)
  // ballots §8.1: the owner is in the roster, or a proposer that the scope names.
  const { owner } = proposal
  if (!roster.has(owner) && !rules.proposersOf(proposal.scope).some((key) => equalBytes(key, owner))) {
    return refused({ code: 'VoterNotEligible', owner: toHex(owner), proposalId })
  }
  if (!rules.verifier.isProposalValid(signed)) return refused({ code: 'InvalidProposalSignature', proposalId })
  return { type: 'Admitted', roster }
}

function isGroup(expected: Bytes | null, actual: Bytes): boolean {
  return expected !== null && equalBytes(expected, actual)
}

function refused(why: SafeBallotErrorData): Admission {
  return { type: 'Refused', why }
}

function rosterOf(
  { proposal }: SignedProposal,
  votersBefore: VotersBefore,
  openedAt: number | null,
): Roster | SafeBallotErrorData {
  const { roster } = proposal
  const position = roster.type === 'VotersBefore' ? roster.position : (openedAt ?? 0)
  const keys = roster.type === 'Listed' ? roster.keys : votersBefore(position)
  if (keys === null) return { code: 'RosterUnknown', position }
  if (keys.some((key) => key.length !== proposal.owner.length)) {
    return { code: 'InvalidRoster', why: `keys of the group are none of ${proposal.scheme}` }
  }
  try {
    return Roster.of(keys)
  } catch (error) {
    if (error instanceof SafeBallotError) return error.data
    throw error
  }
}

/** The roster, or the refusal thrown. */
export function admitOrThrow(...args: Parameters<typeof admit>): Roster {
  const admission = admit(...args)
  if (admission.type === 'Refused') throw refuseSafe(admission.why)
  return admission.roster
}
