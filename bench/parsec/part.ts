/**
 * @module bench/parsec/part
 *
 * What one peer does in a run of a network: its operations in order, with the messages as they came. Performed again
 * and again, it times one engine alone.
 */

import { type Observation, OpenedMessage, Parsec, type ParsecStep, type PeerId } from '../../src/core/parsec/index.ts'
import type { Signer } from '../../src/ports/signature-scheme.ts'

export type Operation =
  | { readonly type: 'vote'; readonly observation: Observation }
  | { readonly type: 'gossip'; readonly to: PeerId }
  | { readonly type: 'request' | 'response'; readonly from: PeerId; readonly message: Uint8Array }
  | { readonly type: 'poll' }

export interface Part {
  readonly start: (signer: Signer) => Parsec
  readonly signer: Signer
  readonly operations: readonly Operation[]
}

/** Polls give no step. */
export function perform(parsec: Parsec, operation: Operation): ParsecStep<Uint8Array> | undefined {
  switch (operation.type) {
    case 'vote':
      return parsec.voteFor(operation.observation)
    case 'gossip':
      return parsec.createGossip(operation.to)
    case 'request':
      return parsec.handleRequest(operation.from, operation.message)
    case 'response':
      return parsec.handleResponse(operation.from, operation.message)
    case 'poll':
      while (parsec.poll() !== undefined) continue
      return undefined
  }
}

/** Milliseconds of the whole part; signatures are checked one by one as the engine comes upon them. */
export function timePart({ start, operations }: Part, signer: Signer): number {
  const begin = performance.now()
  const parsec = start(signer)
  for (const operation of operations) perform(parsec, operation)
  return performance.now() - begin
}

type Message = Extract<Operation, { readonly message: Uint8Array }>

const isMessage = (operation: Operation): operation is Message => 'message' in operation

/** Signatures of the next message are checked on other cores while everything before it is done. */
export async function timePartInBulk({ start, operations }: Part, signer: Signer): Promise<number> {
  const messages = operations.filter(isMessage)
  const begin = performance.now()
  const parsec = start(signer)
  const verify = async (next: Message | undefined): Promise<OpenedMessage<Uint8Array> | undefined> => {
    const opened = next === undefined ? undefined : parsec.open(next.message)
    if (!(opened instanceof OpenedMessage)) return undefined
    opened.settle(await signer.scheme.verifyBatch(opened.requests))
    return opened
  }
  let taken = 0
  let verified = verify(messages[taken])
  for (const operation of operations) {
    if (!isMessage(operation)) {
      perform(parsec, operation)
      continue
    }
    const opened = (await verified) ?? operation.message
    taken += 1
    verified = verify(messages[taken])
    if (operation.type === 'request') parsec.handleRequest(operation.from, opened)
    else parsec.handleResponse(operation.from, opened)
  }
  return performance.now() - begin
}
