/**
 * @module engine/in-flight
 *
 * Counts commands under way, so that a service can end when none is.
 */

export class InFlight {
  #count = 0
  #waiting: (() => void)[] = []

  begin(): void {
    this.#count += 1
  }

  end(): void {
    this.#count -= 1
    if (this.#count > 0) return
    for (const wake of this.#waiting.splice(0)) wake()
  }

  /** Resolves when nothing is under way. */
  async none(): Promise<void> {
    while (this.#count > 0) await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }
}
