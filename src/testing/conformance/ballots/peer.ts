/**
 * @module testing/conformance/ballots/peer
 *
 * A service as the vectors see one: its sessions and events as they write them. Its clock stands still, since every call
 * of a vector brings its own time.
 */

import { fromHex } from '../../../base/text.ts'
import { BallotError, type Proposal } from '../../../core/ballot/index.ts'
import { ethereumSigner } from '../../../crypto/index.ts'
import { type ConsensusService, createConsensusService } from '../../../engine/ballots/consensus-service.ts'
import { VirtualClock } from '../../virtual-clock.ts'
import { applyCalls, type Call } from './format.ts'

export interface SessionJson {
  readonly state: string
  readonly round: number
  readonly votes: readonly number[]
}

export interface EventJson {
  readonly scope: string
  readonly type: string
  readonly proposalId: number
  readonly result?: boolean
  readonly timestamp: string
}

export interface PeerOptions {
  readonly privateKey: string
  readonly maxSessions?: number
}

export class Peer {
  readonly service: ConsensusService
  #heard: EventJson[] = []

  constructor({ privateKey, maxSessions }: PeerOptions, sharesWith?: Peer) {
    const signer = ethereumSigner(fromHex(privateKey))
    this.service =
      sharesWith?.service.withSigner(signer) ??
      createConsensusService({
        signer,
        clock: new VirtualClock(),
        ...(maxSessions === undefined ? {} : { maxSessionsPerScope: maxSessions }),
      })
    this.service.decisions$.subscribe(({ scope, event }) => {
      this.#heard.push({ scope, ...event, timestamp: String(event.timestamp) })
    })
  }

  /** What was heard since the last call. */
  takeEvents(): EventJson[] {
    const heard = this.#heard
    this.#heard = []
    return heard
  }

  session(scope: string, proposalId: number): SessionJson | null {
    const found = this.find(scope, proposalId)
    if (found === undefined) return null
    const { status, round } = this.service.storage().session(scope, proposalId)
    return { state: status, round, votes: found.votes.map(({ voteId }) => voteId) }
  }

  find(scope: string, proposalId: number): Proposal | undefined {
    try {
      return this.service.getProposal(scope, proposalId)
    } catch (error) {
      if (error instanceof BallotError && error.code === 'SessionNotFound') return undefined
      throw error
    }
  }

  /** As vectors prepare a scope; without calls it stays unconfigured. */
  async configure(scope: string, calls: readonly Call[] | null | undefined, initialize: unknown): Promise<void> {
    if (!calls && !initialize) return
    const builder = this.service.scope(scope)
    applyCalls(builder, calls)
    await builder.initialize()
  }
}
