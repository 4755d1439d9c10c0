/**
 * @module testing/sim/adversaries/criminal
 *
 * A peer that runs the core by itself, without disk or manners, and now and then signs an event by hand that breaks a rule
 * of parsec §9: every power of `testing/network/crimes.ts` that needs no second instance. It shows them to some peers, in a
 * request or as a part of the graph; it may also answer with garbage, or with nothing.
 */

import type { Bytes } from '../../../base/bytes.ts'
import { encodeMessage, Parsec, type ParsecFact, type ParsecStep } from '../../../core/parsec/index.ts'
import { groupOf } from '../../../engine/peer/options.ts'
import type { Signer } from '../../../ports/signature-scheme.ts'
import type { IncomingMessage, Transport } from '../../../ports/transport.ts'
import { encodePayload } from '../../../wire/payload.ts'
import { decodePeerMessage, encodePeerMessage } from '../../../wire/peer-message.ts'
import { drawCrime, POWERS, type Power } from '../../network/crimes.ts'
import type { Adversary, AdversaryMaker, Stage } from '../stage.ts'

const MEAN_GOSSIP_MS = 40

class Criminal implements Adversary {
  readonly #stage: Stage
  readonly #random: Stage['random']
  readonly #signer: Signer
  readonly #powers: ReadonlySet<Power>
  readonly #facts: ParsecFact[] = []
  readonly #group: ReturnType<typeof groupOf>
  #parsec: Parsec | undefined
  #transport: Transport | undefined
  #isOver = false

  constructor(stage: Stage, name: string) {
    this.#stage = stage
    this.#random = stage.random.fork(name)
    this.#signer = stage.signerOf(name)
    this.#group = groupOf(stage.genesis)
    this.#powers = new Set(this.#random.shuffle([...POWERS]).slice(0, this.#random.int(1, POWERS.length)))
  }

  get id(): Bytes {
    return this.#signer.identity
  }

  start(): void {
    const { parsec, step } = Parsec.fromGenesis(this.#group, this.#signer)
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
    const parsec = this.#parsec
    if (this.#isOver || parsec === undefined) return
    const crime = drawCrime(
      this.#random,
      { group: this.#group, facts: this.#facts, signer: this.#signer },
      this.#powers,
    )
    if (crime === null) return
    this.#stage.counts.crimes += 1
    for (const event of crime.own) this.#follow(parsec.handleGraph(this.id, encodeMessage([event])))
    for (const event of crime.shown) {
      this.#send(this.#random.pick([...this.#stage.peers]).id, 'graph', encodeMessage([event]))
    }
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

export const criminal: AdversaryMaker = (stage, name) => new Criminal(stage, name)
