/**
 * @module testing/conformance/ballots/story-queries
 *
 * What a service holds, as stories write it. Lists have no order there; they are sorted by id or name.
 */

import { sha256 } from '@noble/hashes/sha2.js'
import { toHex } from '../../../base/text.ts'
import { encodeProposal } from '../../../core/ballot/index.ts'
import { configJson } from './format.ts'
import type { Peer } from './peer.ts'
import type { FinalScope, FinalSession, StatsJson } from './story.ts'

const ascending = (a: number, b: number): number => a - b

export function statsOf({ service }: Peer, scope: string): StatsJson {
  const { totalSessions, activeSessions, failedSessions, consensusReached } = service.getScopeStats(scope)
  return { total: totalSessions, active: activeSessions, failed: failedSessions, reached: consensusReached }
}

export function activeIn({ service }: Peer, scope: string): number[] {
  return service
    .getActiveProposals(scope)
    .map(({ proposalId }) => proposalId)
    .sort(ascending)
}

export function reachedIn({ service }: Peer, scope: string): Record<string, boolean> {
  return Object.fromEntries(service.getReachedProposals(scope))
}

export function scopesOf({ service }: Peer): string[] | null {
  const names = service.listScopes().sort()
  return names.length === 0 ? null : names
}

function sessionsIn(peer: Peer, scope: string): FinalSession[] {
  const { service } = peer
  return service
    .storage()
    .sessions(scope)
    .map(({ proposalId, createdAtSec, config }): FinalSession => {
      const session = peer.session(scope, proposalId) ?? { state: 'unknown', round: 0, votes: [] }
      return {
        proposalId,
        ...session,
        createdAt: String(createdAtSec),
        config: configJson(config) ?? { ...config, timeoutSec: '' },
        proposalSha256: toHex(sha256(encodeProposal(service.getProposal(scope, proposalId)))),
      }
    })
    .sort((a, b) => a.proposalId - b.proposalId)
}

export function scopeOf(peer: Peer, scope: string): FinalScope {
  return {
    config: configJson(peer.service.getScopeConfig(scope)),
    stats: statsOf(peer, scope),
    active: activeIn(peer, scope),
    reached: reachedIn(peer, scope),
    sessions: sessionsIn(peer, scope),
  }
}
