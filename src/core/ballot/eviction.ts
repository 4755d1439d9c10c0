/**
 * @module core/ballot/eviction
 *
 * Which sessions a scope keeps (ballots §6): the newest by the time at which this peer began them, active and decided
 * alike. Of equal times the one that came first goes first; a new one that is older than all goes itself.
 */

import type { Session } from './session.ts'

/** The sessions to evict so that at most `limit` are kept. `sessions` in order of arrival. */
export function sessionsToEvict(sessions: Iterable<Session>, limit: number): Session[] {
  // ballots §6
  const kept = [...sessions]
  const excess = kept.length - limit
  if (excess <= 0) return []
  return kept.sort((a, b) => Number(a.state.createdAtSec - b.state.createdAtSec)).slice(0, excess)
}
