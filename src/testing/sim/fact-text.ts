/**
 * @module testing/sim/fact-text
 *
 * One text of a logged fact.
 */

import { assert } from '../../base/errors.ts'
import type { JsonObject } from '../../ports/event-log.ts'

export function factText(data: JsonObject, name: string): string {
  const value = data[name]
  assert(typeof value === 'string', `the fact has a text ${name}`)
  return value
}
