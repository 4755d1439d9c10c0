/**
 * @module engine/peer/application
 *
 * The application's side of the order: its payloads become votes, with a receipt each, and agreed payloads become its
 * own type again (parsec §1).
 */

import type { Bytes } from '../../base/bytes.ts'
import { toHex } from '../../base/text.ts'
import type { Observation } from '../../core/parsec/index.ts'
import { encodeBatch, encodePayload } from '../../wire/payload.ts'
import { Batcher } from './batcher.ts'
import type { AgreedBlock, PayloadBlock } from './blocks.ts'
import { PeerError } from './errors.ts'
import { payloadBlocks } from './history.ts'
import type { PayloadCodec, PeerSettings } from './options.ts'
import { type Receipt, Receipts } from './receipts.ts'

/** What a batch may cost besides its payloads. */
const BATCH_FRAME_BYTES = 16
/** What a single payload may cost besides its bytes. */
const PAYLOAD_FRAME_BYTES = 32

export interface ApplicationHooks {
  hashOf(observation: Observation): Bytes
  /** Resolves when the vote is durable. */
  vote(observation: Observation): Promise<void>
}

export class Application<Payload> {
  readonly #settings: PeerSettings
  readonly #codec: PayloadCodec<Payload> | undefined
  readonly #hooks: ApplicationHooks
  readonly #receipts = new Receipts()
  readonly #batcher: Batcher<Receipt>

  constructor(settings: PeerSettings, codec: PayloadCodec<Payload> | undefined, hooks: ApplicationHooks) {
    this.#settings = settings
    this.#codec = codec
    this.#hooks = hooks
    const maxBatchBytes = settings.group.format.limits.maxPayloadBytes - BATCH_FRAME_BYTES
    this.#batcher = new Batcher(settings.batching, maxBatchBytes, settings.clock, (payloads) =>
      this.#voteForAll(payloads),
    )
  }

  async vote(payload: Payload, signal: AbortSignal | undefined): Promise<Receipt<Payload>> {
    signal?.throwIfAborted()
    const bytes = this.#codec === undefined ? (payload as Bytes) : this.#codec.encode(payload)
    this.#mayVote(bytes)
    const receipt = await this.#batcher.add(bytes)
    const agreed = aborted(
      receipt.agreed.then((block) => this.#decode(block)),
      signal,
    )
    // Nobody is obliged to wait for it: not a process's end when the peer closes first.
    agreed.catch(() => undefined)
    return { hash: receipt.hash, agreed }
  }

  /** Sends what waits for a batch. */
  flush(): void {
    this.#batcher.flush()
  }

  /** A block that we voted for is out. */
  settle(block: AgreedBlock): void {
    this.#receipts.settle(block)
  }

  /** Nothing will be agreed any more, as far as we shall know. */
  end(error: Error): void {
    this.#receipts.rejectAll(error)
  }

  /** The application's payloads in a block; what its codec refuses is left out. */
  *payloadsOf(block: AgreedBlock): Generator<PayloadBlock<Payload>> {
    for (const payloadBlock of payloadBlocks(block)) {
      const decoded = this.tryDecode(payloadBlock)
      if (decoded !== undefined) yield decoded
    }
  }

  tryDecode(block: PayloadBlock): PayloadBlock<Payload> | undefined {
    try {
      return this.#decode(block)
    } catch (error) {
      this.#settings.logger.warn({ position: block.position, error }, 'a payload cannot be decoded')
      return undefined
    }
  }

  #decode(block: PayloadBlock): PayloadBlock<Payload> {
    const payload = this.#codec === undefined ? (block.payload as Payload) : this.#codec.decode(block.payload)
    return { ...block, payload }
  }

  #mayVote(bytes: Bytes): void {
    const { maxUnagreed: limit, group } = this.#settings
    const maxBytes = group.format.limits.maxPayloadBytes - PAYLOAD_FRAME_BYTES
    if (bytes.length > maxBytes) {
      throw new PeerError(
        { code: 'PayloadTooLarge', bytes: bytes.length, maxBytes },
        `the payload has ${bytes.length} bytes; this group takes at most ${maxBytes}`,
      )
    }
    if (this.#receipts.count >= limit) {
      throw new PeerError(
        { code: 'TooManyUnagreed', limit },
        `${limit} votes of ours are not agreed yet; wait for their receipts`,
      )
    }
  }

  async #voteForAll(payloads: readonly Bytes[]): Promise<Receipt[]> {
    const [only] = payloads
    const payload =
      payloads.length === 1 && only !== undefined ? encodePayload('application', only) : encodeBatch(payloads)
    const observation: Observation = { type: 'OpaquePayload', payload }
    const hash = toHex(this.#hooks.hashOf(observation))
    // Before the vote: its block may come out in the same step.
    const receipts = payloads.map((_, place) => this.#receipts.expect(hash, place))
    try {
      await this.#hooks.vote(observation)
    } catch (error) {
      this.#receipts.forget(hash, receipts, error as Error)
      throw error
    }
    return receipts
  }
}

function aborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(new PeerError({ code: 'Aborted' }, 'the wait was aborted'))
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}
