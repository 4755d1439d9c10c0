/**
 * @module core/ballot/safe/certificate/quorum
 *
 * Certificates of the finality `quorum` (ballots §8.7): the signed proposal, and the signatures of just enough owners for
 * one choice, with a bit for each of them.
 */

import type { Bytes } from '../../../../base/bytes.ts'
import { toHex } from '../../../../base/text.ts'
import {
  type BallotFormat,
  encodeCertificate,
  type QuorumCertificate,
  type SafeVote,
} from '../../../../wire/ballot/index.ts'
import { type Admission, admit } from '../admission.ts'
import { refuseSafe } from '../errors.ts'
import type { QuorumSession } from '../quorum/session.ts'
import { quorumOf, type Roster } from '../roster.ts'
import { strictVerifier } from '../verifier.ts'
import { type CertificateTrust, checkTrusted, unproven } from './trust.ts'

/** Throws `NotDecided`. Two peers with the same votes make the same bytes. */
export function quorumCertificate(session: QuorumSession): Bytes {
  const { signed, decision, roster, quorum } = session
  if (decision === null) throw refuseSafe({ code: 'NotDecided', proposalId: toHex(signed.id) })
  const signers = new Uint8Array(Math.ceil(roster.size / 8))
  const chosen = session.column(decision).entries().slice(0, quorum)
  for (const [place] of chosen) signers[place >> 3] = (signers[place >> 3] as number) | (1 << (place & 7))
  const signatures = chosen.map(([, signature]) => signature)
  return encodeCertificate({ type: 'quorum', choice: decision, signed, signers, signatures })
}

/** The votes in a certificate. Nothing is verified but that signers and signatures are as many. */
export function certifiedVotes(certificate: QuorumCertificate, roster: Roster): readonly SafeVote[] {
  const { signers, signatures, choice, signed } = certificate
  if (signers.length !== Math.ceil(roster.size / 8)) throw unproven('its bit set is not of its roster')
  const places: number[] = []
  for (let place = 0; place < signers.length * 8; place += 1) {
    if (((signers[place >> 3] as number) & (1 << (place & 7))) !== 0) places.push(place)
  }
  if (places.length !== signatures.length) throw unproven('it has not one signature for each signer')
  return places.map((place, i) => {
    const owner = roster.keys[place]
    if (owner === undefined) throw unproven('a signer is outside the roster')
    return { proposalId: signed.id, choice, owner, signature: signatures[i] as Bytes }
  })
}

/** Throws `InvalidCertificate`. */
export function verifyQuorumCertificate(certificate: QuorumCertificate, trust: CertificateTrust): void {
  const { signed } = certificate
  checkTrusted(signed, trust)
  const { roster, verifier } = admitted(certificate, trust, trust.scheme)
  const votes = certifiedVotes(certificate, roster)
  // ballots §8.3; just as many, so that one set of votes has one certificate.
  const quorum = quorumOf(roster.size, signed.proposal.threshold)
  if (votes.length !== quorum) throw unproven(`${votes.length} owners signed; ${quorum} decide`)
  if (!votes.every((vote) => verifier.isVoteValid(vote))) throw unproven('a signature does not verify')
}

function admitted({ signed }: QuorumCertificate, trust: CertificateTrust, scheme: CertificateTrust['scheme']) {
  const verifier = strictVerifier(scheme)
  const { groupId, scope, proposers = [], votersBefore = () => null } = trust
  const rules = { groupId, scope, finality: 'quorum', proposersOf: () => proposers, verifier } as const
  const admission: Admission = admit(signed, rules, votersBefore, null)
  if (admission.type === 'Refused') throw unproven(refuseSafe(admission.why).message)
  return { roster: admission.roster, verifier }
}

/** Bytes of a certificate for a listed roster, but for those of the proposal's other fields: what grows with it. */
export function certificateBytes(rosterSize: number, threshold: number, format: BallotFormat): number {
  const keys = rosterSize * format.identityLength
  return keys + Math.ceil(rosterSize / 8) + quorumOf(rosterSize, threshold) * format.signatureLength
}
