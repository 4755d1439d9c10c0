/**
 * @module testing/sim/workloads/membership
 *
 * Peers join and leave. Whoever may vote for it does, again and again, until it is agreed; in the end every correct peer
 * that stays is voter for all of them, and who left is for none (parsec §8).
 */

import { toHex } from '../../../base/text.ts'
import type { SimPeer } from '../sim-peer.ts'
import type { Lack, Stage, Workload } from '../stage.ts'

const CAMPAIGN_MS = 400

export class Membership implements Workload {
  readonly #stage: Stage
  readonly #joiners: SimPeer[] = []

  constructor(stage: Stage) {
    this.#stage = stage
  }

  begin(): void {
    const random = this.#stage.random.fork('membership')
    this.#stage.every(
      CAMPAIGN_MS,
      random,
      () => this.#stage.isSettled,
      () => this.#campaign(),
    )
  }

  join(): void {
    if (this.#joiners.length >= this.#stage.scenario.maxJoins) return
    const joiner = this.#stage.addJoiner(`joiner-${this.#joiners.length}`)
    this.#stage.counts.joins += 1
    this.#joiners.push(joiner)
    this.#stage.launch(joiner.start())
  }

  /** One leaves at most, and never so that the adversaries are a third. */
  leave(leaver: SimPeer): void {
    const { peers, adversaries, counts } = this.#stage
    const founders = peers.filter(({ join }) => join === undefined).length
    const faulty = adversaries.length
    if (leaver.join !== undefined || counts.leaves > 0) return
    if (founders < 4 || founders - 1 + faulty <= 3 * faulty) return
    counts.leaves += 1
    leaver.isLeaving = true
    this.#stage.launch(leaver.voteForMember('remove', leaver.id))
  }

  #campaign(): void {
    const { peers } = this.#stage
    for (const peer of peers) {
      for (const joiner of this.#joiners) {
        if (peer !== joiner && !isVoter(peer, joiner)) this.#stage.launch(peer.voteForMember('add', joiner.id))
      }
      for (const leaver of peers) {
        if (leaver.isLeaving && isVoter(peer, leaver)) this.#stage.launch(peer.voteForMember('remove', leaver.id))
      }
    }
  }

  lacks(): Lack | undefined {
    const { peers } = this.#stage
    for (const peer of peers) {
      if (peer.isLeaving) continue
      for (const other of peers) {
        if (isVoter(peer, other) !== other.isLeaving) continue
        return { peer: peer.name, what: `${other.name} is ${other.isLeaving ? 'still' : 'no'} voter` }
      }
    }
    return undefined
  }
}

/** Whether `peer` counts `other` among the voters. */
const isVoter = (peer: SimPeer, other: SimPeer): boolean =>
  peer.life?.witan.membership.voters.includes(toHex(other.id)) === true
