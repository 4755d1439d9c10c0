/**
 * @module transport/draw
 *
 * Numbers from the port of randomness.
 */

import type { Random } from '../ports/random.ts'

/** At least 0, below 1, in steps of 2^-32. */
export function fraction(random: Random): number {
  const bytes = random.bytes(4)
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0) / 2 ** 32
}

/** `true` in a share `rate` (0 to 1) of the calls; draws nothing where the rate is 0. */
export function chance(random: Random, rate: number): boolean {
  return rate > 0 && fraction(random) < rate
}
