/**
 * @module test/support/eventstoredb/faults
 *
 * What the stand-in server can be told to do wrong. Faults of a method are used up one by one, in order; `always`
 * stays until it is cleared.
 */

import { setTimeout as sleep } from 'node:timers/promises'
import { Metadata, status } from '@grpc/grpc-js'

export type Method = 'append' | 'batchAppend' | 'read' | 'subscribe' | 'features' | 'gossip'

export type Fault =
  /** The connection is cut before, or after, the request takes effect. For reads: after so many events. */
  | { readonly kind: 'drop'; readonly when: 'before' | 'after'; readonly events?: number }
  /** No answer, ever; the write happens (`after`) or not (`before`). For reads: silence after so many events. */
  | { readonly kind: 'hang'; readonly when: 'before' | 'after'; readonly events?: number }
  | { readonly kind: 'delay'; readonly delayMs: number }
  /** A gRPC error. For reads: after so many events. */
  | {
      readonly kind: 'status'
      readonly code: status
      readonly details: string
      readonly metadata?: Readonly<Record<string, string>>
      readonly events?: number
      readonly delayMs?: number
    }
  /** The server ends a subscription without an error. */
  | { readonly kind: 'end'; readonly events?: number }
  /** A success that names this revision instead of the right one. */
  | { readonly kind: 'answer-revision'; readonly revision: number }

export const notLeader = (host: string, port: number): Fault => ({
  kind: 'status',
  code: status.NOT_FOUND,
  details: `Leader info available at ${host}:${port}`,
  metadata: { exception: 'not-leader', 'leader-endpoint-host': host, 'leader-endpoint-port': String(port) },
})

export const ACCESS_DENIED: Fault = {
  kind: 'status',
  code: status.PERMISSION_DENIED,
  details: 'Access Denied',
  metadata: { exception: 'access-denied' },
}

export const UNAVAILABLE: Fault = { kind: 'status', code: status.UNAVAILABLE, details: 'Server Is Not Ready' }

/** How the server lets go of a subscription whose reader does not keep up. */
export const CONSUMER_TOO_SLOW: Fault = {
  kind: 'status',
  code: status.CANCELLED,
  details: 'The consumer was too slow; the subscription was dropped',
}

/** What a gRPC handler answers on an error. */
export class StatusError extends Error {
  readonly code: status
  readonly details: string
  readonly metadata: Metadata

  constructor(code: status, details: string, metadata: Readonly<Record<string, string>> = {}) {
    super(details)
    this.code = code
    this.details = details
    this.metadata = new Metadata()
    for (const [key, value] of Object.entries(metadata)) this.metadata.set(key, value)
  }
}

const NEVER = new Promise<never>(() => undefined)

export class Faults {
  readonly #queues = new Map<Method, Fault[]>()
  readonly #standing = new Map<Method, Fault>()
  readonly #cut: () => void

  /** `cut` breaks every connection of the server. */
  constructor(cut: () => void) {
    this.#cut = cut
  }

  next(method: Method, ...faults: readonly Fault[]): void {
    this.#queues.set(method, [...(this.#queues.get(method) ?? []), ...faults])
  }

  always(method: Method, fault: Fault): void {
    this.#standing.set(method, fault)
  }

  clear(): void {
    this.#queues.clear()
    this.#standing.clear()
  }

  take(method: Method): Fault | undefined {
    return this.#queues.get(method)?.shift() ?? this.#standing.get(method)
  }

  /** The fault's part before the request takes effect. Never settles where no answer may be given. */
  async before(fault: Fault | undefined): Promise<void> {
    if (fault !== undefined && 'delayMs' in fault) await sleep(fault.delayMs)
    if (fault?.kind === 'status') throw new StatusError(fault.code, fault.details, fault.metadata)
    if (fault !== undefined && 'when' in fault && fault.when === 'before') await this.#silence(fault)
  }

  /** The fault's part when the request has taken effect and the answer is due. */
  async after(fault: Fault | undefined): Promise<void> {
    if (fault !== undefined && 'when' in fault && fault.when === 'after') await this.#silence(fault)
  }

  #silence(fault: Fault): Promise<never> {
    if (fault.kind === 'drop') this.#cut()
    return NEVER
  }
}
