/**
 * @module testing/sim/adversaries/criminal
 *
 * A peer that runs the core by itself, without disk or manners, and now and then signs an event by hand that breaks a rule
 * of parsec §9: every power of `testing/network/crimes.ts` that needs no second instance. It shows them to some peers, in a
 * request or as a part of the graph; it may also answer with garbage, or with nothing. All criminals of a run have the same
 * powers: they work together.
 *
 * - A flooder does nothing but flood.
 * - A latecomer is no member at genesis; the others vote for it, and once it may vote it begins.
 */

import type { Bytes } from '../../../base/bytes.ts'
import { encodeMessage, Parsec, type ParsecFact, type ParsecStep } from '../../../core/parsec/index.ts'
import { groupOf } from '../../../engine/peer/options.ts'
import type { Signer } from '../../../ports/signature-scheme.ts'
import type { IncomingMessage, Transport } from '../../../ports/transport.ts'
import { encodePayload } from '../../../wire/payload.ts'
import { decodePeerMessage, encodePeerMessage } from '../../../wire/peer-message.ts'
import { drawCrime, POWERS, type Power } from '../../network/crimes.ts'
import type { SeededRandom } from '../../seeded-random.ts'
import type { Adversary, AdversaryMaker, Stage } from '../stage.ts'

const MEAN_GOSSIP_MS = 40
const CAMPAIGN_MS = 400
const ALONE: readonly Power[] = ['fork', 'late', 'flood']

interface Part {
  /** At each strike. Default: 1. */
  readonly deeds?: number
  /** Default: drawn, the same for all criminals of a run. */
  readonly powers?: readonly Power[]
  readonly isLate?: boolean
}

class Criminal implements Adversary {
  readonly #stage: Stage
  readonly #random: Stage['random']
  readonly #signer: Signer
  readonly #powers: ReadonlySet<Power>
  readonly #isLate: boolean
  readonly #deeds: number
  readonly #facts: ParsecFact[] = []
  readonly #group: ReturnType<typeof groupOf>
  #parsec: Parsec | undefined
  #transport: Transport | undefined
  #isOver = false
  #hasArrived = false

  constructor(stage: Stage, name: string, { powers, deeds = 1, isLate = false }: Part) {
    this.#stage = stage
    this.#isLate = isLate
    this.#deeds = deeds
    this.#random = stage.random.fork(name)
    this.#signer = stage.signerOf(name)
    this.#powers = new Set(powers ?? drawPowers(stage.random.fork('criminals')))
    this.#group = groupOf(stage.genesis)
    // Who is to be silent finds nothing. Not what its peers agreed on, and nothing tells them.
    if (this.#powers.has('silence')) Object.defineProperty(this.#group, 'detectsMalice', { value: false })
  }

  get id(): Bytes {
    return this.#signer.identity
  }

  start(): void {
    const { parsec, step } = this.#isLate
      ? Parsec.fromExisting(this.#group, this.#signer, this.#group.members)
      : Parsec.fromGenesis(this.#group, this.#signer)
    if (this.#isLate) this.#askToJoin(parsec)
    this.#parsec = parsec
    this.#transport = this.#stage.network.join(this.id)
    this.#follow(step)
    this.#stage.launch(this.#listen(this.#transport))
    this.#stage.every(
      MEAN_GOSSIP_MS,
      this.#random,
      () => this.#isOver,
      () => this.#gossip(parsec),
    )
  }

  /** As its operators would have it, who know nothing yet. */
  #askToJoin(parsec: Parsec): void {
    this.#stage.every(
      CAMPAIGN_MS,
      this.#random.fork('campaign'),
      () => this.#isOver || parsec.canVote() || parsec.isRemoved,
      () => {
        for (const peer of this.#stage.peers) this.#stage.launch(peer.voteForMember('add', this.id))
      },
    )
  }

  #follow(step: ParsecStep<Bytes>): void {
    this.#facts.push(...step.facts)
    for (const { kind, to, bytes } of step.effects) {
      if (this.#powers.has('withhold') && this.#random.chance(0.3)) continue
      this.#send(to, kind, this.#random.chance(0.02) ? this.#random.bytes(bytes.length) : bytes)
    }
  }

  #send(to: Bytes, kind: Parameters<typeof encodePeerMessage>[0], body: Bytes): void {
    const sent = this.#transport?.send(to, encodePeerMessage(kind, body))
    // Whoever is not there does not hear it.
    this.#stage.launch((sent ?? Promise.resolve()).catch(() => undefined))
  }

  async #listen(transport: Transport): Promise<void> {
    for await (const message of transport.receive()) this.#take(message)
  }

  #take({ from, bytes }: IncomingMessage): void {
    const message = decodePeerMessage(bytes)
    const parsec = this.#parsec
    if (this.#isOver || parsec === undefined || message === undefined) return
    switch (message.kind) {
      case 'request':
        this.#follow(parsec.handleRequest(from, message.body))
        return
      case 'response':
        this.#follow(parsec.handleResponse(from, message.body))
        return
      case 'graph':
        this.#follow(parsec.handleGraph(from, message.body))
        return
      default:
    }
  }

  #gossip(parsec: Parsec): void {
    const recipients = parsec.gossipRecipients()
    if (this.#isOver || recipients.length === 0) return
    this.#follow(parsec.createGossip(this.#random.pick(recipients)))
  }

  strike(): void {
    for (let i = 0; i < this.#deeds; i += 1) this.#commit()
  }

  #commit(): void {
    const parsec = this.#parsec
    if (this.#isOver || parsec === undefined) return
    this.#noteArrival(parsec)
    const crime = drawCrime(
      this.#random,
      { group: this.#group, facts: this.#facts, signer: this.#signer },
      this.#powers,
    )
    if (crime === null) return
    this.#stage.counts.crimes += 1
    if (crime.flood !== undefined) this.#stage.counts.floods += 1
    for (const event of crime.own) this.#follow(parsec.handleGraph(this.id, encodeMessage([event])))
    for (const { kind, bytes, times } of crime.flood ?? []) {
      for (const { id } of this.#stage.peers) for (let i = 0; i < times; i += 1) this.#send(id, kind, bytes)
    }
    for (const event of crime.shown) {
      this.#send(this.#random.pick([...this.#stage.peers]).id, 'graph', encodeMessage([event]))
    }
  }

  #noteArrival(parsec: Parsec): void {
    if (!this.#isLate || this.#hasArrived || !parsec.canVote()) return
    this.#hasArrived = true
    this.#stage.counts.latecomers += 1
  }

  vote(payload: Bytes): void {
    const parsec = this.#parsec
    if (this.#isOver || parsec?.canVote() !== true) return
    const framed = encodePayload('application', payload)
    this.#follow(parsec.voteFor({ type: 'OpaquePayload', payload: framed }))
  }

  calm(): void {
    this.end()
  }

  end(): void {
    this.#isOver = true
    this.#stage.launch(this.#transport?.close() ?? Promise.resolve())
  }
}

/** Those that one engine has; who floods does that alone, as it is heard no more soon. */
function drawPowers(random: SeededRandom): readonly Power[] {
  const powers = POWERS.filter((power) => !ALONE.includes(power))
  return random.shuffle([...powers]).slice(0, random.int(1, powers.length))
}

export const criminal: AdversaryMaker = (stage, name) => new Criminal(stage, name, {})
export const flooder: AdversaryMaker = (stage, name) => new Criminal(stage, name, { powers: ['flood'], deeds: 3 })
export const latecomer: AdversaryMaker = (stage, name) => new Criminal(stage, name, { isLate: true })
