/**
 * @module engine/peer/handle-message
 *
 * A message with events, handed to the operation of core that it is for.
 */

import type { Bytes } from '../../base/bytes.ts'
import type { OpenedMessage, Parsec, ParsecStep } from '../../core/parsec/index.ts'
import type { PeerMessageKind } from '../../wire/peer-message.ts'

export type EventMessageKind = Extract<PeerMessageKind, 'request' | 'response' | 'graph'>

export function handleMessage(
  parsec: Parsec,
  kind: EventMessageKind,
  from: Bytes,
  message: Bytes | OpenedMessage<Bytes>,
): ParsecStep<Bytes> {
  switch (kind) {
    case 'request':
      return parsec.handleRequest(from, message)
    case 'response':
      return parsec.handleResponse(from, message)
    case 'graph':
      return parsec.handleGraph(from, message)
  }
}
