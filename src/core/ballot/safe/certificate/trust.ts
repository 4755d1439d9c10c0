/**
 * @module core/ballot/safe/certificate/trust
 *
 * What a stranger knows, and holds a certificate against (ballots §8.7).
 */

import { type Bytes, equalBytes } from '../../../../base/bytes.ts'
import type { SignatureScheme } from '../../../../ports/signature-scheme.ts'
import type { Finality, SafeProposal, SignedProposal } from '../../../../wire/ballot/index.ts'
import type { VotersBefore } from '../admission.ts'
import { refuseSafe, type SafeBallotError } from '../errors.ts'
import { Roster } from '../roster.ts'

/** What a checkpoint proves, for whoever knows the group's genesis (parsec §8). */
export interface CheckpointView {
  /** How many blocks the chain hash covers. */
  readonly position: number
  readonly chainHash: Bytes
  /** The voters at each position up to its own. */
  readonly votersBefore: VotersBefore
}

export interface CertificateTrust {
  readonly scheme: SignatureScheme
  readonly scope: string
  readonly groupId: Bytes | null
  /** What the scope agreed on; an owner who asks for less is not believed. */
  readonly policy: {
    readonly finality: Finality
    /** The least. */
    readonly threshold: number
    /** How Close weighs silence (`ordered`). Default: as no. */
    readonly livenessCriteriaYes?: boolean
  }
  /** For proposals that list their roster: the only one that is believed. */
  readonly roster?: readonly Bytes[]
  /** For `quorum` proposals whose roster is the group's voters before a position. */
  readonly votersBefore?: VotersBefore
  /** Keys that may propose without being in the roster. Default: none. */
  readonly proposers?: readonly Bytes[]
  /** For `ordered`: what the bytes of a checkpoint prove, from genesis on; `null` for nothing. */
  readonly verifyCheckpoint?: (checkpoint: Bytes) => CheckpointView | null
}

export function unproven(why: string, options?: ErrorOptions): SafeBallotError {
  return refuseSafe({ code: 'InvalidCertificate', why }, options)
}

/** Scope, group, policy and listed roster are the trusted ones. */
export function checkTrusted({ proposal }: SignedProposal, trust: CertificateTrust): void {
  // ballots §8.7: neither another scope's or group's, nor another roster's.
  const { groupId } = proposal
  const isOfGroup = groupId === null ? trust.groupId === null : isSame(trust.groupId, groupId)
  if (!isOfGroup || proposal.scope !== trust.scope) throw unproven('it is of another scope or group')
  checkPolicy(proposal, trust)
  if (proposal.roster.type !== 'Listed') return
  const isTrusted = trust.roster !== undefined && Roster.of(trust.roster).equals(Roster.of(proposal.roster.keys))
  if (!isTrusted) throw unproven('its roster is not the trusted one')
}

function checkPolicy(proposal: SafeProposal, { policy }: CertificateTrust): void {
  // ballots §8.7: lest an owner lowers it unseen.
  if (proposal.finality.type !== policy.finality) throw unproven(`its finality is ${proposal.finality.type}`)
  if (proposal.threshold < policy.threshold) throw unproven(`its threshold is ${proposal.threshold}`)
  const isYes = policy.livenessCriteriaYes ?? false
  if (policy.finality === 'ordered' && proposal.livenessCriteriaYes !== isYes) {
    throw unproven(`in it, silence is ${isYes ? 'no' : 'yes'}`)
  }
}

function isSame(expected: Bytes | null, actual: Bytes): boolean {
  return expected !== null && equalBytes(expected, actual)
}
