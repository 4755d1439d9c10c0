/**
 * @module engine/ballots/safe/parts
 *
 * What the handles of safe ballots stand on.
 */

import type { Bytes } from '../../../base/bytes.ts'
import type { Clock } from '../../../ports/clock.ts'
import type { Random } from '../../../ports/random.ts'
import type { Signer } from '../../../ports/signature-scheme.ts'
import type { Notifier } from '../notifier.ts'
import type { Registry } from '../registry.ts'
import type { SessionEngine } from '../session-engine.ts'
import type { BallotOrder } from './order.ts'
import type { QuorumCommands } from './quorum.ts'

export interface BallotParts {
  readonly engine: SessionEngine
  readonly registry: Registry
  readonly notifier: Notifier
  readonly quorum: QuorumCommands
  readonly order: BallotOrder | undefined
  readonly signer: Signer
  readonly clock: Clock
  readonly random: Random
  /** Of a session that is not in the order, or not any more: from memory, or from the log where it is evicted. */
  loggedCertificate(scope: string, proposalId: string, signal: AbortSignal | undefined): Promise<Bytes>
}
