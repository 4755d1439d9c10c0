/**
 * @module wire/checkpoint/base
 *
 * What a peer starts from at a checkpoint, in place of the graph before it (parsec §8): `text domain, bytes checkpoint
 * proof, u64 elections, u64 key generations, sequence of standings (id, u8), decided keys, bytes which of them made blocks, bytes stubs,
 * sequence of vouches (id, signature)`.
 *
 * A stub is an event of which only its place in the graph is kept: `[32] hash, u32 creator, u64 index, sequence of u64, u8 what may answer it`.
 * Creators are places in the standings; the sequence gives for each of them how many of its events are in the ancestry of the event. What may
 * answer: 0: nothing more; 1: a Request, `u32` by whom; 2: a Response, `u32` by whom, `[32]` hash of the Request that it answers.
 */

import { type Bytes, concatBytes, equalBytes, utf8 } from '../../base/bytes.ts'
import { CodecError } from '../canonical/errors.ts'
import type { CanonicalFormat } from '../canonical/format.ts'
import { CanonicalReader } from '../canonical/reader.ts'
import { HASH_BYTES, type PeerId } from '../canonical/types.ts'
import { CanonicalWriter } from '../canonical/writer.ts'
import { type BlockKey, readKeys, writeKeys } from './chain.ts'
import type { SharedSignature } from './shares.ts'

export const BASE_DOMAIN = 'witan/base/1'

/** A base in bytes. */
export const MAX_BASE_BYTES = 256 * 1024 * 1024

/** What the order decided about a peer. */
export interface Standing {
  readonly id: PeerId
  /** Of 1: votes now, 2: was a voter, 4: was removed. */
  readonly flags: number
}

export interface Stub {
  readonly hash: Bytes
  /** Place in the standings. */
  readonly creator: number
  readonly index: number
  /** By place in the standings: how many events of the peer are in its ancestry, itself included. */
  readonly known: readonly number[]
  /** What an event with this one as its other parent may be; null where it would be an offence. */
  readonly open: OpenEnd | null
}

/** A question that no event at or below the stubs answers. */
export type OpenEnd =
  /** It is a Requesting to this place in the standings. */
  | { readonly awaits: 'request'; readonly by: number }
  /** It is a Request to a Requesting of this place, or stands after one; with the hash of that. */
  | { readonly awaits: 'response'; readonly by: number; readonly request: Bytes }

export interface CheckpointBase {
  /** Encoded. */
  readonly proof: Bytes
  readonly elections: number
  readonly generations: number
  /** In order of id. */
  readonly standings: readonly Standing[]
  /** In the order in which elections decided them. */
  readonly decided: readonly BlockKey[]
  /** Bit `i mod 8` of byte `i div 8`: the i-th of them made a block. */
  readonly blocks: Bytes
  /** Encoded. */
  readonly stubs: Bytes
  readonly vouches: readonly SharedSignature[]
}

export function writeStandings(writer: CanonicalWriter, standings: readonly Standing[]): CanonicalWriter {
  writer.u64(standings.length)
  for (const { id, flags } of standings) writer.fixed(id).u8(flags)
  return writer
}

export function encodeStubs(stubs: readonly Stub[]): Bytes {
  const writer = new CanonicalWriter(1024).u64(stubs.length)
  for (const { hash, creator, index, known, open } of stubs) {
    writer.fixed(hash).u32(creator).u64(index).u64(known.length)
    for (const count of known) writer.u64(count)
    writeOpenEnd(writer, open)
  }
  return writer.finish()
}

function writeOpenEnd(writer: CanonicalWriter, open: OpenEnd | null): void {
  if (open === null) writer.u8(0)
  else if (open.awaits === 'request') writer.u8(1).u32(open.by)
  else writer.u8(2).u32(open.by).fixed(open.request)
}

function readOpenEnd(reader: CanonicalReader): OpenEnd | null {
  const offset = reader.offset
  const tag = reader.u8()
  if (tag === 0) return null
  if (tag === 1) return { awaits: 'request', by: reader.u32() }
  if (tag === 2) return { awaits: 'response', by: reader.u32(), request: reader.fixed(HASH_BYTES) }
  throw new CodecError({ code: 'UnknownTag', offset, type: 'open end', tag })
}

/** Throws a `CodecError`. */
export function decodeStubs(bytes: Bytes): readonly Stub[] {
  return [...readStubs(bytes)]
}

/** One after the other; throws a `CodecError` where it comes to what is no stub. */
export function* readStubs(bytes: Bytes): Generator<Stub, void, void> {
  const reader = new CanonicalReader(bytes)
  const count = reader.count(HASH_BYTES + 21, bytes.length, 'stubs')
  for (let i = 0; i < count; i += 1) {
    yield {
      hash: reader.fixed(HASH_BYTES),
      creator: reader.u32(),
      index: reader.u64(),
      known: Array.from({ length: reader.count(8, bytes.length, 'known') }, () => reader.u64()),
      open: readOpenEnd(reader),
    }
  }
  reader.finish()
}

export function encodeBase(base: CheckpointBase): Bytes {
  const writer = new CanonicalWriter(4096).byteString(utf8(BASE_DOMAIN)).byteString(base.proof)
  writeStandings(writer.u64(base.elections).u64(base.generations), base.standings)
  writeKeys(writer, base.decided).byteString(base.blocks).byteString(base.stubs).u64(base.vouches.length)
  for (const { signer, signature } of base.vouches) writer.fixed(signer).fixed(signature)
  return writer.finish()
}

/** Exactly one base; throws a `CodecError`. */
export function decodeBase(bytes: Bytes, format: CanonicalFormat): CheckpointBase {
  const limit = MAX_BASE_BYTES
  if (bytes.length > limit) throw new CodecError({ code: 'LimitExceeded', what: 'base', limit, actual: bytes.length })
  const reader = new CanonicalReader(bytes)
  if (!equalBytes(reader.byteString(64, 'domain'), utf8(BASE_DOMAIN))) {
    throw new CodecError({ code: 'InvalidValue', offset: 0, what: `domain is not ${BASE_DOMAIN}` })
  }
  const { identity, signatureBytes, limits } = format
  const base = {
    proof: reader.byteString(limit, 'proof'),
    elections: reader.u64(),
    generations: reader.u64(),
    standings: Array.from({ length: reader.count(identity.minBytes + 1, limit, 'standings') }, () => ({
      id: identity.read(reader),
      flags: reader.u8(),
    })),
    decided: readKeys(reader, limit),
    blocks: reader.byteString(limit, 'blocks'),
    stubs: reader.byteString(limit, 'stubs'),
    vouches: Array.from(
      { length: reader.count(identity.minBytes + signatureBytes, limits.maxSetItems, 'vouches') },
      () => ({ signer: identity.read(reader), signature: reader.fixed(signatureBytes) }),
    ),
  }
  reader.finish()
  return base
}

/** What a voter signs that vouches for stubs at a position: domain, group id, `u64 position`, hash of the encoded stubs. */
export function vouchMessage(groupId: Bytes, position: number, stubsHash: Bytes): Bytes {
  return concatBytes(utf8(BASE_DOMAIN), groupId, new CanonicalWriter(8).u64(position).finish(), stubsHash)
}
