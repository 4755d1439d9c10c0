/**
 * @module crypto/system-random
 *
 * The operating system's random bytes.
 */

import { randomBytes } from 'node:crypto'
import type { Random } from '../ports/random.ts'

export const systemRandom: Random = {
  bytes: (count) => new Uint8Array(randomBytes(count)),
}
