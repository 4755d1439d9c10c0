/**
 * @module engine/ballots/scope-host
 *
 * One scope: its configuration, and its sessions in order of arrival.
 */

import { produce } from 'immer'
import { ballotFactFromJson, ballotFactToJson, type ScopeConfig, type ScopeFact } from '../../core/ballot/index.ts'
import { type EventLog, type FactMetadata, NO_STREAM, type RecordedFact, type Revision } from '../../ports/event-log.ts'
import { StreamWriter } from '../stream-writer.ts'
import type { SessionHost } from './session-host.ts'

export class ScopeHost {
  readonly name: string
  readonly writer: StreamWriter
  readonly sessions = new Map<number, SessionHost>()
  readonly #log: EventLog
  /** Frozen; durable. */
  #config: ScopeConfig | undefined

  constructor(log: EventLog, stream: string, name: string, revision: Revision | undefined) {
    this.#log = log
    this.name = name
    this.writer = new StreamWriter(log, stream, revision ?? NO_STREAM)
  }

  get config(): ScopeConfig | undefined {
    return this.#config
  }

  replay(fact: RecordedFact): void {
    this.#evolve(ballotFactFromJson(fact.type, fact.data) as ScopeFact)
  }

  async commit(fact: ScopeFact, metadata: FactMetadata): Promise<void> {
    try {
      await this.writer.append([{ type: fact.type, data: ballotFactToJson(fact), metadata }])
    } catch (error) {
      await this.#reload()
      throw error
    }
    this.#evolve(fact)
  }

  /** The append may have been written all the same: the log knows. */
  async #reload(): Promise<void> {
    await this.writer.settled()
    if (this.writer.failure === undefined || this.writer.isFenced) return
    let revision = NO_STREAM
    let config: ScopeConfig | undefined
    for await (const fact of this.#log.read(this.writer.stream)) {
      config = configAfter(ballotFactFromJson(fact.type, fact.data) as ScopeFact)
      revision = fact.revision
    }
    this.#config = config
    this.writer.restart(revision)
  }

  #evolve(fact: ScopeFact): void {
    this.#config = configAfter(fact)
  }
}

function configAfter(fact: ScopeFact): ScopeConfig | undefined {
  return fact.type === 'ScopeConfigured' ? produce(fact.config, () => undefined) : undefined
}
