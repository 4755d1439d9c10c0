/**
 * @module engine/peer/ballots/session-records
 *
 * What the order made of each session, in the session's own stream and actor: derived facts, appended in the order of the
 * blocks. Writing is idempotent: what is missing is told by how many facts the session is made of.
 */

import { assert } from '../../../base/errors.ts'
import { toHex } from '../../../base/text.ts'
import { safe } from '../../../core/ballot/index.ts'
import { type Command, hostedOutcomeOf, NO_COMMAND } from '../../ballots/hosted.ts'
import { ServiceError } from '../../ballots/options.ts'
import type { Registry } from '../../ballots/registry.ts'
import type { SessionEngine } from '../../ballots/session-engine.ts'
import { PeerError } from '../errors.ts'

export class SessionRecords {
  readonly #engine: SessionEngine
  readonly #registry: Registry
  readonly #format: safe.BallotFormat
  /** By proposal, from its opening on; until it is settled and durable. */
  readonly #derived = new Map<string, safe.OrderedFact[]>()

  constructor(engine: SessionEngine, registry: Registry, format: safe.BallotFormat) {
    this.#engine = engine
    this.#registry = registry
    this.#format = format
  }

  note(notice: safe.OrderedNotice, position: number): void {
    const fact = safe.orderedFactOf(notice, position)
    if (fact === undefined) return
    const key = toHex(fact.proposalId)
    const facts = this.#derived.get(key) ?? []
    facts.push(fact)
    this.#derived.set(key, facts)
  }

  /** It was evicted or deleted here. */
  isOver({ signed }: safe.OrderedSession): boolean {
    const key = toHex(signed.id)
    const isOver = this.#registry.endedOutcome(signed.proposal.scope, key) !== undefined
    if (isOver) this.#derived.delete(key)
    return isOver
  }

  /** At recovery: the logged facts must be those that the order gives, as far as they go; the rest is appended. */
  async complete(session: safe.OrderedSession): Promise<void> {
    const { scope } = session.signed.proposal
    const key = toHex(session.signed.id)
    const logged = this.#registry.find(scope, key)?.session
    if (logged instanceof safe.SafeSession) {
      const derived = new safe.SafeSession(this.#format)
      for (const fact of this.#factsOf(key).slice(0, logged.factCount)) derived.evolve(fact)
      if (logged.factCount > derived.factCount || JSON.stringify(logged.state) !== JSON.stringify(derived.state)) {
        const stream = this.#registry.streamOf(scope, key)
        throw new PeerError(
          { code: 'ReplayDiffers', index: session.openedAt, stream },
          `${stream} is not what follows from the order: the log was changed, or written by another version`,
        )
      }
    }
    await this.write(session)
  }

  /** Appends what the session's stream lacks; its actor and subscribers follow. */
  async write(session: safe.OrderedSession): Promise<void> {
    const { scope } = session.signed.proposal
    const key = toHex(session.signed.id)
    try {
      const host = this.#registry.find(scope, key)
      if (host === undefined) {
        await this.#engine.open(scope, key, ({ known }) => (known === undefined ? this.#after(key, 0) : NO_COMMAND))
      } else {
        await this.#engine.run(host, (logged) => {
          assert(logged instanceof safe.SafeSession, 'a session of the order is of the policy safe')
          return this.#after(key, logged.factCount)
        })
      }
    } catch (error) {
      // Here the scope is of the other policy, or we are closing: nobody is told, and the order goes on.
      if (!(error instanceof ServiceError || error instanceof safe.SafeBallotError)) throw error
    }
    const durable = this.#registry.find(scope, key)?.durable
    if (durable !== undefined && hostedOutcomeOf(durable) !== undefined) this.#derived.delete(key)
  }

  #after(key: string, count: number): Command<undefined> {
    return { ...NO_COMMAND, facts: this.#factsOf(key).slice(count) }
  }

  #factsOf(key: string): readonly safe.OrderedFact[] {
    return this.#derived.get(key) ?? []
  }
}
