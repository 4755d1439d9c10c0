/**
 * @module engine/ballots/scope-host
 *
 * One scope: its configuration, its sessions in order of arrival, and which of them are to go first.
 */

import { produce } from 'immer'
import {
  ballotFactFromJson,
  ballotFactToJson,
  compareAge,
  type ScopeConfig,
  type ScopeFact,
  safe,
} from '../../core/ballot/index.ts'
import { type EventLog, type FactMetadata, NO_STREAM, type RecordedFact, type Revision } from '../../ports/event-log.ts'
import { Heap } from '../heap.ts'
import { type Refold, Refolding } from '../refolding.ts'
import { StreamWriter } from '../stream-writer.ts'
import { type HostedState, isSafeState, type ProposalKey } from './hosted.ts'
import type { SessionHost } from './session-host.ts'

/** What a scope is, as long as it holds anything (ballots §8). */
export type Policy = 'compatible' | 'safe'

export interface Kept {
  readonly host: SessionHost
  readonly createdAtSec: bigint
  /** Order of arrival. */
  readonly sequence: number
}

interface Settings {
  readonly config: ScopeConfig | undefined
  readonly safe: safe.SafeScopeSettings | undefined
  readonly isBeingDeleted: boolean
}

const NO_SETTINGS: Settings = { config: undefined, safe: undefined, isBeingDeleted: false }

const goesBefore = (a: Kept, b: Kept): boolean => (compareAge(a, b) || a.sequence - b.sequence) < 0

export class ScopeHost {
  readonly name: string
  readonly writer: StreamWriter
  /** By id, also those that are not durable yet. */
  readonly sessions = new Map<ProposalKey, SessionHost>()
  /** Of the policy `safe`: votes that came before their proposal. */
  readonly earlyVotes = new safe.EarlyVotes(safe.DEFAULT_QUORUM_LIMITS.maxEarlyVotes)
  readonly #log: EventLog
  readonly #refolding: Refolding
  /** Frozen; durable. */
  #settings: Settings = NO_SETTINGS
  /** Durable, and not on their way out. In `safe`: only the settled, which alone may go. */
  readonly #kept = new Set<SessionHost>()
  /** Holds also some that are not kept any more. */
  readonly #byAge = new Heap<Kept>(goesBefore)
  #sequence = 0

  constructor(log: EventLog, stream: string, name: string) {
    this.#log = log
    this.name = name
    this.writer = new StreamWriter(log, stream, NO_STREAM)
    this.#refolding = new Refolding(this.writer)
  }

  get config(): ScopeConfig | undefined {
    return this.#settings.config
  }

  /** Of the policy `safe`. */
  get safeSettings(): safe.SafeScopeSettings | undefined {
    return this.#settings.safe
  }

  /** Its deletion is begun, in the log, and not done. */
  get isBeingDeleted(): boolean {
    return this.#settings.isBeingDeleted
  }

  /** `undefined` for a scope that holds nothing. */
  get policy(): Policy | undefined {
    if (this.#settings.config !== undefined) return 'compatible'
    if (this.#settings.safe !== undefined) return 'safe'
    for (const key of this.sessions.keys()) return typeof key === 'number' ? 'compatible' : 'safe'
    return undefined
  }

  replay(fact: RecordedFact): void {
    this.#evolve(ballotFactFromJson(fact.type, fact.data) as ScopeFact)
    this.writer.restart(fact.revision)
  }

  /** The caller sees to it that the scope is sound. */
  async commit(fact: ScopeFact, metadata: FactMetadata): Promise<void> {
    try {
      await this.writer.append([{ type: fact.type, data: ballotFactToJson(fact), metadata }])
    } catch (error) {
      // It may have been written all the same: the log knows. If it cannot be read now, the next command asks again.
      await this.ensureSound().catch(() => undefined)
      throw error
    }
    this.#evolve(fact)
  }

  /** False after a failed append, until the configuration is folded from the log again. */
  get isSound(): boolean {
    return this.#refolding.isSound
  }

  ensureSound(): Promise<void> {
    return this.#refolding.ensure(() => this.#fold())
  }

  /** What a session became, and was before. */
  follow(host: SessionHost, before: HostedState | undefined, state: HostedState): void {
    if (!isSafeState(state)) {
      if (before === undefined) this.#keep(host, state.createdAtSec)
      return
    }
    const isNewlySettled =
      state.phase === 'settled' && !(before !== undefined && isSafeState(before) && before.phase === 'settled')
    // ballots §8.10: of the settled, the one that was settled first goes first.
    if (isNewlySettled && !state.isGone) this.#keep(host, 0n)
  }

  /** A session became durable: it is the last to have arrived. */
  #keep(host: SessionHost, createdAtSec: bigint): void {
    this.#kept.add(host)
    this.#byAge.push({ host, createdAtSec, sequence: this.#sequence })
    this.#sequence += 1
    this.sessions.delete(host.key.proposalId)
    this.sessions.set(host.key.proposalId, host)
  }

  /** The session that goes first, if more than `limit` are kept. From now on it counts as gone. */
  takeExcess(limit: number): Kept | undefined {
    while (this.#kept.size > limit) {
      const first = this.#byAge.pop()
      if (first === undefined || this.#kept.delete(first.host)) return first
    }
    return undefined
  }

  /** Its end could not be written. */
  putBack(kept: Kept): void {
    if (this.sessions.get(kept.host.key.proposalId) !== kept.host) return
    this.#kept.add(kept.host)
    this.#byAge.push(kept)
  }

  /** It is gone. */
  forget(host: SessionHost): void {
    this.#kept.delete(host)
    if (this.sessions.get(host.key.proposalId) === host) this.sessions.delete(host.key.proposalId)
    if (this.#byAge.size > 2 * this.#kept.size) this.#byAge.retain((entry) => this.#kept.has(entry.host))
  }

  async #fold(): Promise<Refold> {
    let revision: Revision | undefined
    let settings = NO_SETTINGS
    for await (const fact of this.#log.read(this.writer.stream)) {
      settings = settingsAfter(settings, ballotFactFromJson(fact.type, fact.data) as ScopeFact)
      revision = fact.revision
    }
    return {
      revision,
      adopt: () => {
        this.#settings = settings
      },
    }
  }

  #evolve(fact: ScopeFact): void {
    this.#settings = settingsAfter(this.#settings, fact)
  }
}

function settingsAfter(before: Settings, fact: ScopeFact): Settings {
  switch (fact.type) {
    case 'ScopeConfigured':
      return { ...NO_SETTINGS, config: produce(fact.config, () => undefined) }
    case 'SafeScopeConfigured':
      return { ...NO_SETTINGS, safe: Object.freeze(fact.settings) }
    case 'ScopeDeletionBegun':
      return { ...before, isBeingDeleted: true }
    case 'ScopeDeleted':
      return NO_SETTINGS
  }
}
