/**
 * @module testing/sim/adversaries/forker
 *
 * A peer that runs as two or three instances of one key, from one log copied at some instant; each of the others ever sees one of
 * them, chosen by lot. All keep to the rules by themselves, so that their forks look as a careless operator's do (parsec §4, fork).
 */

import { type Bytes, equalBytes } from '../../../base/bytes.ts'
import { present } from '../../../base/errors.ts'
import { SimDisk } from '../disk.ts'
import { CALM_DISK } from '../scenario.ts'
import { SimPeer } from '../sim-peer.ts'
import type { Adversary, AdversaryMaker, Stage } from '../stage.ts'

const MAX_TWINS = 2

interface Branch {
  readonly body: SimPeer
  /** Where those find it that are to see it. */
  readonly address: Bytes
}

class Forker implements Adversary {
  readonly #stage: Stage
  readonly #random: Stage['random']
  readonly #name: string
  readonly #first: Branch
  #twins: readonly Branch[] = []
  /** By name of a peer: what it sees; the others see the first. */
  readonly #shownTo = new Map<string, Branch>()

  constructor(stage: Stage, name: string) {
    this.#stage = stage
    this.#name = name
    this.#random = stage.random.fork(name)
    const body = new SimPeer(stage, { name, signer: stage.signerOf(name), disk: this.#disk('disk') })
    this.#first = { body, address: body.id }
  }

  get id(): Bytes {
    return this.#first.body.id
  }

  #disk(name: string): SimDisk {
    return new SimDisk(this.#stage.clock, this.#random.fork(name), this.#stage.counts, () => undefined)
  }

  start(): void {
    this.#stage.launch(this.#first.body.start())
    const splitMs = this.#random.int(100, this.#stage.scenario.chaosMs >> 1)
    this.#stage.later(splitMs, () => this.#stage.launch(this.#split()))
  }

  async #split(): Promise<void> {
    const { peers } = this.#stage
    const count = this.#random.int(1, MAX_TWINS)
    const disks = Array.from({ length: count }, (_, i) => this.#disk(`twin-${i}/disk`))
    for (const disk of disks) await disk.copyFrom(this.#first.body.disk)
    const { signer } = this.#first.body
    const twins = disks.map((disk, i) => ({
      body: new SimPeer(this.#stage, { name: `${this.#name}-twin-${i}`, signer, disk }),
      address: this.#stage.addressOf(this.id, `twin-${i}`),
    }))
    this.#twins = twins
    const audience = this.#random.shuffle(peers).slice(0, Math.max(count, peers.length >> 1))
    for (const [i, { name }] of audience.entries()) this.#shownTo.set(name, present(twins[i % count], 'a twin'))
    await Promise.all(twins.map(({ body, address }) => body.start(address)))
  }

  crash(): void {
    const body = this.#aBody()
    body.crash()
    if (body === this.#first.body) this.#stage.restartLater(body)
  }

  vote(payload: Bytes): void {
    const body = this.#aBody()
    if (body.isUp) this.#stage.launch(body.vote(payload))
  }

  #aBody(): SimPeer {
    return this.#random.pick([this.#first, ...this.#twins]).body
  }

  reaches(body: SimPeer, to: Bytes): boolean {
    const recipient = this.#stage.peers.find(({ id }) => equalBytes(id, to))
    return recipient === undefined || this.#seenBy(recipient).body === body
  }

  addressFor(from: SimPeer): Bytes {
    return this.#seenBy(from).address
  }

  #seenBy({ name }: SimPeer): Branch {
    return this.#shownTo.get(name) ?? this.#first
  }

  /** One instance goes on, reachable by its own side only. */
  calm(): void {
    for (const { body } of this.#twins) body.crash()
    this.#first.body.disk.faults = CALM_DISK
    if (this.#first.body.life === undefined) this.#stage.restartLater(this.#first.body)
  }

  /** It may ask for ever, and whoever is asked must answer. */
  end(): void {
    for (const { body } of [this.#first, ...this.#twins]) body.crash()
  }
}

export const forker: AdversaryMaker = (stage, name) => new Forker(stage, name)
