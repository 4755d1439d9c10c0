/**
 * @module ports/random
 *
 * The only source of randomness. A seeded one replays a run exactly.
 */

export interface Random {
  /** `count` bytes, for ids and key generation. */
  bytes(count: number): Uint8Array
}
