/**
 * @module wire/peer-message
 *
 * What peers send each other over a transport: one kind byte, then the body.
 *
 * | kind | body | asks for |
 * | --- | --- | --- |
 * | 0 request | PARSEC events, ending with a Requesting | a response |
 * | 1 response | PARSEC events | nothing |
 * | 2 graph | PARSEC events | nothing |
 * | 3 summary | what the sender knows | a graph, and a `summaryReply` where the receiver lacks something |
 * | 4 summaryReply | what the sender knows | a graph |
 * | 5 checkpoints | signatures of checkpoints; see checkpoint/shares.ts | those that it lacks, where it says so |
 * | 6 ballot | a ballot message with its scope; see ballot/sync.ts | nothing |
 * | 7 ballotHoldings | which `quorum` ballots the sender has | what it lacks of them, and a `ballotHoldingsReply` where the receiver lacks something |
 * | 8 ballotHoldingsReply | the same | what it lacks of them |
 * | 9 baseAsked | see checkpoint/following.ts | a `basePart` |
 * | 10 basePart | the same | nothing |
 * | 11 vouchAsked | the same | a `vouch` |
 * | 12 vouch | the same | nothing |
 * | 13 graphAsked | what the sender knows | a `graphGiven` |
 * | 14 graphGiven | PARSEC events, none where there is nothing more | nothing |
 */

import type { Bytes } from '../base/bytes.ts'

export const PEER_MESSAGE_KINDS = [
  'request',
  'response',
  'graph',
  'summary',
  'summaryReply',
  'checkpoints',
  'ballot',
  'ballotHoldings',
  'ballotHoldingsReply',
  'baseAsked',
  'basePart',
  'vouchAsked',
  'vouch',
  'graphAsked',
  'graphGiven',
] as const
export type PeerMessageKind = (typeof PEER_MESSAGE_KINDS)[number]

export interface PeerMessage {
  readonly kind: PeerMessageKind
  /** A view of the message. */
  readonly body: Bytes
}

export function encodePeerMessage(kind: PeerMessageKind, body: Bytes): Bytes {
  const message = new Uint8Array(1 + body.length)
  message[0] = PEER_MESSAGE_KINDS.indexOf(kind)
  message.set(body, 1)
  return message
}

/** `undefined` where the kind is unknown or missing. */
export function decodePeerMessage(message: Bytes): PeerMessage | undefined {
  const kind = PEER_MESSAGE_KINDS[message[0] ?? PEER_MESSAGE_KINDS.length]
  return kind === undefined ? undefined : { kind, body: message.subarray(1) }
}
