/**
 * @module transport/limits
 *
 * The bounds that every transport keeps, checked once at its start.
 */

import { TransportError } from '../ports/transport.ts'

export interface TransportLimits {
  /** Largest message, in bytes, sent or received. Default 8 MiB, at most 256 MiB. */
  readonly maxMessageBytes: number
  /** Bytes handed over for one peer that have not left yet. One message may exceed it alone. Default 16 MiB. */
  readonly maxQueuedBytes: number
  /** Bytes held that one peer sent ahead of our consumer. One message may exceed it. Default 16 MiB. */
  readonly maxReadAheadBytes: number
  /** Sends that wait for one peer to take more. Default 256. */
  readonly maxWaitingSends: number
  /** How long a send waits to be handed over. Default 5 s. */
  readonly sendTimeoutMs: number
}

/** Charged for each held message beside its bytes, so that a flood of tiny ones is bounded too. */
export const MESSAGE_OVERHEAD_BYTES = 256

const DEFAULTS: TransportLimits = {
  maxMessageBytes: 8 * 1024 * 1024,
  maxQueuedBytes: 16 * 1024 * 1024,
  maxReadAheadBytes: 16 * 1024 * 1024,
  maxWaitingSends: 256,
  sendTimeoutMs: 5000,
}

const HIGHEST: Partial<TransportLimits> = { maxMessageBytes: 256 * 1024 * 1024 }

/** The defaults with what was given; every value a whole number from 1 up to its highest. */
export function checkedLimits(given: Partial<TransportLimits> = {}): TransportLimits {
  const limits = { ...DEFAULTS, ...given }
  for (const name of Object.keys(DEFAULTS) as (keyof TransportLimits)[])
    checkWhole(name, limits[name], 1, HIGHEST[name] ?? Number.MAX_SAFE_INTEGER)
  return limits
}

export function checkWhole(argument: string, value: number, low: number, high: number): void {
  if (Number.isSafeInteger(value) && value >= low && value <= high) return
  throw new TransportError(
    { code: 'InvalidTransportArgument', argument, value: String(value) },
    `${argument} is to be a whole number from ${low} to ${high}, not ${value}`,
  )
}
