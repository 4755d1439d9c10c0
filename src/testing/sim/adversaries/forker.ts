/**
 * @module testing/sim/adversaries/forker
 *
 * A peer that runs as two instances of one key, from one log copied at some instant; each of the others ever sees one of
 * them. Both keep to the rules by themselves, so that their forks look as a careless operator's do (parsec §4, fork).
 */

import { type Bytes, equalBytes } from '../../../base/bytes.ts'
import { SimDisk } from '../disk.ts'
import { CALM_DISK } from '../scenario.ts'
import { SimPeer } from '../sim-peer.ts'
import type { Adversary, AdversaryMaker, Stage } from '../stage.ts'

class Forker implements Adversary {
  readonly #stage: Stage
  readonly #random: Stage['random']
  readonly #name: string
  readonly #first: SimPeer
  #twin: SimPeer | undefined
  #twinAddress: Bytes | undefined
  /** Names of the peers that see the twin. */
  readonly #otherSide = new Set<string>()

  constructor(stage: Stage, name: string) {
    this.#stage = stage
    this.#name = name
    this.#random = stage.random.fork(name)
    this.#first = new SimPeer(stage, { name, signer: stage.signerOf(name), disk: this.#disk('disk') })
  }

  get id(): Bytes {
    return this.#first.id
  }

  #disk(name: string): SimDisk {
    return new SimDisk(this.#stage.clock, this.#random.fork(name), this.#stage.counts, () => undefined)
  }

  start(): void {
    this.#stage.launch(this.#first.start())
    const splitMs = this.#random.int(100, this.#stage.scenario.chaosMs >> 1)
    this.#stage.later(splitMs, () => this.#stage.launch(this.#split()))
  }

  async #split(): Promise<void> {
    const disk = this.#disk('twin/disk')
    await disk.copyFrom(this.#first.disk)
    this.#twinAddress = this.#stage.addressOf(this.id, 'twin')
    this.#twin = new SimPeer(this.#stage, { name: `${this.#name}-twin`, signer: this.#first.signer, disk })
    const { peers } = this.#stage
    for (const peer of this.#random.shuffle(peers).slice(0, peers.length >> 1)) this.#otherSide.add(peer.name)
    await this.#twin.start(this.#twinAddress)
  }

  crash(): void {
    const body = this.#aBody()
    body.crash()
    if (body === this.#first) this.#stage.restartLater(this.#first)
  }

  vote(payload: Bytes): void {
    const body = this.#aBody()
    if (body.isUp) this.#stage.launch(body.vote(payload))
  }

  #aBody(): SimPeer {
    return this.#twin === undefined || this.#random.chance(0.5) ? this.#first : this.#twin
  }

  reaches(body: SimPeer, to: Bytes): boolean {
    if (this.#twin === undefined) return true
    const recipient = this.#stage.peers.find(({ id }) => equalBytes(id, to))
    return recipient === undefined || this.#seenBy(recipient) === body
  }

  addressFor(from: SimPeer): Bytes {
    return this.#twinAddress !== undefined && this.#seenBy(from) === this.#twin ? this.#twinAddress : this.id
  }

  #seenBy(peer: SimPeer): SimPeer {
    return this.#twin !== undefined && this.#otherSide.has(peer.name) ? this.#twin : this.#first
  }

  /** One instance goes on, reachable by its own side only. */
  calm(): void {
    this.#twin?.crash()
    this.#first.disk.faults = CALM_DISK
    if (this.#first.life === undefined) this.#stage.restartLater(this.#first)
  }

  /** It may ask for ever, and whoever is asked must answer. */
  end(): void {
    this.#first.crash()
    this.#twin?.crash()
  }
}

export const forker: AdversaryMaker = (stage, name) => new Forker(stage, name)
