/**
 * @module engine/verification
 *
 * Signatures of all commands that wait are checked together, off the main path where that pays, while earlier commands
 * are being carried out. Commands are carried out in the order in which they came, whatever their checks cost.
 *
 * Bound: `maxBatches` batches of `maxBatchSize` commands are being checked at a time; the rest waits unchecked.
 */

import type { SignatureScheme, Verdict, VerificationRequest } from '../ports/signature-scheme.ts'

interface Command {
  readonly requests: readonly VerificationRequest[]
  readonly carryOut: (verdicts: readonly Verdict[]) => void
  readonly reject: (error: unknown) => void
}

const MAX_BATCH_SIZE = 256
const MAX_BATCHES = 2

export class VerificationQueue {
  readonly #scheme: SignatureScheme
  #waiting: Command[] = []
  #batches = 0
  #tail: Promise<void> = Promise.resolve()
  #isPumpScheduled = false

  constructor(scheme: SignatureScheme) {
    this.#scheme = scheme
  }

  /**
   * `carryOut` is called with the verdicts once the signatures are checked and every earlier command was called; resolves
   * with what comes of it. Whatever it waits for holds up no other command.
   */
  run<T>(
    requests: readonly VerificationRequest[],
    carryOut: (verdicts: readonly Verdict[]) => T | Promise<T>,
  ): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#waiting.push({
        requests,
        reject,
        carryOut: (verdicts) => {
          try {
            resolve(carryOut(verdicts))
          } catch (error) {
            reject(error)
          }
        },
      })
      this.#schedulePump()
    })
  }

  /** What comes in the same turn is checked together. */
  #schedulePump(): void {
    if (this.#isPumpScheduled || this.#batches >= MAX_BATCHES) return
    this.#isPumpScheduled = true
    queueMicrotask(() => {
      this.#isPumpScheduled = false
      while (this.#batches < MAX_BATCHES && this.#waiting.length > 0)
        this.#start(this.#waiting.splice(0, MAX_BATCH_SIZE))
    })
  }

  #start(batch: readonly Command[]): void {
    this.#batches += 1
    const requests = batch.flatMap((command) => command.requests)
    const verdicts = requests.length === 0 ? Promise.resolve([]) : this.#scheme.verifyBatch(requests)
    const previous = this.#tail
    this.#tail = (async () => {
      const outcome = await verdicts.then(
        (given) => ({ given }),
        (error: unknown) => ({ error }),
      )
      await previous
      this.#batches -= 1
      this.#schedulePump()
      if ('error' in outcome) for (const command of batch) command.reject(outcome.error)
      else this.#carryOut(batch, outcome.given)
    })()
  }

  #carryOut(batch: readonly Command[], verdicts: readonly Verdict[]): void {
    let first = 0
    for (const command of batch) {
      const end = first + command.requests.length
      command.carryOut(verdicts.slice(first, end))
      first = end
    }
  }
}
