/**
 * @module cli/verify/rows
 *
 * What `witan verify` knows to verify, by the domain at the start of the bytes. Another kind of proof is another row.
 */

import type { Bytes } from '../../base/bytes.ts'
import { WitanError } from '../../base/errors.ts'
import { toHex } from '../../base/text.ts'
import { safe } from '../../core/ballot/index.ts'
import { DOMAIN } from '../../wire/ballot/index.ts'
import { CanonicalReader } from '../../wire/canonical/reader.ts'
import { CHECKPOINT_ROWS, checkpointVerifier } from './checkpoint-rows.ts'
import { MALICE_ROW } from './malice-row.ts'
import type { Verified, VerifierRow } from './row.ts'
import {
  groupIdOf,
  policyOf,
  proposersOf,
  requiredRosterOf,
  rosterOf,
  schemeOf,
  scopeOf,
  type TrustOptions,
} from './trust.ts'

export type VerifyErrorData =
  | { readonly code: 'UnknownDomain'; readonly domain: string }
  | { readonly code: 'NotProven'; readonly why: string }

/** The bytes prove nothing. */
export class VerifyError extends WitanError<VerifyErrorData> {}

const ROWS: readonly VerifierRow[] = [
  { domain: DOMAIN.certificate, what: 'certificate of a decision', verify: certificate },
  { domain: DOMAIN.evidence, what: 'evidence of two votes of one owner', verify: equivocation },
  ...CHECKPOINT_ROWS,
  MALICE_ROW,
]

const MAX_DOMAIN_BYTES = 64

/** What the bytes prove, held against what is trusted; throws a `WitanError` where it is nothing. */
export function verifyBytes(bytes: Bytes, options: TrustOptions): Verified & { readonly what: string } {
  const domain = domainOf(bytes)
  const row = ROWS.find((candidate) => candidate.domain === domain)
  if (row === undefined) {
    const known = ROWS.map(({ domain: tag }) => tag).join(', ')
    throw new VerifyError({ code: 'UnknownDomain', domain }, `no proof that is known begins like this; known: ${known}`)
  }
  return { what: row.what, ...row.verify(bytes, options) }
}

function domainOf(bytes: Bytes): string {
  try {
    return new TextDecoder().decode(new CanonicalReader(bytes).byteString(MAX_DOMAIN_BYTES, 'domain'))
  } catch (error) {
    if (error instanceof WitanError) return ''
    throw error
  }
}

function certificate(bytes: Bytes, options: TrustOptions): Verified {
  const roster = rosterOf(options)
  const { proposalId, proposal, outcome } = safe.verifyCertificate(bytes, {
    scheme: schemeOf(options),
    scope: scopeOf(options),
    groupId: groupIdOf(options),
    policy: policyOf(options),
    proposers: proposersOf(options),
    ...(roster === undefined ? {} : { roster }),
    ...checkpointVerifier(options),
  })
  const id = toHex(proposalId)
  return {
    sentence: `${outcome}: ${JSON.stringify(proposal.name)} in scope ${JSON.stringify(proposal.scope)}, proposal ${id}`,
    json: { outcome, proposalId: id, name: proposal.name, scope: proposal.scope, owner: toHex(proposal.owner) },
  }
}

function equivocation(bytes: Bytes, options: TrustOptions): Verified {
  const proof = safe.verifyEvidence(bytes, { scheme: schemeOf(options), roster: requiredRosterOf(options) })
  if (proof === null) {
    const why = 'a signature does not verify, or the owner is not in the roster'
    throw new VerifyError({ code: 'NotProven', why }, `the evidence proves nothing: ${why}`)
  }
  const owner = toHex(proof.owner)
  const proposalId = toHex(proof.proposalId)
  return { sentence: `${owner} signed both choices of proposal ${proposalId}`, json: { owner, proposalId } }
}
