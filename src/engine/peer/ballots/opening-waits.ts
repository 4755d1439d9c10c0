/**
 * @module engine/peer/ballots/opening-waits
 *
 * Those who wait for a proposal to be in the order.
 */

interface Waiting {
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

export class OpeningWaits {
  readonly #waiting = new Map<string, Set<Waiting>>()
  #ended: Error | undefined

  /** Resolves when the order opens it; rejects when it turns out void, when aborted, and at the end. */
  opened(proposalId: string, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#ended !== undefined) {
        reject(this.#ended)
        return
      }
      const all = this.#waiting.get(proposalId) ?? new Set<Waiting>()
      this.#waiting.set(proposalId, all)
      const waiting: Waiting = { resolve, reject }
      all.add(waiting)
      const abort = (): void => {
        all.delete(waiting)
        reject(signal?.reason as Error)
      }
      if (signal?.aborted === true) abort()
      else signal?.addEventListener('abort', abort, { once: true })
    })
  }

  open(proposalId: string): void {
    for (const { resolve } of this.#take(proposalId)) resolve()
  }

  refuse(proposalId: string, error: Error): void {
    for (const { reject } of this.#take(proposalId)) reject(error)
  }

  end(error: Error): void {
    this.#ended = error
    for (const proposalId of this.#waiting.keys()) this.refuse(proposalId, error)
  }

  #take(proposalId: string): Iterable<Waiting> {
    const all = this.#waiting.get(proposalId) ?? []
    this.#waiting.delete(proposalId)
    return all
  }
}
