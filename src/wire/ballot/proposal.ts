/**
 * @module wire/ballot/proposal
 *
 * Codec of signed proposals (ballots §8.2). The id of a proposal is the digest of all that its owner signs; see
 * docs/wire.md for the layout.
 *
 * Guarantee: one encoding for each proposal; anything else is a `CodecError`. Signatures are not checked here.
 */

import { type Bytes, compareBytes, utf8 } from '../../base/bytes.ts'
import { CodecError } from '../canonical/errors.ts'
import { CanonicalReader } from '../canonical/reader.ts'
import { CanonicalWriter } from '../canonical/writer.ts'
import {
  BALLOT_LIMITS,
  type BallotFormat,
  DOMAIN,
  digestOf,
  GROUP_ID_BYTES,
  invalid,
  NONCE_BYTES,
  readF64,
  readOption,
  readText,
  writeDomain,
  writeF64,
  writeOption,
} from './format.ts'

/** Who may vote. `votersAtOpening`: the group's voters before the proposal's own block; only in `ordered`. */
export type RosterSpec =
  | { readonly type: 'Listed'; readonly keys: readonly Bytes[] }
  | { readonly type: 'VotersBefore'; readonly position: number }
  | { readonly type: 'VotersAtOpening' }

/** `fromPosition`: blocks before it do not open the session, so a certificate that begins there is complete. */
export type FinalitySpec = { readonly type: 'quorum' } | { readonly type: 'ordered'; readonly fromPosition: number }

export type Finality = FinalitySpec['type']

export interface SafeProposal {
  /** Name of the signature scheme of owner and roster. */
  readonly scheme: string
  readonly groupId: Bytes | null
  readonly scope: string
  readonly name: string
  readonly payload: Bytes
  readonly roster: RosterSpec
  readonly owner: Bytes
  /** Seconds since the Unix epoch. */
  readonly createdSec: number
  /** After `createdSec`. */
  readonly expirySec: number
  /** Share of the roster, 0 to 1; the quorum is two thirds at least. */
  readonly threshold: number
  /** How `Close` weighs silence (`ordered` only). */
  readonly livenessCriteriaYes: boolean
  readonly finality: FinalitySpec
  readonly nonce: Bytes
}

export interface SignedProposal {
  /** Digest of the proposal without the signature. */
  readonly id: Bytes
  readonly proposal: SafeProposal
  readonly signature: Bytes
  /** Proposal and signature as encoded. */
  readonly bytes: Bytes
}

function writeRoster(writer: CanonicalWriter, roster: RosterSpec): void {
  if (roster.type === 'Listed') {
    writer.u32(0).u64(roster.keys.length)
    for (const key of roster.keys) writer.fixed(key)
  } else if (roster.type === 'VotersBefore') {
    writer.u32(1).u64(roster.position)
  } else {
    writer.u32(2)
  }
}

function readRoster(reader: CanonicalReader, format: BallotFormat): RosterSpec {
  const tag = reader.u32()
  if (tag === 1) return { type: 'VotersBefore', position: reader.u64() }
  if (tag === 2) return { type: 'VotersAtOpening' }
  if (tag !== 0) return reader.unknownTag('roster', tag)
  const at = reader.offset
  const count = reader.count(format.identityLength, BALLOT_LIMITS.maxRosterKeys, 'roster')
  if (count === 0) return invalid(at, 'empty roster')
  const keys: Bytes[] = []
  for (let i = 0; i < count; i += 1) {
    const offset = reader.offset
    const key = reader.fixed(format.identityLength)
    const previous = keys.at(-1)
    // ballots §8.1: distinct keys, and one encoding of a set.
    if (previous !== undefined && compareBytes(previous, key) >= 0)
      throw new CodecError({ code: 'UnorderedSet', offset })
    keys.push(key)
  }
  return { type: 'Listed', keys }
}

/** What the digest covers. The proposal must keep the bounds: decoding its bytes again says whether it does. */
export function encodeProposalBody(proposal: SafeProposal): Bytes {
  const writer = new CanonicalWriter(512)
  writer.byteString(utf8(proposal.scheme))
  writeOption(writer, proposal.groupId)
  writer.byteString(utf8(proposal.scope)).byteString(utf8(proposal.name)).byteString(proposal.payload)
  writeRoster(writer, proposal.roster)
  writer.fixed(proposal.owner).u64(proposal.createdSec).u64(proposal.expirySec)
  writeF64(writer, proposal.threshold).bool(proposal.livenessCriteriaYes)
  if (proposal.finality.type === 'quorum') writer.u32(0)
  else writer.u32(1).u64(proposal.finality.fromPosition)
  return writer.fixed(proposal.nonce).finish()
}

