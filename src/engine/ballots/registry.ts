/**
 * @module engine/ballots/registry
 *
 * All scopes and sessions of one peer, by name and id, and their rebuilding from the log.
 */

import { assert } from '../../base/errors.ts'
import type { EventLog, RecordedFact, Revision } from '../../ports/event-log.ts'
import { parseStreamName, streamName } from '../streams.ts'
import { ScopeHost } from './scope-host.ts'
import { SessionHost } from './session-host.ts'

export class Registry {
  readonly #log: EventLog
  readonly #peer: string
  readonly #scopes = new Map<string, ScopeHost>()
  readonly #hosts = new Map<string, SessionHost>()

  constructor(log: EventLog, peer: string) {
    this.#log = log
    this.#peer = peer
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

  scope(name: string, revision?: Revision): ScopeHost {
    const known = this.#scopes.get(name)
    if (known !== undefined) return known
    const stream = streamName({ category: 'scope', peer: this.#peer, scope: name })
    const scope = new ScopeHost(this.#log, stream, name, revision)
    this.#scopes.set(name, scope)
    return scope
  }

  /** By the name of its stream, which is the id of its actor. */
  hostOf(stream: string): SessionHost | undefined {
    return this.#hosts.get(stream)
  }

  find(scope: string, proposalId: number): SessionHost | undefined {
    return this.#scopes.get(scope)?.sessions.get(proposalId)
  }

  /** A session whose first fact is about to be appended. */
  open(scope: string, proposalId: number): SessionHost {
    const host = this.#newHost(scope, proposalId)
    assert(!this.#hosts.has(host.id), 'a session is opened once')
    this.#add(host)
    return host
  }

  /** After its end is durable, or its beginning was not. */
  drop(host: SessionHost): void {
    host.stop()
    this.#hosts.delete(host.id)
    const scope = this.#scopes.get(host.key.scope)
    scope?.sessions.delete(host.key.proposalId)
    // A scope without configuration ever is nothing but its sessions.
    if (scope?.sessions.size === 0 && scope.writer.revision === -1 && scope.writer.isIdle)
      this.#scopes.delete(scope.name)
  }

  /** Folds every fact of this peer's ballots, in the order of the log. Resolves to how many there were. */
  async recover(signal?: AbortSignal): Promise<number> {
    const revisions = new Map<StreamOwner, Revision>()
    let facts = 0
    for await (const fact of this.#log.readAll(signal === undefined ? {} : { signal })) {
      const owner = this.#replay(fact)
      if (owner === undefined) continue
      revisions.set(owner, fact.revision)
      facts += 1
    }
    for (const [owner, revision] of revisions) owner.writer.restart(revision)
    for (const host of this.#hosts.values()) if (host.session.isGone) this.drop(host)
    return facts
  }

  #replay(fact: RecordedFact): StreamOwner | undefined {
    const name = parseStreamName(fact.stream)
    if (name?.peer !== this.#peer || name.scope === undefined) return undefined
    if (name.category === 'scope') {
      const scope = this.scope(name.scope)
      scope.replay(fact)
      return scope
    }
    if (name.category !== 'ballot' || name.proposal === undefined) return undefined
    let host = this.#hosts.get(fact.stream)
    // A session that ended and began again is a new one, and the newest in its scope.
    if (host === undefined || host.session.isGone) {
      if (host !== undefined) this.drop(host)
      host = this.#newHost(name.scope, Number(name.proposal))
      this.#add(host)
    }
    host.replay(fact)
    return host
  }

  #newHost(scope: string, proposalId: number): SessionHost {
    const stream = streamName({ category: 'ballot', peer: this.#peer, scope, proposal: String(proposalId) })
    return new SessionHost(this.#log, stream, { scope, proposalId })
  }

  #add(host: SessionHost): void {
    this.#hosts.set(host.id, host)
    this.scope(host.key.scope).sessions.set(host.key.proposalId, host)
  }
}

type StreamOwner = ScopeHost | SessionHost
