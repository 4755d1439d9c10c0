/**
 * @module cli/peer/whole-number
 *
 * A position or an index, as typed.
 */

import { UsageError } from '../usage-error.ts'

export function wholeNumber(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 0)
    throw new UsageError(`${JSON.stringify(text)} is no position; it must be a whole number from 0`)
  return value
}
