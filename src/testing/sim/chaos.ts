/**
 * @module testing/sim/chaos
 *
 * The faults, one at a time, each drawn from those that the scenario has. Its powers: it ends any life at any dealing with
 * the outside, loses and delays everything but what is durable, sets clocks, starts processes twice. It cannot sign for a
 * correct peer, nor change what is durable.
 */

import { type CrashPlan, nth } from './process.ts'
import type { FaultKind } from './scenario.ts'
import { CALM, CALM_DISK, drawDisk, drawNetwork } from './scenario.ts'
import type { Life, SimPeer } from './sim-peer.ts'
import type { World } from './world.ts'

const HOUR_MS = 3_600_000

export class Chaos {
  readonly #world: World
  readonly #random: World['random']
  readonly #deeds: Readonly<Record<FaultKind, () => void>>

  constructor(world: World) {
    this.#world = world
    this.#random = world.random.fork('chaos')
    this.#deeds = {
      crash: () => this.#crash(),
      crashAtDealing: () => this.#crashAt(nth(this.#random.int(1, 40))),
      crashWhileWriting: () => this.#crashAt((_, appends) => appends > 1),
      closeAndReopen: () => this.#closeAndReopen(),
      partition: () => this.#partition(),
      heal: () => world.network.heal(),
      network: () => world.network.setFaults({ ...CALM, ...drawNetwork(this.#random) }),
      disk: () => this.#disk(),
      clockJump: () => this.#jump(),
      silence: () => this.#silence(),
      join: () => world.membership.join(),
      leave: () => this.#leave(),
      secondProcess: () => this.#secondProcess(),
      pause: () => this.#pause(),
    }
  }

  /** Does one thing. */
  strike(): void {
    const { scenario, adversaries } = this.#world
    if (scenario.faults.length > 0) this.#deeds[this.#random.pick(scenario.faults)]()
    for (const adversary of adversaries) adversary.strike?.()
  }

  /** From now on nothing goes wrong any more. */
  end(): void {
    const world = this.#world
    world.isCalm = true
    world.network.heal()
    world.network.setFaults(CALM)
    for (const adversary of world.adversaries) adversary.calm()
    for (const peer of world.peers) {
      peer.disk.faults = CALM_DISK
      peer.isMute = false
      peer.life?.process.crashAt(undefined)
      if (peer.second !== undefined) peer.bury(peer.second)
      if (peer.life === undefined) world.restartLater(peer)
    }
  }

  #anyUp(): SimPeer | undefined {
    const up = this.#world.peers.filter(({ isUp }) => isUp)
    return up.length === 0 ? undefined : this.#random.pick(up)
  }

  #crash(): void {
    const { peers, adversaries } = this.#world
    const running = peers.filter(({ life }) => life !== undefined)
    const victims = [
      ...running.map((peer) => () => this.#world.kill(peer)),
      ...adversaries.map((adversary) => () => adversary.crash?.()),
    ]
    if (victims.length === 0) return
    // Sometimes everybody: a power failure.
    for (const kill of this.#random.chance(0.1) ? victims : [this.#random.pick(victims)]) kill()
  }

  #crashAt(isMeant: CrashPlan): void {
    const peer = this.#anyUp()
    if (peer?.life !== undefined) this.#world.crashAt(peer, peer.life, isMeant)
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

  #leave(): void {
    const peer = this.#anyUp()
    if (peer !== undefined) this.#world.membership.leave(peer)
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
    this.#world.later(afterMs, () => {
      if (!this.#world.isCalm) call()
    })
  }
}
