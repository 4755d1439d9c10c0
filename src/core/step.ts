/**
 * @module core/step
 *
 * What an operation of core returns: one value, and nothing done. The caller owes, in this order:
 * append `facts` to the log as one; only then act on `effects` and publish. `faults` name peers that misbehaved.
 */

export interface Step<Fact, Effect = never, Fault = never> {
  readonly facts: readonly Fact[]
  readonly effects: readonly Effect[]
  readonly faults: readonly Fault[]
}