function readBody(reader: CanonicalReader, format: BallotFormat): SafeProposal {
  const start = reader.offset
  const scheme = readText(reader, BALLOT_LIMITS.maxSchemeBytes, 'scheme')
  if (scheme !== format.name) return invalid(start, `scheme is not ${format.name}`)
  const groupId = readOption(reader, GROUP_ID_BYTES)
  const scope = readText(reader, BALLOT_LIMITS.maxScopeBytes, 'scope')
  const name = readText(reader, BALLOT_LIMITS.maxNameBytes, 'name')
  const payload = reader.byteString(BALLOT_LIMITS.maxPayloadBytes, 'payload')
  const roster = readRoster(reader, format)
  const owner = reader.fixed(format.identityLength)
  const createdSec = reader.u64()
  const expirySec = reader.u64()
  if (expirySec <= createdSec) return invalid(reader.offset - 8, 'expiry not after creation')
  const threshold = readF64(reader)
  // -0 would be a second encoding of 0.
  if (!(threshold >= 0 && threshold <= 1) || Object.is(threshold, -0)) {
    return invalid(reader.offset - 8, 'threshold not from 0 to 1')
  }
  const livenessCriteriaYes = reader.bool()
  const finality = readFinality(reader)
  const nonce = reader.fixed(NONCE_BYTES)
  const terms = { scheme, groupId, scope, name, payload, roster, owner, createdSec, expirySec, threshold }
  return checkShape({ ...terms, livenessCriteriaYes, finality, nonce }, start)
}

function readFinality(reader: CanonicalReader): FinalitySpec {
  const tag = reader.u32()
  if (tag === 0) return { type: 'quorum' }
  if (tag === 1) return { type: 'ordered', fromPosition: reader.u64() }
  return reader.unknownTag('finality', tag)
}

/** Only a group has an order and voters; each finality has its own way to name the voters. */
function checkShape(proposal: SafeProposal, offset: number): SafeProposal {
  const { finality, roster, groupId } = proposal
  if (groupId === null && (finality.type === 'ordered' || roster.type !== 'Listed')) {
    return invalid(offset, 'no group')
  }
  if (roster.type === (finality.type === 'ordered' ? 'VotersBefore' : 'VotersAtOpening')) {
    return invalid(offset, `roster ${roster.type} in ${finality.type}`)
  }
  return proposal
}

export function proposalDigest(body: Bytes): Bytes {
  return digestOf(DOMAIN.proposal, body)
}

/** The message that the owner signs. */
export function proposalSignedBytes(id: Bytes): Bytes {
  return writeDomain(new CanonicalWriter(64), DOMAIN.proposal).fixed(id).finish()
}

export function signedProposal(proposal: SafeProposal, body: Bytes, signature: Bytes): SignedProposal {
  const bytes = new CanonicalWriter(body.length + signature.length).fixed(body).fixed(signature).finish()
  return { id: proposalDigest(body), proposal, signature, bytes }
}

export function readSignedProposal(reader: CanonicalReader, format: BallotFormat): SignedProposal {
  const start = reader.offset
  const proposal = readBody(reader, format)
  const body = reader.bytes.subarray(start, reader.offset)
  const signature = reader.fixed(format.signatureLength)
  return { id: proposalDigest(body), proposal, signature, bytes: reader.bytes.subarray(start, reader.offset) }
}

/** Exactly one signed proposal. Its parts are views of `bytes`. */
export function decodeSignedProposal(bytes: Bytes, format: BallotFormat): SignedProposal {
  const reader = new CanonicalReader(bytes)
  const signed = readSignedProposal(reader, format)
  reader.finish()
  return signed
}

/** Exactly one proposal without signature: whether what a caller wants to sign is well formed. */
export function decodeProposalBody(body: Bytes, format: BallotFormat): SafeProposal {
  const reader = new CanonicalReader(body)
  const proposal = readBody(reader, format)
  reader.finish()
  return proposal
}
