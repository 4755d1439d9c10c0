/**
 * @module core/parsec/membership/peer-state
 *
 * What a peer may do, as flags (parsec §8).
 */

/** Counts towards majorities; implies DKG. */
export const VOTE = 1
/** Takes part in key generations. */
export const DKG = 2
/** We may take gossip from it. */
export const SEND = 4
/** We may gossip to it. */
export const RECV = 8

export type PeerState = number

export const FULL: PeerState = VOTE | DKG | SEND | RECV

export function includes(state: PeerState, flags: PeerState): boolean {
  return (state & flags) === flags
}

/** As the specification writes it: VOTE stands for the DKG that it implies. */
export function describeState(state: PeerState): string {
  const names: string[] = []
  if (includes(state, VOTE)) names.push('VOTE')
  else if (includes(state, DKG)) names.push('DKG')
  if (includes(state, SEND)) names.push('SEND')
  if (includes(state, RECV)) names.push('RECV')
  return names.join('|')
}
