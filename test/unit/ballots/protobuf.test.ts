import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fromHex } from '../../../src/base/text.ts'
import {
  DecodeError,
  decodeProposal,
  decodeVote,
  encodeProposal,
  encodeVote,
  type Proposal,
  type Vote,
} from '../../../src/wire/protobuf/index.ts'

const u32 = fc.nat({ max: 2 ** 32 - 1 })
const u64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })
const bytes = fc.uint8Array({ maxLength: 80 })
const votes: fc.Arbitrary<Vote> = fc.record({
  voteId: u32,
  voteOwner: bytes,
  proposalId: u32,
  timestamp: u64,
  vote: fc.boolean(),
  parentHash: bytes,
  receivedHash: bytes,
  voteHash: bytes,
  signature: bytes,
})
const proposals: fc.Arbitrary<Proposal> = fc.record({
  name: fc.string({ unit: 'grapheme' }).map((name) => name.toWellFormed()),
  payload: bytes,
  proposalId: u32,
  proposalOwner: bytes,
  votes: fc.array(votes, { maxLength: 5 }),
  expectedVotersCount: u32,
  round: u32,
  timestamp: u64,
  expirationTimestamp: u64,
  livenessCriteriaYes: fc.boolean(),
})

const codeOf = (decode: () => unknown): string => {
  try {
    decode()
  } catch (error) {
    if (error instanceof DecodeError) return error.code
    throw error
  }
  return 'decoded'
}

const groups = (depth: number): Uint8Array =>
  Uint8Array.from({ length: 2 * depth }, (_, i) => (i < depth ? 0x0b : 0x0c))
const inProposal = (vote: Uint8Array): Uint8Array =>
  new BinaryWriter().tag(14, WireType.LengthDelimited).bytes(vote).finish()

describe('consensus.v1 (ballots §1)', () => {
  it('reads what it writes', () => {
    fc.assert(
      fc.property(proposals, votes, (proposal, vote) => {
        expect(decodeProposal(encodeProposal(proposal))).toEqual(proposal)
        expect(decodeVote(encodeVote(vote))).toEqual(vote)
      }),
    )
  })

  it('reads canonical bytes to themselves, and any bytes to a message or a DecodeError', () => {
    fc.assert(
      fc.property(proposals, fc.nat(), fc.nat({ max: 255 }), (proposal, at, byte) => {
        const encoded = encodeProposal(proposal)
        encoded[at % encoded.length] = byte
        if (codeOf(() => decodeProposal(encoded)) === 'MalformedMessage') return
        const canonical = encodeProposal(decodeProposal(encoded))
        expect(encodeProposal(decodeProposal(canonical))).toEqual(canonical)
      }),
    )
  })

  it('refuses a message cut anywhere inside a field', () => {
    const vote = encodeVote({ ...decodeVote(new Uint8Array(0)), voteOwner: fromHex('0102'), timestamp: 300n })
    // Field 21: tag of two bytes, length, two bytes; field 23: tag of two bytes, two bytes.
    const whole = new Set([0, 5, 9])
    for (let length = 0; length <= vote.length; length += 1) {
      expect(codeOf(() => decodeVote(vote.subarray(0, length)))).toBe(
        whole.has(length) ? 'decoded' : 'MalformedMessage',
      )
    }
  })

  it('refuses more bytes than it is told to take, before it reads them', () => {
    const refused = expect.objectContaining({ data: { code: 'MessageTooLarge', bytes: 11, maxBytes: 10 } })
    expect(() => decodeVote(new Uint8Array(11), 10)).toThrow(refused)
    expect(() => decodeProposal(new Uint8Array(11), 10)).toThrow(refused)
  })

  it('shares no memory with what it was given', () => {
    const encoded = encodeVote({ ...decodeVote(new Uint8Array(0)), voteOwner: fromHex('0102') })
    const vote = decodeVote(encoded)
    encoded.fill(0xff)
    expect(vote.voteOwner).toEqual(fromHex('0102'))
  })

  it.each([
    ['a tag of ten bytes, superfluous zeros', 'a081808080808080800005', 'decoded'],
    ['a tag of eleven bytes', 'a08180808080808080800005', 'MalformedMessage'],
    ['a tag of 33 bits', '808080801000', 'MalformedMessage'],
    ['a skipped varint of 11 bytes', '088080808080808080808001', 'MalformedMessage'],
    ['a skipped varint over 2^64', '08ffffffffffffffffff02', 'MalformedMessage'],
    ['a skipped length of 2^32', '0a8080808010', 'MalformedMessage'],
    ['a group closed by another', '0b14', 'MalformedMessage'],
    ['a group closed by itself', '0b0c', 'decoded'],
  ])('judges %s', (_, hex, verdict) => {
    expect(codeOf(() => decodeVote(fromHex(hex)))).toBe(verdict)
  })

  it('takes a hundred levels of groups, ninety-nine in a vote of a proposal, and no more', () => {
    expect(codeOf(() => decodeVote(groups(100)))).toBe('decoded')
    expect(codeOf(() => decodeVote(groups(101)))).toBe('MalformedMessage')
    expect(codeOf(() => decodeProposal(inProposal(groups(99))))).toBe('decoded')
    expect(codeOf(() => decodeProposal(inProposal(groups(100))))).toBe('MalformedMessage')
    expect(codeOf(() => decodeVote(groups(1_000_000)))).toBe('MalformedMessage')
  })
})
