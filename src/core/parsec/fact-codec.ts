/**
 * @module core/parsec/fact-codec
 *
 * Facts of a peer as JSON and back, bytes in base64url. Reading trusts the log: what does not fit is a corrupted log.
 */

import { AssertionError } from '../../base/errors.ts'
import { BASE64_URL, type BytesText, fromBase64Url, toBase64Url } from '../../base/text.ts'
import type { JsonObject, JsonValue } from '../../ports/event-log.ts'
import type { ParsecFact, PeerStarted } from './facts.ts'

export const PARSEC_SCHEMA_VERSION = 1

/** `text`: for events, which are many and long. */
export function parsecFactToJson(fact: ParsecFact, text: BytesText = BASE64_URL): JsonObject {
  const json = toJson(fact, text)
  return fact.forNext === true ? { ...json, forNext: true } : json
}

function toJson(fact: ParsecFact, text: BytesText): JsonObject {
  switch (fact.type) {
    case 'PeerStarted':
      return {
        self: toBase64Url(fact.self),
        origin: fact.origin,
        members: fact.members.map(toBase64Url),
        relatedInfo: toBase64Url(fact.relatedInfo),
        section: fact.section.map(toBase64Url),
      }
    case 'BaseTaken':
      return {
        part: toBase64Url(fact.part),
        isLast: fact.isLast,
        ...(fact.hostPosition === undefined ? {} : { hostPosition: fact.hostPosition }),
      }
    case 'GossipEventAccepted':
      return {
        hash: toBase64Url(fact.hash),
        event: text.toText(fact.bytes),
        observationHash: fact.observationHash === null ? null : toBase64Url(fact.observationHash),
        ...(fact.isCarriedSigned === undefined ? {} : { isCarriedSigned: fact.isCarriedSigned }),
      }
    case 'SyncEventOwed':
      return { cause: fact.cause, otherParent: toBase64Url(fact.otherParent) }
    case 'CheckpointSigned':
      return {
        position: fact.position,
        statement: toBase64Url(fact.statement),
        signature: toBase64Url(fact.signature),
      }
    case 'CheckpointSignatureTaken':
      return {
        position: fact.position,
        signer: toBase64Url(fact.signer),
        statement: fact.statement === null ? null : toBase64Url(fact.statement),
        signature: toBase64Url(fact.signature),
      }
    case 'OffenceReported':
      return { accusation: toBase64Url(fact.accusation) }
    case 'GraphTaken':
      return { blocksBefore: fact.blocksBefore }
  }
}

export function parsecFactFromJson(type: string, json: JsonObject, text: BytesText = BASE64_URL): ParsecFact {
  const fact = fromJson(type, json, text)
  return json['forNext'] === true ? { ...fact, forNext: true } : fact
}

function fromJson(type: string, json: JsonObject, text: BytesText): ParsecFact {
  switch (type) {
    case 'PeerStarted':
      return {
        type,
        self: bytes(json['self']),
        origin: originOf(json['origin']),
        members: list(json['members']),
        relatedInfo: bytes(json['relatedInfo']),
        section: list(json['section']),
      }
    case 'BaseTaken':
      return {
        type,
        part: bytes(json['part']),
        isLast: json['isLast'] === true,
        ...(json['hostPosition'] === undefined ? {} : { hostPosition: number(json['hostPosition']) }),
      }
    case 'GossipEventAccepted': {
      const { observationHash, isCarriedSigned } = json
      return {
        type,
        hash: bytes(json['hash']),
        bytes: bytes(json['event'], text.toBytes),
        observationHash: observationHash === null ? null : bytes(observationHash),
        ...(typeof isCarriedSigned === 'boolean' ? { isCarriedSigned } : {}),
      }
    }
    case 'SyncEventOwed':
      return {
        type,
        cause: json['cause'] === 'Request' ? 'Request' : 'Response',
        otherParent: bytes(json['otherParent']),
      }
    case 'CheckpointSigned':
      return {
        type,
        position: number(json['position']),
        statement: bytes(json['statement']),
        signature: bytes(json['signature']),
      }
    case 'CheckpointSignatureTaken':
      return {
        type,
        position: number(json['position']),
        signer: bytes(json['signer']),
        statement: json['statement'] === null ? null : bytes(json['statement']),
        signature: bytes(json['signature']),
      }
    case 'OffenceReported':
      return { type, accusation: bytes(json['accusation']) }
    case 'GraphTaken':
      return { type, blocksBefore: number(json['blocksBefore']) }
    default:
      throw new AssertionError(`the log holds a fact of unknown type ${type}; it was written by a newer version`)
  }
}

function originOf(value: JsonValue | undefined): PeerStarted['origin'] {
  return value === 'genesis' || value === 'checkpoint' || value === 'again' ? value : 'existing'
}

function bytes(value: JsonValue | undefined, toBytes: BytesText['toBytes'] = fromBase64Url): Uint8Array {
  if (typeof value !== 'string') throw new AssertionError(`the log holds ${JSON.stringify(value)} where bytes belong`)
  return toBytes(value)
}

function number(value: JsonValue | undefined): number {
  if (typeof value !== 'number')
    throw new AssertionError(`the log holds ${JSON.stringify(value)} where a number belongs`)
  return value
}

function list(value: JsonValue | undefined): Uint8Array[] {
  if (!Array.isArray(value)) throw new AssertionError(`the log holds ${JSON.stringify(value)} where a list belongs`)
  return value.map((item) => bytes(item as JsonValue))
}
