/** ballots §8.2: one encoding for each value, or an error. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { equalBytes } from '../../../src/base/bytes.ts'
import { verifyEvidence } from '../../../src/core/ballot/safe/evidence.ts'
import { signVote } from '../../../src/core/ballot/safe/propose.ts'
import { strictVerifier } from '../../../src/core/ballot/safe/verifier.ts'
import { ed25519Signer, ethereum, ethereumSigner } from '../../../src/crypto/index.ts'
import {
  decodeBallotMessage,
  decodeEquivocation,
  decodeSafeVote,
  decodeSignedProposal,
  encodeBallotMessage,
  encodeEquivocation,
  encodeProposalBody,
  encodeSafeVote,
  proposalDigest,
  voteSignedBytes,
} from '../../../src/wire/ballot/index.ts'
import { CodecError } from '../../../src/wire/canonical/errors.ts'
import { decodeBatch, decodePayload, encodeBatch, encodePayload, payloadMode } from '../../../src/wire/payload.ts'
import { codeOf, GROUP, propose, proposeOrdered, quickScheme, quickSigners } from '../../support/safe-ballots.ts'

const four = quickSigners(4)
const [alice, bob] = four as [(typeof four)[0], (typeof four)[0]]
const samples = [
  propose(four),
  propose(four, { threshold: 0, livenessCriteriaYes: true, name: '', payload: new Uint8Array(0) }),
  propose(four, { groupId: GROUP, roster: { type: 'VotersBefore', position: 2 ** 40 } }),
  proposeOrdered(four, { roster: { type: 'VotersAtOpening' }, name: 'ä€😀' }),
]

/** What decodes, decodes to what encodes to the same bytes. */
function holdsOneEncoding<T>(
  bytes: Uint8Array,
  decode: (bytes: Uint8Array) => T,
  encode: (value: T) => Uint8Array,
): boolean {
  let value: T
  try {
    value = decode(bytes)
  } catch (error) {
    return error instanceof CodecError
  }
  return equalBytes(encode(value), bytes)
}

const decode = (bytes: Uint8Array) => decodeSignedProposal(bytes, quickScheme)
const encode = ({ proposal, signature }: ReturnType<typeof decode>) =>
  new Uint8Array([...encodeProposalBody(proposal), ...signature])

describe('signed proposals', () => {
  it('come back as they were', () => {
    for (const signed of samples) {
      expect(decode(signed.bytes)).toEqual(signed)
      expect(encode(signed)).toEqual(signed.bytes)
      expect(proposalDigest(encodeProposalBody(signed.proposal))).toEqual(signed.id)
    }
  })

  it('have one encoding: any byte changed is an error, or another proposal', () => {
    for (const { bytes, id, signature } of samples) {
      for (let i = 0; i < bytes.length; i += 1) {
        for (const flip of [1, 2, 0x80, 0xff]) {
          const changed = bytes.slice()
          changed[i] = (changed[i] ?? 0) ^ flip
          expect(holdsOneEncoding(changed, decode, encode)).toBe(true)
          const isOther = codeOf(() => decode(changed)) !== undefined || !equalBytes(decode(changed).id, id)
          expect(isOther || i >= bytes.length - signature.length).toBe(true)
        }
        expect(codeOf(() => decode(bytes.subarray(0, i)))).toBeDefined()
      }
      expect(codeOf(() => decode(new Uint8Array([...bytes, 0])))).toBe('TrailingBytes')
    }
  })

  it('are refused in another scheme, with a doubled or unordered roster, and with a threshold of -0', () => {
    const [signed] = samples as [(typeof samples)[0]]
    expect(codeOf(() => decodeSignedProposal(signed.bytes, { ...quickScheme, name: 'other' }))).toBe('InvalidValue')
    const encoded = (keys: readonly Uint8Array[], threshold = 2 / 3) => {
      const { proposal, signature } = signed
      const body = encodeProposalBody({ ...proposal, threshold, roster: { type: 'Listed', keys } })
      return new Uint8Array([...body, ...signature])
    }
    const keys = four.map(({ identity }) => identity)
    expect(codeOf(() => decode(encoded(keys)))).toBeUndefined()
    expect(codeOf(() => decode(encoded([alice.identity, alice.identity])))).toBe('UnorderedSet')
    expect(codeOf(() => decode(encoded([bob.identity, alice.identity])))).toBe('UnorderedSet')
    expect(codeOf(() => decode(encoded([])))).toBe('InvalidValue')
    for (const threshold of [-0, Number.NaN, 1.5, Number.POSITIVE_INFINITY]) {
      expect(codeOf(() => decode(encoded(keys, threshold)))).toBe('InvalidValue')
    }
    expect(codeOf(() => decode(encoded(quickSigners(10_001).map(({ identity }) => identity))))).toBe('LimitExceeded')
  })

  it('are decoded or refused, never anything else, from any bytes', () => {
    const property = fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => holdsOneEncoding(bytes, decode, encode))
    expect(fc.check(property)).toMatchObject({ failed: false })
  })
})

