/**
 * @module wire/protobuf/decode
 *
 * Lenient decoding (ballots §1): fields in any order, the last value wins, unknown fields and groups are skipped, a u32
 * is taken modulo 2^32, any non-zero bool is true. What is no message at all is a `DecodeError`. The result shares no
 * memory with the input.
 */

import { BinaryReader, WireType } from '@bufbuild/protobuf/wire'
import { WitanError } from '../../base/errors.ts'
import type { Proposal, Vote } from './messages.ts'

export type DecodeErrorData =
  | { readonly code: 'MalformedMessage'; readonly message: 'vote' | 'proposal' }
  | { readonly code: 'MessageTooLarge'; readonly bytes: number; readonly maxBytes: number }

/** Bytes from outside that are no message. */
export class DecodeError extends WitanError<DecodeErrorData> {}

/** Far above what a session of 10,000 votes takes. */
export const DEFAULT_MAX_MESSAGE_BYTES = 8 * 1024 * 1024

type Mutable<T> = { -readonly [Name in keyof T]: T[Name] }

const EMPTY = new Uint8Array(0)

export function decodeVote(bytes: Uint8Array, maxBytes: number = DEFAULT_MAX_MESSAGE_BYTES): Vote {
  return guarded('vote', bytes, maxBytes, readVote)
}

export function decodeProposal(bytes: Uint8Array, maxBytes: number = DEFAULT_MAX_MESSAGE_BYTES): Proposal {
  return guarded('proposal', bytes, maxBytes, readProposal)
}

function guarded<T>(
  message: 'vote' | 'proposal',
  bytes: Uint8Array,
  maxBytes: number,
  read: (bytes: Uint8Array) => T,
): T {
  if (bytes.length > maxBytes) {
    throw new DecodeError(
      { code: 'MessageTooLarge', bytes: bytes.length, maxBytes },
      `a ${message} of ${bytes.length} bytes; at most ${maxBytes} are taken`,
    )
  }
  try {
    return read(bytes)
  } catch (error) {
    throw new DecodeError(
      { code: 'MalformedMessage', message },
      `these bytes are no ${message} of consensus.v1: ${(error as Error).message}`,
      { cause: error },
    )
  }
}

function readVote(bytes: Uint8Array): Vote {
  const vote: Mutable<Vote> = {
    voteId: 0,
    voteOwner: EMPTY,
    proposalId: 0,
    timestamp: 0n,
    vote: false,
    parentHash: EMPTY,
    receivedHash: EMPTY,
    voteHash: EMPTY,
    signature: EMPTY,
  }
  const fields = new FieldReader(bytes)
  for (let field = fields.next(); field !== 0; field = fields.next()) {
    switch (field) {
      case 20:
        vote.voteId = fields.number()
        break
      case 21:
        vote.voteOwner = fields.bytes()
        break
      case 22:
        vote.proposalId = fields.number()
        break
      case 23:
        vote.timestamp = fields.time()
        break
      case 24:
        vote.vote = fields.flag()
        break
      case 25:
        vote.parentHash = fields.bytes()
        break
      case 26:
        vote.receivedHash = fields.bytes()
        break
      case 27:
        vote.voteHash = fields.bytes()
        break
      case 28:
        vote.signature = fields.bytes()
        break
      default:
        fields.skip()
    }
  }
  return vote
}

function readProposal(bytes: Uint8Array): Proposal {
  const votes: Vote[] = []
  const proposal: Mutable<Proposal> = {
    name: '',
    payload: EMPTY,
    proposalId: 0,
    proposalOwner: EMPTY,
    votes,
    expectedVotersCount: 0,
    round: 0,
    timestamp: 0n,
    expirationTimestamp: 0n,
    livenessCriteriaYes: false,
  }
  const fields = new FieldReader(bytes)
  for (let field = fields.next(); field !== 0; field = fields.next()) {
    switch (field) {
      case 10:
        proposal.name = fields.text()
        break
      case 11:
        proposal.payload = fields.bytes()
        break
      case 12:
        proposal.proposalId = fields.number()
        break
      case 13:
        proposal.proposalOwner = fields.bytes()
        break
      case 14:
        votes.push(readVote(fields.bytes()))
        break
      case 15:
        proposal.expectedVotersCount = fields.number()
        break
      case 16:
        proposal.round = fields.number()
        break
      case 17:
        proposal.timestamp = fields.time()
        break
      case 18:
        proposal.expirationTimestamp = fields.time()
        break
      case 19:
        proposal.livenessCriteriaYes = fields.flag()
        break
      default:
        fields.skip()
    }
  }
  return proposal
}

/** Fields one after the other; each value is taken once, by its type or skipped. */
class FieldReader {
  readonly #bytes: Uint8Array
  readonly #reader: BinaryReader
  #field = 0
  #wireType: WireType = WireType.Varint

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#reader = new BinaryReader(bytes)
  }

  /** The number of the next field, 0 at the end. */
  next(): number {
    if (this.#reader.pos >= this.#reader.len) return 0
    const [field, wireType] = this.#reader.tag()
    this.#field = field
    this.#wireType = wireType
    return field
  }

  number(): number {
    this.#expect(WireType.Varint)
    return Number(BigInt.asUintN(32, this.#varint()))
  }

  time(): bigint {
    this.#expect(WireType.Varint)
    return this.#varint()
  }

  flag(): boolean {
    this.#expect(WireType.Varint)
    return this.#varint() !== 0n
  }

  bytes(): Uint8Array {
    this.#expect(WireType.LengthDelimited)
    return this.#delimited().slice()
  }

  text(): string {
    this.#expect(WireType.LengthDelimited)
    return strictUtf8.decode(this.#delimited())
  }

  skip(): void {
    if (this.#wireType === WireType.Varint) this.#varint()
    else if (this.#wireType === WireType.LengthDelimited) this.#delimited()
    else this.#reader.skip(this.#wireType, this.#field)
  }

  /** The library drops what a tenth byte holds beyond 64 bits; the protocol refuses it. */
  #varint(): bigint {
    const start = this.#reader.pos
    const value = BigInt(this.#reader.uint64())
    const isBeyond = this.#reader.pos - start === 10 && (this.#bytes[this.#reader.pos - 1] ?? 0) > 1
    if (isBeyond) throw new RangeError('a varint beyond 64 bits')
    return value
  }

  /** The library takes a length modulo 2^32. */
  #delimited(): Uint8Array {
    const length = this.#varint()
    const start = this.#reader.pos
    if (length > BigInt(this.#bytes.length - start)) throw new RangeError('a length beyond the end')
    this.#reader.pos = start + Number(length)
    return this.#bytes.subarray(start, this.#reader.pos)
  }

  #expect(wireType: WireType): void {
    if (this.#wireType !== wireType)
      throw new TypeError(`field ${this.#field} has wire type ${this.#wireType}, not ${wireType}`)
  }
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
