/**
 * @module core/ballot/eviction
 *
 * Which sessions a scope keeps (ballots §6): the newest by the time at which this peer began them, active and decided
 * alike. Of equal times the one that came first goes first; a new one that is older than all goes itself.
 */

import type { Session, SessionState } from './session.ts'

/** Below 0 where `a` is to go before `b`; 0 leaves it to the order of arrival. */
export function compareAge(a: Pick<SessionState, 'createdAtSec'>, b: Pick<SessionState, 'createdAtSec'>): -1 | 0 | 1 {
  // ballots §6
  if (a.createdAtSec === b.createdAtSec) return 0
  return a.createdAtSec < b.createdAtSec ? -1 : 1
}

/** The sessions to evict so that at most `limit` are kept. `sessions` in order of arrival. */
export function sessionsToEvict(sessions: Iterable<Session>, limit: number): Session[] {
  const kept = [...sessions]
  const excess = kept.length - limit
  if (excess <= 0) return []
  return kept.sort((a, b) => compareAge(a.state, b.state)).slice(0, excess)
}
