/**
 * @module core/parsec/rules
 *
 * Which of the two rule books of the specification holds: the reference's to the byte, or the one marked Stronger.
 */

import type { KeyIndex } from './election/keys.ts'

export type Compatibility = 'none' | 'parsec-0.7'

export interface Rules {
  /** The points marked **Stronger** hold; false is `parsec-0.7`. */
  readonly stronger: boolean
  /** By hash, then by voter id: the tie-break of parsec §5. */
  compareKeys(a: KeyIndex, b: KeyIndex): number
}
