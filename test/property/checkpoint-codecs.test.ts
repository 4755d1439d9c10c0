/** docs/wire.md, checkpoints: strict decoding. Whatever is decoded has that one encoding; everything else is a CodecError. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fromHex } from '../../src/base/text.ts'
import { CodecError, DEFAULT_LIMITS } from '../../src/core/parsec/index.ts'
import { type CanonicalFormat, DEFAULT_FORMAT } from '../../src/wire/canonical/format.ts'
import { decodeBase, decodeStubs, encodeBase, encodeStubs } from '../../src/wire/checkpoint/base.ts'
import { decodeCheckpointEvidence, encodeCheckpointEvidence } from '../../src/wire/checkpoint/evidence.ts'
import {
  BASE_PART_BYTES,
  decodeBaseAsked,
  decodeBasePart,
  decodeVouch,
  decodeVouchAsked,
  encodeBaseAsked,
  encodeBasePart,
  encodeVouch,
  encodeVouchAsked,
} from '../../src/wire/checkpoint/following.ts'
import {
  decodeCheckpointProof,
  decodePositionProof,
  encodeCheckpointProof,
  encodePositionProof,
} from '../../src/wire/checkpoint/proof.ts'
import { decodeShares, encodeShares } from '../../src/wire/checkpoint/shares.ts'
import { decodeStatement, encodeStatement } from '../../src/wire/checkpoint/statement.ts'

const format: CanonicalFormat<Uint8Array> = { ...DEFAULT_FORMAT, limits: DEFAULT_LIMITS }
const vectors = JSON.parse(
  readFileSync(join(import.meta.dirname, '../unit/parsec/checkpoint-vectors.json'), 'utf8'),
) as Record<string, string>
const vector = (name: string): Uint8Array => fromHex(vectors[name] ?? '')

const stubs = encodeStubs([
  { hash: new Uint8Array(32).fill(1), creator: 0, index: 4, known: [5, 2], open: { awaits: 'request', by: 1 } },
  {
    hash: new Uint8Array(32).fill(6),
    creator: 0,
    index: 5,
    known: [6, 2],
    open: { awaits: 'response', by: 1, request: new Uint8Array(32).fill(7) },
  },
  { hash: new Uint8Array(32).fill(2), creator: 1, index: 1, known: [0, 2], open: null },
])
const key = { hash: new Uint8Array(32).fill(3), voter: new Uint8Array(32).fill(4) }
const base = encodeBase({
  proof: vector('checkpointProof'),
  elections: 7,
  generations: 0,
  standings: [1, 2].map((n) => ({ id: new Uint8Array(32).fill(n), flags: 3 })),
  decided: [key, { ...key, voter: null }],
  blocks: Uint8Array.of(3),
  stubs,
  vouches: [{ signer: new Uint8Array(32).fill(1), signature: new Uint8Array(64).fill(9) }],
})

const seed = (byte: number): Uint8Array => new Uint8Array(32).fill(byte)

const CODECS: readonly {
  readonly name: string
  readonly sample: Uint8Array
  readonly again: (bytes: Uint8Array) => Uint8Array
}[] = [
  { name: 'statement', sample: vector('statement'), again: (it) => encodeStatement(decodeStatement(it, format)) },
  {
    name: 'checkpoint proof',
    sample: vector('checkpointProof'),
    again: (it) => encodeCheckpointProof(decodeCheckpointProof(it, format)),
  },
  {
    name: 'position proof',
    sample: vector('positionProof'),
    again: (it) => encodePositionProof(decodePositionProof(it)),
  },
  {
    name: 'evidence',
    sample: vector('evidence'),
    again: (it) => {
      const { groupId, signer, signed } = decodeCheckpointEvidence(it, format)
      return encodeCheckpointEvidence(groupId, signer, signed)
    },
  },
  { name: 'shares', sample: vector('shares'), again: (it) => encodeShares(decodeShares(it, format)) },
  { name: 'stubs', sample: stubs, again: (it) => encodeStubs(decodeStubs(it)) },
  {
    name: 'question for a base',
    sample: encodeBaseAsked({ position: 400, part: 3, takesPart: true }),
    again: (it) => encodeBaseAsked(decodeBaseAsked(it)),
  },
  {
    name: 'part of a base',
    sample: encodeBasePart({
      position: 400,
      payloads: 900,
      length: BASE_PART_BYTES + 5,
      part: 1,
      bytes: seed(5).slice(0, 5),
    }),
    again: (it) => encodeBasePart(decodeBasePart(it)),
  },
  {
    name: 'question for a vouch',
    sample: encodeVouchAsked({ position: 400, stubs }),
    again: (it) => encodeVouchAsked(decodeVouchAsked(it)),
  },
  {
    name: 'vouch',
    sample: encodeVouch({ position: 400, stubsHash: seed(1), payloads: 900, signature: new Uint8Array(64).fill(2) }),
    again: (it) => encodeVouch(decodeVouch(it, 64)),
  },
  { name: 'base', sample: base, again: (it) => encodeBase(decodeBase(it, format)) },
]

/** What was written back, or undefined for a CodecError; anything else is thrown on. */
function roundTrip(again: (bytes: Uint8Array) => Uint8Array, bytes: Uint8Array): Uint8Array | undefined {
  try {
    return again(bytes)
  } catch (error) {
    if (error instanceof CodecError) return undefined
    throw error
  }
}

describe.each(CODECS)('the codec of a $name', ({ sample, again }) => {
  it('gives back what it read', () => {
    expect(roundTrip(again, sample)).toEqual(sample)
    expect(roundTrip(again, new Uint8Array([...sample, 0]))).toBeUndefined()
  })

  it('takes a changed one as another value, with that one encoding, or not at all', () => {
    const change = fc.record({
      at: fc.nat(sample.length - 1),
      byte: fc.nat(255),
      cut: fc.oneof(fc.constant(sample.length), fc.nat(sample.length)),
    })
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), (changes) => {
        let bytes = sample.slice()
        for (const { at, byte, cut } of changes) {
          bytes[at % Math.max(bytes.length, 1)] = byte
          bytes = bytes.slice(0, cut)
        }
        expect(roundTrip(again, bytes) ?? bytes).toEqual(bytes)
      }),
      { numRuns: 2_000 },
    )
  })

  it('never fails in another way, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(roundTrip(again, bytes) ?? bytes).toEqual(bytes)
      }),
      { numRuns: 1_000 },
    )
  })
})
