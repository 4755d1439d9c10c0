/**
 * @module cli/whole-number
 *
 * Counts and places, as typed.
 */

import { UsageError } from './usage-error.ts'

/** Reads one. `argument`: as whoever typed it knows it. */
export function wholeNumber(argument: string, least = 0): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN
    if (!Number.isSafeInteger(value) || value < least)
      throw new UsageError(`${argument} is ${JSON.stringify(text)}; it must be a whole number from ${least}`)
    return value
  }
}
