/**
 * @module testing/sim/violation
 *
 * What must never happen, and did.
 */

import { WitanError } from '../../base/errors.ts'

export type Rule =
  | 'agreement'
  | 'block-twice'
  | 'positions'
  | 'validity'
  | 'persist-before-publish'
  | 'sign-before-durable'
  | 'own-contradiction'
  | 'durable-before-signal'
  | 'own-fork'
  | 'fact-twice'
  | 'step-in-one-append'
  | 'blocks-lost'
  | 'history'
  | 'liveness'
  | 'quiet'
  | 'endless'
  | 'unfair'
  | 'crashed-by-itself'

export interface ViolationData {
  readonly code: Rule
  readonly peer: string
}

export class Violation extends WitanError<ViolationData> {}

export function violation(rule: Rule, peer: string, what: string): Violation {
  return new Violation({ code: rule, peer }, `${rule}: ${peer}: ${what}`)
}
