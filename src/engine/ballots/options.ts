/**
 * @module engine/ballots/options
 *
 * What a consensus service is made of, and what is assumed where nothing is given.
 */

import { WitanError } from '../../base/errors.ts'
import { ethereumSigner, generateEthereumKey, systemRandom } from '../../crypto/index.ts'
import { memoryLog } from '../../log/index.ts'
import type { Clock } from '../../ports/clock.ts'
import type { EventLog } from '../../ports/event-log.ts'
import { type Logger, SILENT } from '../../ports/logger.ts'
import type { Random } from '../../ports/random.ts'
import type { Signer } from '../../ports/signature-scheme.ts'
import { systemClock } from '../system-clock.ts'

export interface ConsensusServiceOptions {
  /** Our key, and with it the scheme of the group. Default: a fresh `ethereum` key. */
  readonly signer?: Signer
  /** Default: a memory log, which forgets everything at the end. */
  readonly log?: EventLog
  readonly clock?: Clock
  readonly random?: Random
  /** Sessions kept in a scope; older ones are evicted (ballots §6). A whole number from 0. Default: 10. */
  readonly maxSessionsPerScope?: number
  /** Default: silent. */
  readonly logger?: Logger
}

export type ServiceErrorData =
  | { readonly code: 'InvalidOption'; readonly option: string; readonly value: string }
  | { readonly code: 'ServiceClosed' }
  /** Its name cannot be part of a stream's. */
  | { readonly code: 'InvalidScope'; readonly scope: string }
  /** What is asked for is of the other policy: a scope is what it is as long as it holds anything. */
  | { readonly code: 'PolicyMixed'; readonly scope: string; readonly policy: 'compatible' | 'safe' }
  | { readonly code: 'ProposalIdsExhausted'; readonly scope: string }

/** Misuse of a service. */
export class ServiceError extends WitanError<ServiceErrorData> {}

const DEFAULT_MAX_SESSIONS = 10

export function withDefaults(options: ConsensusServiceOptions): Required<ConsensusServiceOptions> {
  const random = options.random ?? systemRandom
  const maxSessionsPerScope = options.maxSessionsPerScope ?? DEFAULT_MAX_SESSIONS
  if (!Number.isInteger(maxSessionsPerScope) || maxSessionsPerScope < 0) {
    throw new ServiceError(
      { code: 'InvalidOption', option: 'maxSessionsPerScope', value: String(maxSessionsPerScope) },
      `maxSessionsPerScope is ${maxSessionsPerScope}; it must be a whole number from 0`,
    )
  }
  return {
    signer: options.signer ?? ethereumSigner(generateEthereumKey(random)),
    log: options.log ?? memoryLog(),
    clock: options.clock ?? systemClock,
    random,
    maxSessionsPerScope,
    logger: options.logger ?? SILENT,
  }
}