describe('votes, evidence and messages', () => {
  const vote = signVote(samples[0]?.id ?? GROUP, true, alice)
  const counter = signVote(vote.proposalId, false, alice)
  const proof = {
    proposalId: vote.proposalId,
    owner: alice.identity,
    yesSignature: vote.signature,
    noSignature: counter.signature,
  }

  it('have one encoding', () => {
    const bytes = encodeSafeVote(vote)
    expect(decodeSafeVote(bytes, quickScheme)).toEqual(vote)
    const evidence = encodeEquivocation(proof)
    expect(decodeEquivocation(evidence, quickScheme)).toEqual(proof)
    const votes = encodeBallotMessage({ type: 'votes', votes: [vote, counter, signVote(GROUP, true, bob), vote] })
    for (let i = 0; i < votes.length; i += 1) {
      const [changedVote, changedProof, changedVotes] = [bytes, evidence, votes].map((whole) => {
        const changed = whole.slice()
        if (i < changed.length) changed[i] = (changed[i] ?? 0) ^ 3
        return changed
      }) as [Uint8Array, Uint8Array, Uint8Array]
      expect(holdsOneEncoding(changedVote, (b) => decodeSafeVote(b, quickScheme), encodeSafeVote)).toBe(true)
      expect(holdsOneEncoding(changedProof, (b) => decodeEquivocation(b, quickScheme), encodeEquivocation)).toBe(true)
      expect(holdsOneEncoding(changedVotes, (b) => decodeBallotMessage(b, quickScheme), encodeBallotMessage)).toBe(true)
    }
  })

  it('carry votes as a set, and proposals and certificates as they are', () => {
    const set = [vote, counter, signVote(GROUP, true, bob)]
    const message = encodeBallotMessage({ type: 'votes', votes: set })
    expect(encodeBallotMessage({ type: 'votes', votes: [...set, ...set].reverse() })).toEqual(message)
    expect(decodeBallotMessage(message, quickScheme)).toMatchObject({ type: 'votes', votes: { length: 3 } })
    for (const other of [
      { type: 'proposal', signed: samples[0] as (typeof samples)[0] },
      { type: 'certificate', bytes: Uint8Array.of(1, 2) },
    ] as const) {
      expect(decodeBallotMessage(encodeBallotMessage(other), quickScheme)).toEqual(other)
    }
    expect(codeOf(() => decodeBallotMessage(Uint8Array.of(3, 0, 0, 0), quickScheme))).toBe('UnknownTag')
  })

  it('prove an equivocation to whoever knows the roster (ballots §8.5)', () => {
    const trust = { scheme: quickScheme, roster: four.map(({ identity }) => identity) }
    const bytes = encodeEquivocation(proof)
    expect(verifyEvidence(bytes, trust)).toEqual(proof)
    expect(verifyEvidence(bytes, { ...trust, roster: [bob.identity] })).toBeNull()
    expect(verifyEvidence(encodeEquivocation({ ...proof, noSignature: vote.signature }), trust)).toBeNull()
    expect(verifyEvidence(encodeEquivocation({ ...proof, yesSignature: counter.signature }), trust)).toBeNull()
    for (let i = 0; i < bytes.length; i += 1) {
      const changed = bytes.slice()
      changed[i] = (changed[i] ?? 0) ^ 1
      expect(verifyEvidence(changed, trust)).toBeNull()
    }
  })
})

