/**
 * @module transport/errors
 *
 * The port's errors, worded in one place.
 */

import type { Bytes } from '../base/bytes.ts'
import { toHex } from '../base/text.ts'
import { TransportError } from '../ports/transport.ts'

export const closedError = (): TransportError =>
  new TransportError({ code: 'TransportClosed' }, 'the transport is closed')

export const abortedError = (signal: AbortSignal): TransportError =>
  new TransportError({ code: 'Aborted' }, 'aborted by the caller', { cause: signal.reason })

export const unknownRecipientError = (peer: Bytes): TransportError =>
  new TransportError(
    { code: 'UnknownRecipient', peer: toHex(peer) },
    `peer ${toHex(peer)} is not known to the transport`,
  )

export const unreachableError = (peer: string, waitedMs: number): TransportError =>
  new TransportError(
    { code: 'PeerUnreachable', peer, waitedMs },
    `peer ${peer} took no message within ${waitedMs} milliseconds`,
  )

export const tooManySendsError = (peer: string, waiting: number): TransportError =>
  new TransportError({ code: 'TooManySends', peer, waiting }, `${waiting} sends wait for peer ${peer} already`)

export const tooLargeError = (bytes: number, maxBytes: number): TransportError =>
  new TransportError(
    { code: 'MessageTooLarge', bytes, maxBytes },
    `a message of ${bytes} bytes; at most ${maxBytes} can be sent`,
  )

export const alreadyReceivingError = (): TransportError =>
  new TransportError({ code: 'AlreadyReceiving' }, 'this transport has a consumer already')

export const invalidArgumentError = (argument: string, value: string, why: string): TransportError =>
  new TransportError({ code: 'InvalidTransportArgument', argument, value }, `${argument}: ${why}`)
