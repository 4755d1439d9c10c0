/**
 * @module core/ballot/safe/certificate/verify
 *
 * Whether a certificate proves an outcome, offline (ballots §8.7).
 *
 * Guarantee: what passes was decided so by the scope's rules, as long as fewer than a third of the roster (`ordered`: of
 * each set of voters) is faulty.
 */

import type { Bytes } from '../../../../base/bytes.ts'
import type { SignatureScheme } from '../../../../ports/signature-scheme.ts'
import {
  type Certificate,
  decodeCertificate,
  type Outcome,
  type SafeProposal,
  type SafeVote,
  type SignedProposal,
} from '../../../../wire/ballot/index.ts'
import { CodecError } from '../../../../wire/canonical/errors.ts'
import type { QuorumScope } from '../quorum/scope.ts'
import type { Roster } from '../roster.ts'
import { verifyOrderedCertificate } from './ordered.ts'
import { certifiedVotes, verifyQuorumCertificate } from './quorum.ts'
import { type CertificateTrust, unproven } from './trust.ts'

export interface CertifiedOutcome {
  readonly proposalId: Bytes
  readonly proposal: SafeProposal
  readonly outcome: Outcome
}

/** Throws `InvalidCertificate` with the reason. */
export function verifyCertificate(bytes: Bytes, trust: CertificateTrust): CertifiedOutcome {
  const certificate = decode(bytes, trust.scheme)
  if (certificate.type === 'ordered') {
    const { id, proposal } = verifyOrderedCertificate(certificate, trust)
    return { proposalId: id, proposal, outcome: certificate.outcome }
  }
  verifyQuorumCertificate(certificate, trust)
  const { id, proposal } = certificate.signed
  return { proposalId: id, proposal, outcome: certificate.choice ? 'yes' : 'no' }
}

function decode(bytes: Bytes, scheme: SignatureScheme): Certificate {
  try {
    return decodeCertificate(bytes, scheme)
  } catch (error) {
    if (error instanceof CodecError) throw unproven(error.message, { cause: error })
    throw error
  }
}

/** The proposal and the votes of a certificate of finality `quorum`; nothing is verified but its form. */
export function openCertificate(
  bytes: Bytes,
  scheme: SignatureScheme,
): { readonly signed: SignedProposal; readonly votesOf: (roster: Roster) => readonly SafeVote[] } {
  const certificate = decode(bytes, scheme)
  if (certificate.type !== 'quorum') throw unproven('it is not of the finality quorum')
  return { signed: certificate.signed, votesOf: (roster) => certifiedVotes(certificate, roster) }
}

/** Brings a certificate's proposal and votes into a scope, which verifies and counts them like any others. */
export function importCertificate(
  scope: QuorumScope,
  bytes: Bytes,
  scheme: SignatureScheme,
  nowSec: number,
): ReturnType<QuorumScope['importVotes']> {
  const { signed, votesOf } = openCertificate(bytes, scheme)
  const opened = scope.openProposal(signed, nowSec)
  if (scope.residence(signed.id) !== 'live') return { step: opened, refused: [] }
  const { step, refused } = scope.importVotes(votesOf(scope.session(signed.id).roster))
  return {
    step: {
      facts: [...opened.facts, ...step.facts],
      effects: [...opened.effects, ...step.effects],
      faults: [...opened.faults, ...step.faults],
    },
    refused,
  }
}
