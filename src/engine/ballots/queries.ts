/**
 * @module engine/ballots/queries
 *
 * Questions about what is durable (ballots §7). They change nothing and cost what they return.
 */

import { assert } from '../../base/errors.ts'
import { outcomeOf, type Proposal, refuse, Session, type SessionState } from '../../core/ballot/index.ts'
import { isSafeState } from './hosted.ts'
import type { Registry } from './registry.ts'
import type { SessionHost } from './session-host.ts'

export interface ScopeStats {
  readonly totalSessions: number
  readonly activeSessions: number
  readonly failedSessions: number
  readonly consensusReached: number
}

export class SessionQueries {
  readonly #registry: Registry

  constructor(registry: Registry) {
    this.#registry = registry
  }

  state(scope: string, proposalId: number): SessionState {
    return this.#shown(scope, proposalId).state
  }

  host(scope: string, proposalId: number): SessionHost {
    return this.#shown(scope, proposalId).host
  }

  proposal(scope: string, proposalId: number): Proposal {
    const { host, state } = this.#shown(scope, proposalId)
    return proposalOf(host, state)
  }

  result(scope: string, proposalId: number): boolean {
    const outcome = outcomeOf(this.state(scope, proposalId))
    if (outcome === null) throw refuse({ code: 'ConsensusFailed', scope, proposalId })
    if (outcome === undefined) throw refuse({ code: 'ConsensusNotReached', scope, proposalId })
    return outcome
  }

  states(scope: string): SessionState[] {
    return [...this.#hosts(scope)].map(({ state }) => state)
  }

  active(scope: string): Proposal[] {
    return [...this.#hosts(scope)]
      .filter(({ state }) => state.status === 'active')
      .map(({ host, state }) => proposalOf(host, state))
  }

  reached(scope: string): Map<number, boolean> {
    const results = new Map<number, boolean>()
    for (const { state } of this.#hosts(scope)) {
      const outcome = outcomeOf(state)
      if (typeof outcome === 'boolean') results.set(state.proposalId, outcome)
    }
    return results
  }

  stats(scope: string): ScopeStats {
    const states = this.states(scope)
    const count = (...statuses: readonly string[]): number =>
      states.filter(({ status }) => statuses.includes(status)).length
    return {
      totalSessions: states.length,
      activeSessions: count('active'),
      failedSessions: count('failed'),
      consensusReached: count('yes', 'no'),
    }
  }

  /** Those that hold sessions, of either policy, by name: the order in which they came is not the same after a restart. */
  scopes(): string[] {
    return [...this.#registry.scopes]
      .filter(({ sessions }) => [...sessions.values()].some(({ durable }) => durable?.isGone === false))
      .map(({ name }) => name)
      .sort()
  }

  #shown(scope: string, proposalId: number): { readonly host: SessionHost; readonly state: SessionState } {
    const host = this.#registry.find(scope, proposalId)
    const state = host?.durable
    if (host === undefined || state === undefined || state.isGone || isSafeState(state))
      throw refuse({ code: 'SessionNotFound', scope, proposalId })
    return { host, state }
  }

  *#hosts(scope: string): Generator<{ readonly host: SessionHost; readonly state: SessionState }> {
    for (const host of this.#registry.findScope(scope)?.sessions.values() ?? []) {
      const state = host.durable
      if (state !== undefined && !state.isGone && !isSafeState(state)) yield { host, state }
    }
  }
}

function proposalOf({ session }: SessionHost, state: SessionState): Proposal {
  assert(session instanceof Session, 'a session with a number is of the policy compatible')
  return session.proposalAt(state)
}
