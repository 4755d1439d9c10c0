/**
 * @module engine/notices
 *
 * First in, first out for everything that is published. A subscriber that calls back into the engine may cause further
 * notices; they wait until the present one has reached every subscriber, so that nobody sees them in another order.
 * A subscriber that throws is its own problem: RxJS reports it, the next one still gets its notice.
 */

export class NoticeQueue {
  readonly #waiting: (() => void)[] = []
  #publishing = false

  publish(notice: () => void): void {
    this.#waiting.push(notice)
    if (this.#publishing) return
    this.#publishing = true
    try {
      for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) next()
    } finally {
      this.#publishing = false
    }
  }
}
