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

type Verified = OpenedMessage<Uint8Array> | undefined

/** Signatures of the next message are checked on other cores while this one is handled. */
export async function timePartInBulk({ start, operations }: Part, signer: Signer): Promise<number> {
  const begin = performance.now()
  const parsec = start(signer)
  const verify = async (operation: Operation | undefined): Promise<Verified> => {
    if (operation?.type !== 'request' && operation?.type !== 'response') return undefined
    const opened = parsec.open(operation.message)
    if (!(opened instanceof OpenedMessage)) return undefined
    opened.settle(await signer.scheme.verifyBatch(opened.requests))
    return opened
  }
  let verified = verify(operations[0])
  for (const [i, operation] of operations.entries()) {
    const message = await verified
    verified = verify(operations[i + 1])
    if (message === undefined || (operation.type !== 'request' && operation.type !== 'response')) {
      perform(parsec, operation)
    } else if (operation.type === 'request') {
      parsec.handleRequest(operation.from, message)
    } else {
      parsec.handleResponse(operation.from, message)
    }
  }
  await verified
  return performance.now() - begin
}
