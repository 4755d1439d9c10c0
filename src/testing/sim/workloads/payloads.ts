/**
 * @module testing/sim/workloads/payloads
 *
 * Single votes for payloads, each its own, by peers and adversaries. What a correct peer's vote made durable must be
 * ordered in the end, unless the peer has left (parsec §12, termination); nothing is ordered that nobody asked for.
 */

import { utf8 } from '../../../base/bytes.ts'
import type { PayloadFrame } from '../../../wire/payload.ts'
import type { SimPeer } from '../sim-peer.ts'
import type { Lack, Stage, Workload, WorkloadMaker } from '../stage.ts'

/** One in so many votes is an adversary's. */
const ADVERSARY_EVERY = 10

class Payloads implements Workload {
  readonly #stage: Stage
  readonly #asked = new Set<string>()
  /** Durable and not yet ordered: whose. */
  readonly #awaited = new Map<string, SimPeer>()
  readonly #ordered = new Set<string>()

  constructor(stage: Stage) {
    this.#stage = stage
  }

  begin(): void {
    const { scenario, peers, adversaries } = this.#stage
    const random = this.#stage.random.fork('payloads')
    this.#stage.every(
      scenario.voteEveryMs,
      random,
      () => this.#stage.isWorkDone,
      () => {
        const up = peers.filter(({ isUp }) => isUp)
        if (up.length > 0) this.#castSome(random.pick(up))
        const adversary = adversaries[random.int(0, ADVERSARY_EVERY - 1)]
        adversary?.vote?.(utf8(this.#next('adversary')))
      },
    )
  }

  #castSome(peer: SimPeer): void {
    for (let i = 0; i < this.#stage.scenario.votesAtOnce; i += 1) this.#stage.launch(this.#cast(peer))
  }

  #next(whose: string): string {
    const { counts } = this.#stage
    counts.votes += 1
    const payload = `${whose}:${counts.votes}`
    this.#asked.add(payload)
    return payload
  }

  async #cast(peer: SimPeer): Promise<void> {
    const payload = this.#next(peer.name)
    const isDurable = await peer.vote(utf8(payload))
    if (isDurable && !this.#ordered.has(payload)) this.#awaited.set(payload, peer)
  }

  ordered({ kind, body }: PayloadFrame): boolean {
    if (kind !== 'application') return false
    const payload = Buffer.from(body).toString()
    this.#ordered.add(payload)
    this.#awaited.delete(payload)
    return this.#asked.has(payload)
  }

  lacks(): Lack | undefined {
    for (const [payload, peer] of this.#awaited) {
      if (!peer.isLeaving) return { peer: peer.name, what: `the vote for ${payload} is durable and not ordered` }
    }
    return undefined
  }
}

export const payloads: WorkloadMaker = (stage) => new Payloads(stage)
