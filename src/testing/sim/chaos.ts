/**
 * @module testing/sim/chaos
 *
 * The faults, one at a time, each drawn from those that the scenario has. Its powers: it ends any life at any dealing with
 * the outside, loses and delays everything but what is durable, sets clocks, starts processes twice. It cannot sign for a
 * correct peer, nor change what is durable.
 */

import type { FaultKind } from './scenario.ts'
import { CALM, CALM_DISK, drawDisk, drawNetwork } from './scenario.ts'
import type { Life, SimPeer } from './sim-peer.ts'
import type { World } from './world.ts'

const MAX_JOINS = 2
const HOUR_MS = 3_600_000

export class Chaos {
  readonly #world: World
  readonly #random: World['random']
  readonly #joiners: SimPeer[] = []
  readonly #deeds: Readonly<Record<FaultKind, () => void>>

  constructor(world: World) {
    this.#world = world
    this.#random = world.random.fork('chaos')
    this.#deeds = {
      crash: () => this.#crash(),
      crashAtDealing: () => this.#crashAtDealing(),
      closeAndReopen: () => this.#closeAndReopen(),
      partition: () => this.#partition(),
      heal: () => world.network.heal(),
      network: () => world.network.setFaults({ ...CALM, ...drawNetwork(this.#random) }),
      disk: () => this.#disk(),
      clockJump: () => this.#jump(),
      silence: () => this.#silence(),
      join: () => this.#join(),
      leave: () => this.#leave(),
      secondProcess: () => this.#secondProcess(),
      pause: () => this.#pause(),
    }
  }

  /** Does one thing. */
  strike(): void {
    this.#deeds[this.#random.pick(this.#world.scenario.faults)]()
  }

  /** Whoever may vote for joins and leaves that are asked for does. */
  campaign(): void {
    const { peers } = this.#world
    const leavers = peers.filter(({ isLeaving }) => isLeaving)
    for (const peer of peers) {
      for (const joiner of this.#joiners) {
        if (peer !== joiner && !isVoter(peer, joiner)) this.#world.launch(peer.voteForMember('add', joiner.id))
      }
      for (const leaver of leavers) {
        if (isVoter(peer, leaver)) this.#world.launch(peer.voteForMember('remove', leaver.id))
      }
    }
  }

  /** From now on nothing goes wrong any more. */
  end(): void {
    const world = this.#world
    world.isCalm = true
    world.network.heal()
    world.network.setFaults(CALM)
    const [forker, ...twins] = world.forkers
    for (const twin of twins) twin.crash()
    for (const peer of [...world.peers, ...(forker === undefined ? [] : [forker])]) {
      peer.disk.faults = CALM_DISK
      peer.isMute = false
      peer.life?.process.crashAfter(Number.POSITIVE_INFINITY, () => undefined)
      if (peer.second !== undefined) peer.bury(peer.second)
      if (peer.life === undefined) world.restartLater(peer)
    }
  }

  #anyUp(): SimPeer | undefined {
    const up = this.#world.peers.filter(({ isUp }) => isUp)
    return up.length === 0 ? undefined : this.#random.pick(up)
  }

  #crash(): void {
    const running = [...this.#world.peers, ...this.#world.forkers].filter(({ life }) => life !== undefined)
    // Sometimes everybody: a power failure.
    const victims = this.#random.chance(0.1) ? running : running.length === 0 ? [] : [this.#random.pick(running)]
    for (const victim of victims) this.#kill(victim)
  }

  #kill(peer: SimPeer): void {
    this.#world.counts.crashes += 1
    peer.crash()
    if (!peer.name.endsWith('-twin')) this.#world.restartLater(peer)
  }

  #crashAtDealing(): void {
    const peer = this.#anyUp()
    peer?.life?.process.crashAfter(this.#random.int(1, 40), () => {
      this.#world.counts.crashesAtDealings += 1
      this.#kill(peer)
    })
  }

  #closeAndReopen(): void {
    const peer = this.#anyUp()
    const life = peer?.life
    if (peer === undefined || life === undefined) return
    this.#world.counts.closed += 1
    life.hasStarted = false
    this.#world.launch(this.#close(peer, life))
  }

  async #close(peer: SimPeer, life: Life): Promise<void> {
    await life.witan.close()
    if (peer.life !== life) return
    peer.bury(life)
    this.#world.restartLater(peer)
  }

  #partition(): void {
    this.#world.counts.partitions += 1
    const shuffled = this.#random.shuffle(this.#world.peers.map(({ id }) => id))
    const cut = this.#random.int(1, shuffled.length - 1)
    this.#world.network.partition([shuffled.slice(0, cut), shuffled.slice(cut)])
    this.#later(this.#random.int(200, 4_000), () => this.#world.network.heal())
  }

  #disk(): void {
    const peer = this.#anyUp()
    if (peer !== undefined) peer.disk.faults = drawDisk(this.#random)
  }

  #jump(): void {
    this.#world.counts.clockJumps += 1
    const farMs = this.#random.pick([50, 5_000, HOUR_MS])
    this.#anyUp()?.jumpClock(this.#random.int(-farMs, farMs))
  }

  #silence(): void {
    const peer = this.#anyUp()
    if (peer === undefined) return
    this.#world.counts.silences += 1
    peer.isMute = true
    this.#later(this.#random.int(200, 5_000), () => {
      peer.isMute = false
    })
  }

  #join(): void {
    if (this.#joiners.length >= MAX_JOINS) return
    const joiner = this.#world.addJoiner(`joiner-${this.#joiners.length}`)
    this.#world.counts.joins += 1
    this.#joiners.push(joiner)
    this.#world.launch(joiner.start())
  }

  /** One leaves at most, and never so that the forker is a third. */
  #leave(): void {
    const { peers, forkers, counts } = this.#world
    const genesis = peers.filter(({ section }) => section === undefined)
    const leaver = this.#anyUp()
    if (leaver === undefined || leaver.section !== undefined || counts.leaves > 0) return
    if (genesis.length - 1 + Math.min(forkers.length, 1) <= 3 * Math.min(forkers.length, 1) || genesis.length < 4)
      return
    counts.leaves += 1
    leaver.isLeaving = true
    this.#world.launch(leaver.voteForMember('remove', leaver.id))
  }

  /** An operator's mistake: the same identity runs twice on one log, the older one perhaps asleep. */
  #secondProcess(): void {
    const peer = this.#anyUp()
    if (peer === undefined || peer.second !== undefined) return
    this.#world.counts.secondProcesses += 1
    if (this.#random.chance(0.5)) this.#sleep(peer)
    this.#world.launch(peer.start(this.#world.addressOf(peer.id, `second/${this.#world.counts.secondProcesses}`)))
  }

  #pause(): void {
    const peer = this.#anyUp()
    if (peer !== undefined) this.#sleep(peer)
  }

  #sleep(peer: SimPeer): void {
    this.#world.counts.pauses += 1
    peer.life?.process.pause(this.#random.int(50, 3_000))
  }

  #later(afterMs: number, call: () => void): void {
    const { clock } = this.#world
    clock.schedule(clock.nowMs() + afterMs, () => {
      if (!this.#world.isCalm) call()
    })
  }
}

/** Whether `peer` counts `other` among the voters. */
export function isVoter(peer: SimPeer, other: SimPeer): boolean {
  const id = Buffer.from(other.id).toString('hex')
  return peer.life?.witan.membership.voters.includes(id) === true
}
