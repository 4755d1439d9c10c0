/**
 * @module transport/memory/faults
 *
 * What can go wrong on the way from one peer to another.
 */

import { invalidArgumentError } from '../errors.ts'

export interface LinkFaults {
  /** Share of messages that vanish, 0 to 1. Default 0. */
  readonly lossRate: number
  /** Share of messages that arrive twice, each time with a delay of its own. Default 0. */
  readonly duplicateRate: number
  /** Time on the way, drawn evenly between the two. Messages keep their order. Default 0. */
  readonly minDelayMs: number
  readonly maxDelayMs: number
  /** Share of messages that are held back longer, by up to `maxHoldMs`, while later ones overtake. Default 0. */
  readonly reorderRate: number
  /** Default 1 s. */
  readonly maxHoldMs: number
}

export const NO_FAULTS: LinkFaults = {
  lossRate: 0,
  duplicateRate: 0,
  minDelayMs: 0,
  maxDelayMs: 0,
  reorderRate: 0,
  maxHoldMs: 1000,
}

/** What the network did, for a run to show that its faults occurred. */
export interface NetworkCounts {
  /** Handed over by senders. */
  sent: number
  /** Put into a recipient's inbox, doubles included. */
  delivered: number
  lost: number
  duplicated: number
  reordered: number
  /** On the way when a partition parted the two, or when the recipient was gone. */
  cut: number
}

/** The faults given, on top of `base`. */
export function checkedFaults(given: Partial<LinkFaults>, base: LinkFaults = NO_FAULTS): LinkFaults {
  const faults = { ...base, ...given }
  for (const name of ['lossRate', 'duplicateRate', 'reorderRate'] as const)
    if (!(faults[name] >= 0 && faults[name] <= 1))
      throw invalidArgumentError(name, String(faults[name]), 'a share is from 0 to 1')
  for (const name of ['minDelayMs', 'maxDelayMs', 'maxHoldMs'] as const)
    if (!(faults[name] >= 0 && Number.isFinite(faults[name])))
      throw invalidArgumentError(name, String(faults[name]), 'a time is not negative')
  if (faults.minDelayMs > faults.maxDelayMs)
    throw invalidArgumentError('minDelayMs', String(faults.minDelayMs), 'above maxDelayMs')
  return faults
}
