/**
 * @module engine/peer/blocks
 *
 * Blocks as the engine numbers and shows them. A block of PARSEC has an index; each application payload, and each other
 * observation, has a position: a batch takes as many positions as it holds payloads. Both count from 0 (Genesis).
 */

import type { Bytes } from '../../base/bytes.ts'
import { fromBase64Url, toBase64Url, toHex } from '../../base/text.ts'
import type { Block, CanonicalFormat, Observation } from '../../core/parsec/index.ts'
import { encodeObservation } from '../../core/parsec/index.ts'
import type { JsonObject } from '../../ports/event-log.ts'
import { decodeBatch, decodePayload, type PayloadKind } from '../../wire/payload.ts'
import { nodeBase64Url } from '../base64url.ts'

export interface AgreedProof {
  readonly id: string
  readonly signature: Bytes
}

/** One block in the agreed order. */
export interface AgreedBlock {
  readonly index: number
  /** Of its first payload. */
  readonly position: number
  /** Hex of the hash of the encoded observation. */
  readonly hash: string
  readonly observation: Observation
  /** Frame of an opaque payload; `undefined` for other observations, and for payloads without a frame. */
  readonly kind: PayloadKind | undefined
  /** Application payloads, in order; empty for everything else. */
  readonly payloads: readonly Bytes[]
  /** In order of id. They may differ from peer to peer; everything else may not. */
  readonly proofs: readonly AgreedProof[]
}

/** One application payload in the agreed order. */
export interface PayloadBlock<Payload = Bytes> {
  readonly position: number
  readonly payload: Payload
  /** The block that holds it. */
  readonly block: AgreedBlock
}

/** Positions that a block takes: at least one. */
export function positionsOf(block: Pick<AgreedBlock, 'payloads'>): number {
  return Math.max(block.payloads.length, 1)
}

export function agreedBlock(block: Block<Bytes>, index: number, position: number): AgreedBlock {
  const { payload: observation, proofs } = block
  const framed = framesOf(observation)
  return {
    index,
    position,
    hash: toHex(block.hash),
    observation,
    ...framed,
    proofs: proofs.map(({ id, signature }) => ({ id: toHex(id), signature })),
  }
}

/** What cannot be read is ordered like anything else, and holds nothing for applications. */
function framesOf(observation: Observation): Pick<AgreedBlock, 'kind' | 'payloads'> {
  if (observation.type !== 'OpaquePayload') return { kind: undefined, payloads: [] }
  try {
    const { kind, body } = decodePayload(observation.payload)
    if (kind === 'application') return { kind, payloads: [body] }
    if (kind === 'batch') return { kind, payloads: decodeBatch(body, body.length) }
    return { kind, payloads: [] }
  } catch {
    return { kind: undefined, payloads: [] }
  }
}

export const BLOCK_FACT = 'BlockAgreed'

/** Readable in EventStoreDB's own interface; `observation` is canonical, the rest derived from it. */
export function blockToJson(block: AgreedBlock, format: CanonicalFormat<Bytes>): JsonObject {
  return {
    index: block.index,
    position: block.position,
    type: block.observation.type,
    kind: block.kind ?? null,
    hash: block.hash,
    observation: nodeBase64Url.toText(encodeObservation(block.observation, format)),
    proofs: block.proofs.map(({ id, signature }) => ({ id, signature: toBase64Url(signature) })),
  }
}

/** Whether the parts are equal that replay must derive again. */
export function isSameBlock(logged: JsonObject, block: AgreedBlock, format: CanonicalFormat<Bytes>): boolean {
  const { index, position, hash, observation, proofs } = logged
  return (
    index === block.index &&
    position === block.position &&
    hash === block.hash &&
    observation === nodeBase64Url.toText(encodeObservation(block.observation, format)) &&
    Array.isArray(proofs) &&
    proofs.length === block.proofs.length &&
    block.proofs.every((proof, i) => isSameProof(proofs[i] as JsonObject, proof))
  )
}

function isSameProof(logged: JsonObject, { id, signature }: AgreedProof): boolean {
  return logged['id'] === id && logged['signature'] === toBase64Url(signature)
}

export function proofsFromJson(json: JsonObject): AgreedProof[] {
  const proofs = json['proofs']
  if (!Array.isArray(proofs)) return []
  return proofs.map((proof: unknown) => {
    const { id, signature } = proof as { id: string; signature: string }
    return { id, signature: fromBase64Url(signature) }
  })
}
