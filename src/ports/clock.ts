/**
 * @module ports/clock
 *
 * The only source of time. Core never sees it: it gets `now` as an argument.
 */

export interface Clock {
  /** Milliseconds since the Unix epoch; may jump. */
  nowMs(): number
  /** Calls `wake` once, not before `atMs`; the returned function cancels. A call does not keep the process alive. */
  schedule(atMs: number, wake: () => void): () => void
}
