/**
 * What tests of safe ballots share: a quick scheme without cryptography, and drafts.
 */
import { type Bytes, compareBytes, utf8 } from '../../src/base/bytes.ts'
import { buildSafeProposal, type ProposalDraft } from '../../src/core/ballot/safe/propose.ts'
import type { SignatureScheme, Signer } from '../../src/ports/signature-scheme.ts'
import type { SignedProposal } from '../../src/wire/ballot/index.ts'

const IDENTITY_LENGTH = 4
const SIGNATURE_LENGTH = 12

/** Anybody could make this signature: FNV-1a of key and message. Each differs from the others; that is all. */
function checksum(identity: Bytes, message: Bytes): Bytes {
  const signature = new Uint8Array(SIGNATURE_LENGTH)
  let hash = 0x811c9dc5
  const take = (byte: number): void => {
    hash = Math.imul(hash ^ byte, 0x01000193) >>> 0
  }
  for (const byte of identity) take(byte)
  for (const byte of message) take(byte)
  for (let i = 0; i < SIGNATURE_LENGTH; i += 1) {
    take(i)
    signature[i] = hash >>> 16
  }
  return signature
}

export const quickScheme: SignatureScheme = {
  name: 'quick',
  identityLength: IDENTITY_LENGTH,
  signatureLength: SIGNATURE_LENGTH,
  verify(identity, message, signature) {
    if (identity.length !== IDENTITY_LENGTH || signature.length !== SIGNATURE_LENGTH) return 'malformed'
    return compareBytes(checksum(identity, message), signature) === 0 ? 'valid' : 'invalid'
  },
  async verifyBatch(requests) {
    return requests.map((request) => this.verify(request.identity, request.message, request.signature))
  },
}

export function quickSigner(number: number): Signer {
  const identity = new Uint8Array(IDENTITY_LENGTH)
  new DataView(identity.buffer).setUint32(0, number)
  return { scheme: quickScheme, identity, sign: (message) => checksum(identity, message) }
}

export function quickSigners(count: number): readonly Signer[] {
  return Array.from({ length: count }, (_, i) => quickSigner(i + 1))
}

export const GROUP: Bytes = new Uint8Array(32).fill(7)
export const CREATED_SEC = 1_000_000
export const EXPIRY_SEC = 1_000_060

let drafts = 0

/** A proposal by the first of the roster, in scope `treasury`, `quorum` without a group unless the draft says more. */
export function propose(
  roster: readonly Signer[],
  draft: Partial<ProposalDraft> = {},
  owner: Signer | undefined = roster[0],
): SignedProposal {
  if (owner === undefined) throw new Error('nobody to propose')
  drafts += 1
  const nonce = new Uint8Array(16)
  new DataView(nonce.buffer).setUint32(0, drafts)
  const whole: ProposalDraft = {
    scope: 'treasury',
    groupId: null,
    name: 'buy a bell',
    payload: utf8('bronze, 40 kg'),
    roster: { type: 'Listed', keys: roster.map(({ identity }) => identity) },
    finality: { type: 'quorum' },
    createdSec: CREATED_SEC,
    expirySec: EXPIRY_SEC,
    ...draft,
  }
  return buildSafeProposal(whole, owner, { nonce })
}

/** The same, in the order of `GROUP`. */
export function proposeOrdered(
  roster: readonly Signer[],
  draft: Partial<ProposalDraft> = {},
  owner: Signer | undefined = roster[0],
): SignedProposal {
  return propose(roster, { groupId: GROUP, finality: { type: 'ordered', fromPosition: 0 }, ...draft }, owner)
}

/** The code with which a call is refused; `undefined` where it is not. */
export function codeOf(call: () => unknown): string | undefined {
  try {
    call()
    return undefined
  } catch (error) {
    const { code } = error as { code?: unknown }
    if (typeof code === 'string') return code
    throw error
  }
}
