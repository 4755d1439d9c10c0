/**
 * @module engine/ballots/registry
 *
 * All scopes and sessions of one peer, by name and id, and their rebuilding from the log.
 */

import { utf8 } from '../../base/bytes.ts'
import { assert } from '../../base/errors.ts'
import { safe } from '../../core/ballot/index.ts'
import { type EventLog, NO_STREAM, type RecordedFact, STREAM_NAME_LIMIT } from '../../ports/event-log.ts'
import { parseStreamName, streamName } from '../streams.ts'
import {
  evolveHosted,
  type HostedOutcome,
  hostedFactFromJson,
  hostedOutcomeOf,
  isSafeState,
  newSession,
  notFound,
  type ProposalKey,
} from './hosted.ts'
import { ServiceError } from './options.ts'
import { ScopeHost } from './scope-host.ts'
import { type Follow, SessionHost } from './session-host.ts'

/** Of a digest. */
const LONGEST_ID = '0'.repeat(64)
const DECIMAL = /^\d{1,10}$/

export class Registry {
  readonly #log: EventLog
  readonly #peer: string
  readonly #scopes = new Map<string, ScopeHost>()
  readonly #hosts = new Map<string, SessionHost>()
  /** Sessions of the policy `safe` that are gone, by stream, with what they decided: they never open again. */
  readonly #ended = new Map<string, HostedOutcome>()
  readonly #format: safe.BallotFormat
  readonly #follow: Follow

  /** `follow` is told of facts that turn out to be written although their append failed. */
  constructor(log: EventLog, peer: string, format: safe.BallotFormat, follow: Follow) {
    this.#log = log
    this.#peer = peer
    this.#format = format
    this.#follow = follow
  }

  /** Every scope that this process knows of, also one without sessions. */
  get scopes(): IterableIterator<ScopeHost> {
    return this.#scopes.values()
  }

  get hosts(): IterableIterator<SessionHost> {
    return this.#hosts.values()
  }

  findScope(name: string): ScopeHost | undefined {
    return this.#scopes.get(name)
  }

  /** Begins it where it is unknown. */
  scope(name: string): ScopeHost {
    const known = this.#scopes.get(name)
    if (known !== undefined) return known
    this.#checkName(name)
    const scope = new ScopeHost(this.#log, streamName({ category: 'scope', peer: this.#peer, scope: name }), name)
    this.#scopes.set(name, scope)
    return scope
  }

  /** Two names must never share a stream, and a stream must take the name. */
  #checkName(name: string): void {
    const longest = this.streamOf(name, LONGEST_ID)
    if (name.isWellFormed() && utf8(longest).length <= STREAM_NAME_LIMIT) return
    throw new ServiceError(
      { code: 'InvalidScope', scope: name },
      `the name of a scope must be well-formed text, short enough for a stream of at most ${STREAM_NAME_LIMIT} bytes`,
    )
  }

  /** By the name of its stream, which is the id of its actor. */
  hostOf(stream: string): SessionHost | undefined {
    return this.#hosts.get(stream)
  }

  find(scope: string, proposalId: ProposalKey): SessionHost | undefined {
    return this.#scopes.get(scope)?.sessions.get(proposalId)
  }

  /** A session whose first fact is about to be appended. */
  open(scope: string, proposalId: ProposalKey): SessionHost {
    const host = this.#newHost(scope, proposalId)
    assert(!this.#hosts.has(host.id), 'a session is opened once')
    this.#add(host)
    return host
  }

  /** A session of the policy `safe` as the log has it: also one that is evicted. Throws `SessionNotFound`. */
  async loggedSession(scope: string, proposalId: string): Promise<safe.SafeSession> {
    const session = new safe.SafeSession(this.#format)
    for await (const fact of this.#log.read(this.streamOf(scope, proposalId))) {
      evolveHosted(session, hostedFactFromJson(fact.type, fact.data))
    }
    if (session.factCount === 0) throw notFound(scope, proposalId)
    return session
  }

  /** How a session of the policy `safe` that is gone was decided (`null`: not at all); `undefined` for any other. */
  endedOutcome(scope: string, proposalId: string): HostedOutcome | undefined {
    return this.#ended.get(this.streamOf(scope, proposalId))
  }

  /** After its end is durable, or its beginning was not. */
  drop(host: SessionHost): void {
    host.stop()
    const state = host.durable
    if (state?.isGone === true && isSafeState(state)) this.#ended.set(host.id, hostedOutcomeOf(state) ?? null)
    if (this.#hosts.get(host.id) !== host) return
    this.#hosts.delete(host.id)
    const scope = this.#scopes.get(host.key.scope)
    scope?.forget(host)
    if (scope !== undefined) this.dropIfEmpty(scope)
  }

  /** A scope without configuration ever is nothing but its sessions. */
  dropIfEmpty(scope: ScopeHost): void {
    const isUnconfigured = scope.writer.revision === NO_STREAM && scope.writer.isIdle && scope.isSound
    if (scope.sessions.size === 0 && isUnconfigured) this.#scopes.delete(scope.name)
  }

  /** Forgets everything; the log is as it was. */
  clear(): void {
    for (const host of this.#hosts.values()) host.stop()
    this.#hosts.clear()
    this.#scopes.clear()
  }

  /** Folds every fact of this peer's ballots, in the order of the log. Resolves to how many there were. */
  async recover(signal?: AbortSignal): Promise<number> {
    let facts = 0
    for await (const fact of this.#log.readAll(signal === undefined ? {} : { signal })) {
      if (this.#replay(fact)) facts += 1
    }
    return facts
  }

  /** False for what is none of ours. */
  #replay(fact: RecordedFact): boolean {
    const name = parseStreamName(fact.stream)
    if (name?.peer !== this.#peer || name.scope === undefined) return false
    if (name.category === 'scope') this.scope(name.scope).replay(fact)
    else if (name.category === 'ballot' && name.proposal !== undefined)
      this.#replaySession(name.scope, DECIMAL.test(name.proposal) ? Number(name.proposal) : name.proposal, fact)
    else return false
    return true
  }

  #replaySession(scope: string, proposalId: ProposalKey, fact: RecordedFact): void {
    let host = this.#hosts.get(fact.stream)
    if (host === undefined) {
      host = this.#newHost(scope, proposalId)
      this.#add(host)
    }
    const before = host.durable
    host.replay(fact)
    this.scope(scope).follow(host, before, host.session.state)
    // A session of this id that begins again is another one, and the newest in its scope.
    if (host.session.isGone) this.drop(host)
  }

  #newHost(scope: string, proposalId: ProposalKey): SessionHost {
    const create = () => newSession(proposalId, this.#format)
    return new SessionHost(
      this.#log,
      this.streamOf(scope, String(proposalId)),
      { scope, proposalId },
      create,
      this.#follow,
    )
  }

  streamOf(scope: string, proposal: string): string {
    return streamName({ category: 'ballot', peer: this.#peer, scope, proposal })
  }

  #add(host: SessionHost): void {
    this.#hosts.set(host.id, host)
    this.scope(host.key.scope).sessions.set(host.key.proposalId, host)
  }
}
