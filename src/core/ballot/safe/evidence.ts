/**
 * @module core/ballot/safe/evidence
 *
 * Whether one owner signed both choices of a proposal (ballots §8.5), for whoever knows the roster only.
 */

import type { Bytes } from '../../../base/bytes.ts'
import type { SignatureScheme } from '../../../ports/signature-scheme.ts'
import { decodeEquivocation, type Equivocation } from '../../../wire/ballot/index.ts'
import { CodecError } from '../../../wire/canonical/errors.ts'
import { Roster } from './roster.ts'
import { strictVerifier } from './verifier.ts'

/** The proof, or `null` where the bytes prove nothing against anybody in the roster. */
export function verifyEvidence(
  bytes: Bytes,
  trust: { readonly scheme: SignatureScheme; readonly roster: readonly Bytes[] },
): Equivocation | null {
  const proof = decode(bytes, trust.scheme)
  if (proof === null || !Roster.of(trust.roster).has(proof.owner)) return null
  const { proposalId, owner, yesSignature, noSignature } = proof
  const verifier = strictVerifier(trust.scheme)
  // ballots §8.5
  const isProven =
    verifier.isVoteValid({ proposalId, owner, choice: true, signature: yesSignature }) &&
    verifier.isVoteValid({ proposalId, owner, choice: false, signature: noSignature })
  return isProven ? proof : null
}

function decode(bytes: Bytes, scheme: SignatureScheme): Equivocation | null {
  try {
    return decodeEquivocation(bytes, scheme)
  } catch (error) {
    if (error instanceof CodecError) return null
    throw error
  }
}
