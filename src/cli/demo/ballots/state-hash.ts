/**
 * @module cli/demo/ballots/state-hash
 *
 * What the demonstration compares: the whole state of a service, and its decisions alone. Both are SHA-256 over a text
 * that does not depend on the order in which sessions began.
 */

import { sha256 } from '@noble/hashes/sha2.js'
import { concatBytes, utf8 } from '../../../base/bytes.ts'
import { toHex } from '../../../base/text.ts'
import { encodeProposal } from '../../../core/ballot/index.ts'
import type { ConsensusService } from '../../../engine/ballots/consensus-service.ts'
import type { ConsensusServiceOptions } from '../../../engine/ballots/options.ts'
import type { EventLog } from '../../../ports/event-log.ts'
import type { Signer } from '../../../ports/signature-scheme.ts'

export const DEMO_SCOPE = 'demo'

/** Every proposal of the file is kept. */
const MAX_SESSIONS = 10_000

export function demoServiceOptions(signer: Signer, log: EventLog): ConsensusServiceOptions {
  return { signer, log, maxSessionsPerScope: MAX_SESSIONS }
}

/** Each session: its proposal with all votes in order, its round, its state, its configuration. */
export function stateHash(service: ConsensusService): string {
  return hashOf(service, ({ proposalId, status, config, createdAtSec, isDeadlinePassed }) => [
    encodeProposal(service.getProposal(DEMO_SCOPE, proposalId)),
    utf8(
      `|${status}|${createdAtSec}|${isDeadlinePassed}|${config.networkType}|${config.threshold}|${config.timeoutNs}|${config.livenessCriteriaYes}|${config.maxRounds}\n`,
    ),
  ])
}

/** Each proposal's id and result: what all peers must agree on. */
export function decisionsHash(service: ConsensusService): string {
  return hashOf(service, ({ proposalId, status }) => [utf8(`${proposalId} ${status}\n`)])
}

type State = ReturnType<ReturnType<ConsensusService['storage']>['sessions']>[number]

function hashOf(service: ConsensusService, part: (state: State) => Uint8Array[]): string {
  const states = service
    .storage()
    .sessions(DEMO_SCOPE)
    .sort((a, b) => a.proposalId - b.proposalId)
  return toHex(sha256(concatBytes(...states.flatMap(part))))
}
