/**
 * @module cli/verify/malice-row
 *
 * Evidence of malice in a group (parsec §9), held against the group's genesis.
 */

import type { Bytes } from '../../base/bytes.ts'
import { toHex } from '../../base/text.ts'
import { verifyEvidence } from '../../core/parsec/index.ts'
import { MALICE_EVIDENCE_DOMAIN } from '../../wire/malice-evidence.ts'
import { UsageError } from '../usage-error.ts'
import type { Verified, VerifierRow } from './row.ts'
import { schemeOf, type TrustOptions, trustedGroup } from './trust.ts'

export const MALICE_ROW: VerifierRow = {
  domain: MALICE_EVIDENCE_DOMAIN,
  what: 'evidence of malice',
  verify: malice,
}

function malice(bytes: Bytes, options: TrustOptions): Verified {
  const group = trustedGroup(options)
  if (group === undefined) throw new UsageError('--peer is missing: evidence of malice is held against a genesis')
  const { offender, kind } = verifyEvidence(bytes, { group, scheme: schemeOf(options) })
  const peer = toHex(offender)
  return { sentence: `${peer} is guilty of ${kind}`, json: { offender: peer, kind } }
}