describe('payload frames', () => {
  it('give the mode by their kind alone', () => {
    const kinds = ['application', 'batch', 'ballotProposal', 'ballotVote', 'close'] as const
    expect(kinds.map((kind) => payloadMode(encodePayload(kind, GROUP), 'supermajority'))).toEqual([
      'supermajority',
      'single',
      'single',
      'single',
      'supermajority',
    ])
    expect(payloadMode(encodePayload('close', new Uint8Array(0)), 'single')).toBe('supermajority')
    expect(payloadMode(encodePayload('application', GROUP), 'single')).toBe('single')
    expect(payloadMode(Uint8Array.of(200), 'single')).toBe('single')
    expect(payloadMode(new Uint8Array(0), 'single')).toBe('single')
  })

  it('come back as they were, and batches too', () => {
    expect(decodePayload(encodePayload('ballotVote', GROUP))).toEqual({ kind: 'ballotVote', body: GROUP })
    expect(codeOf(() => decodePayload(new Uint8Array(0)))).toBe('UnexpectedEnd')
    expect(codeOf(() => decodePayload(Uint8Array.of(5)))).toBe('UnknownTag')
    const parts = [Uint8Array.of(1), new Uint8Array(0), GROUP]
    const { kind, body } = decodePayload(encodeBatch(parts))
    expect(kind).toBe('batch')
    expect(decodeBatch(body, 32)).toEqual(parts)
    expect(codeOf(() => decodeBatch(body, 31))).toBe('LimitExceeded')
    expect(codeOf(() => decodeBatch(decodePayload(encodeBatch([])).body, 32))).toBe('InvalidValue')
  })
})

describe('signatures', () => {
  const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n

  it('of ethereum are taken with low s and v of 27 or 28 only, though the scheme is kinder', () => {
    const signer = ethereumSigner(new Uint8Array(32).fill(3))
    const verifier = strictVerifier(ethereum)
    const vote = signVote(GROUP, true, signer)
    expect(verifier.isVoteValid(vote)).toBe(true)
    const s = BigInt(`0x${Buffer.from(vote.signature.subarray(32, 64)).toString('hex')}`)
    const high = Buffer.from((ORDER - s).toString(16).padStart(64, '0'), 'hex')
    const v = vote.signature[64] ?? 0
    const forms = [
      [...vote.signature.subarray(0, 32), ...high, 55 - v],
      [...vote.signature.subarray(0, 64), v - 27],
      [...vote.signature.subarray(0, 64), v + 10],
    ].map((bytes) => ({ ...vote, signature: new Uint8Array(bytes) }))
    const signed = voteSignedBytes(vote.proposalId, vote.choice)
    const verdicts = forms.map(({ owner, signature }) => ethereum.verify(owner, signed, signature))
    expect(verdicts).toEqual(['valid', 'valid', 'valid'])
    expect(forms.map((form) => verifier.isVoteValid(form))).toEqual([false, false, false])
  })

  it('of ed25519 are taken with s below the order only', () => {
    const signer = ed25519Signer(new Uint8Array(32).fill(3))
    const verifier = strictVerifier(signer.scheme)
    const vote = signVote(GROUP, true, signer)
    expect(verifier.isVoteValid(vote)).toBe(true)
    const order = 2n ** 252n + 27742317777372353535851937790883648493n
    const s = BigInt(`0x${Buffer.from(vote.signature.slice(32)).reverse().toString('hex')}`) + order
    const more = Buffer.from(s.toString(16).padStart(64, '0'), 'hex').reverse()
    const signature = new Uint8Array([...vote.signature.subarray(0, 32), ...more])
    expect(verifier.isVoteValid({ ...vote, signature })).toBe(false)
  })
})
