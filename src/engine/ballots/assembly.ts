/**
 * @module engine/ballots/assembly
 *
 * What a consensus service stands on; services of several keys over one storage have it in common.
 */

import { toHex } from '../../base/text.ts'
import type { Clock } from '../../ports/clock.ts'
import type { EventLog, LogError } from '../../ports/event-log.ts'
import type { Random } from '../../ports/random.ts'
import type { Signer } from '../../ports/signature-scheme.ts'
import { NoticeQueue } from '../notices.ts'
import { VerificationQueue } from '../verification.ts'
import { Notifier } from './notifier.ts'
import type { ConsensusServiceOptions } from './options.ts'
import { SessionQueries } from './queries.ts'
import { Registry } from './registry.ts'
import { SessionEngine } from './session-engine.ts'

export interface Assembly {
  readonly log: EventLog
  readonly clock: Clock
  readonly random: Random
  readonly registry: Registry
  readonly notifier: Notifier
  readonly engine: SessionEngine
  readonly verification: VerificationQueue
  readonly queries: SessionQueries
}

export interface AssemblyOptions extends Omit<Required<ConsensusServiceOptions>, 'signer'> {
  /** The deadline of a session passed: what an `ordered` one owes is for the order to carry. */
  readonly deadlinePassed?: () => void
  /** Somebody else writes one of our streams. */
  readonly fenced?: (error: LogError) => void
}

/** `signer` names the streams and the scheme. */
export function assemble(signer: Signer, options: AssemblyOptions): Assembly {
  const { log, clock, random } = options
  const registry: Registry = new Registry(log, toHex(signer.identity), signer.scheme, (...became) =>
    engine.cameToLight(...became),
  )
  const notifier = new Notifier(new NoticeQueue())
  const engine: SessionEngine = new SessionEngine({ ...options, registry, notifier })
  const verification = new VerificationQueue(signer.scheme)
  return { log, clock, random, registry, notifier, engine, verification, queries: new SessionQueries(registry) }
}
