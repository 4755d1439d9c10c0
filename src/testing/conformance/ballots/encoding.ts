/**
 * @module testing/conformance/ballots/encoding
 *
 * `encoding.json`: messages, their bytes, their hashes; unusual bytes; ids (ballots §1 and §2).
 */

import { EMPTY_BYTES } from '../../../base/bytes.ts'
import { fromHex, toHex } from '../../../base/text.ts'
import {
  computeVoteHash,
  decodeProposal,
  decodeVote,
  encodeProposal,
  encodeVote,
  encodeVoteUnsigned,
  idFromUuid,
} from '../../../core/ballot/index.ts'
import { Comparison, type Runner } from '../verdict.ts'
import { attempt, outcomeOf, proposalJson, voteJson } from './format.ts'

interface Encoding {
  readonly votes: readonly { name: string; vote: object; bytes: string; hash: string; signedBytes: string }[]
  readonly proposals: readonly { name: string; proposal: object; bytes: string }[]
  readonly decoding: readonly {
    type: 'vote' | 'proposal'
    name: string
    bytes: string
    ok?: object
    canonical?: string
    error?: string
  }[]
  readonly ids: readonly { uuid: string; id: number }[]
}

/** A message as JSON, and its encoding made anew. */
function reread(type: 'vote' | 'proposal', bytes: Uint8Array): { readonly ok: object; readonly canonical: string } {
  if (type === 'vote') {
    const vote = decodeVote(bytes)
    return { ok: voteJson(vote), canonical: toHex(encodeVote(vote)) }
  }
  const proposal = decodeProposal(bytes)
  return { ok: proposalJson(proposal), canonical: toHex(encodeProposal(proposal)) }
}

export const encodingRunner: Runner = {
  kind: 'ballot encoding',
  recognizes: (json) => Array.isArray(json['decoding']) && Array.isArray(json['ids']),
  async run(json) {
    const { votes, proposals, decoding, ids } = json as object as Encoding
    const comparison = new Comparison()
    for (const { name, vote, bytes, hash, signedBytes } of votes) {
      comparison.expect(`vote ${name}`, reread('vote', fromHex(bytes)), { ok: vote, canonical: bytes })
      const decoded = decodeVote(fromHex(bytes))
      comparison.expect(`vote ${name}: hash`, toHex(computeVoteHash(decoded)), hash)
      const unsigned = encodeVoteUnsigned({ ...decoded, signature: EMPTY_BYTES })
      comparison.expect(`vote ${name}: signed bytes`, toHex(unsigned), signedBytes)
    }
    for (const { name, proposal, bytes } of proposals) {
      comparison.expect(`proposal ${name}`, reread('proposal', fromHex(bytes)), { ok: proposal, canonical: bytes })
    }
    for (const { type, name, bytes, ok, canonical, error } of decoding) {
      const answer = await attempt(() => reread(type, fromHex(bytes)))
      const actual = 'ok' in answer ? answer.ok : outcomeOf(answer)
      comparison.expect(`${type} of ${name}`, actual, error ?? { ok, canonical })
    }
    for (const { uuid, id } of ids) comparison.expect(`id of ${uuid}`, idFromUuid(fromHex(uuid)), id)
    return comparison.verdict()
  },
}
