/**
 * @module engine/peer/gossiper
 *
 * Carries gossip: asks the pure schedule whom to gossip to, sends over the transport, and hands what comes to the engine,
 * one message after the other.
 *
 * Bounds: the transport reads only so far ahead of this consumer; an answer that cannot be sent is dropped, since the
 * peer that lacks it asks again.
 */

import { setMaxListeners } from 'node:events'
import { type Bytes, equalBytes } from '../../base/bytes.ts'
import { fromHex, toHex } from '../../base/text.ts'
import {
  Budget,
  CodecError,
  type Cost,
  costOf,
  costOfLost,
  GossipSchedule,
  INVALID,
  ParsecError,
  type ParsecStep,
  type SendMessage,
} from '../../core/parsec/index.ts'
import type { IncomingMessage, Transport } from '../../ports/transport.ts'
import { decodePeerMessage, encodePeerMessage, type PeerMessageKind } from '../../wire/peer-message.ts'
import type { BallotMessageKind } from './ballots/spreader.ts'
import type { FollowerQuestion } from './follow/follower-desk.ts'
import type { PeerSettings } from './options.ts'
import type { PeerEngine } from './peer-engine.ts'

export interface GossiperEvents {
  /** What peers tell each other of ballots beside the order; resolves to how many bytes it was answered with. */
  readonly ballot: (from: Bytes, kind: BallotMessageKind, body: Bytes) => Promise<number>
  /** A question of a peer that follows, or may. */
  readonly asked: (from: Bytes, kind: FollowerQuestion, body: Bytes) => void
  /** What we asked for to start from a checkpoint, or again; whether we did. */
  readonly given: (from: Bytes, kind: 'basePart' | 'vouch' | 'graphGiven', body: Bytes) => boolean
  /** What became of events that somebody sent. */
  readonly received: (from: Bytes, step: ParsecStep<Bytes>) => void
  readonly heard: (peer: string) => void
  readonly silent: (peer: string) => void
  /** A message that is none, a summary that cannot be read, or more than its budget. */
  readonly faulty: (peer: string, error: Error) => void
}

const RANDOM_BYTES = 4

export class Gossiper {
  readonly #engine: PeerEngine
  readonly #transport: Transport
  readonly #settings: PeerSettings
  readonly #events: GossiperEvents
  readonly #schedule: GossipSchedule
  readonly #budget: Budget
  /** Those that are over it, and told of. */
  readonly #heldBack = new Set<string>()
  readonly #abort = new AbortController()
  #wake: { readonly atMs: number; readonly cancel: () => void } | undefined
  #isGossiping = false
  #isPlanDue = false
  #removedPauseMs: number
  #nextRemovedMs = Number.NEGATIVE_INFINITY
  #receiving: Promise<void> | undefined

  constructor(engine: PeerEngine, transport: Transport, settings: PeerSettings, events: GossiperEvents) {
    this.#engine = engine
    this.#transport = transport
    this.#settings = settings
    this.#events = events
    this.#schedule = new GossipSchedule(settings.schedule)
    this.#budget = new Budget(settings.budget)
    this.#removedPauseMs = settings.schedule.summaryMs.first
    // Every send that waits listens to it; the transport bounds how many do.
    setMaxListeners(0, this.#abort.signal)
  }

  /** Begins to take messages and to gossip. */
  start(): void {
    this.#isGossiping = true
    this.listen()
    this.planSoon()
  }

  /** Takes messages, and answers them. */
  listen(): void {
    this.#receiving ??= this.#receive()
  }

  /** Makes nothing new; still takes messages, so that others get their answers. */
  pause(): void {
    this.#isGossiping = false
    this.#wake?.cancel()
    this.#wake = undefined
  }

  async stop(): Promise<void> {
    this.pause()
    this.#abort.abort()
    await this.#receiving
  }

  /** There is something that others wait for. */
  news(): void {
    this.#schedule.news(this.#settings.clock.nowMs())
    this.planSoon()
  }

  /** Looks at the schedule once the present step is over. */
  planSoon(): void {
    if (this.#isPlanDue) return
    this.#isPlanDue = true
    queueMicrotask(() => {
      this.#isPlanDue = false
      this.#plan()
    })
  }

  /** A message of core, whose facts are durable. */
  send(message: SendMessage): void {
    this.post(message.to, message.kind, message.bytes)
  }

  /** What is no part of the graph; what cannot be sent is dropped. */
  post(to: Bytes, kind: PeerMessageKind, body: Bytes): void {
    this.#send(to, kind, body).catch((error: unknown) => {
      // Lost, as on any network: the schedule asks again, or the peer does.
      this.#settings.logger.debug({ to: toHex(to), kind, error }, 'a message could not be sent')
    })
  }

  /** Resolves when the transport has taken it. */
  sendNow(to: Bytes, kind: PeerMessageKind, body: Bytes): Promise<void> {
    return this.#send(to, kind, body)
  }

  #plan(): void {
    if (!this.#isGossiping || !this.#engine.isRunning) return
    const { clock } = this.#settings
    const { parsec } = this.#engine
    const nowMs = clock.nowMs()
    this.#schedule.setRecipients(parsec.gossipRecipients().map(toHex))
    const plan = this.#schedule.plan(nowMs, parsec.hasUnpolledObservations(), (count) => this.#pick(count))
    for (const peer of plan.silent) this.#events.silent(peer)
    for (const peer of plan.gossipTo) {
      this.#schedule.asked(peer, nowMs)
      this.#engine.gossip(fromHex(peer))
    }
    for (const peer of plan.summariseTo) {
      this.post(fromHex(peer), 'summary', parsec.summary())
      this.#engine.askForSignatures(fromHex(peer))
    }
    this.#wakeAt(Math.min(plan.wakeAtMs, this.#askRemoved(nowMs)))
  }

  /** parsec §8: for signatures that only removed peers have, at the pace of comparisons. Gives when to do so again. */
  #askRemoved(nowMs: number): number {
    const { first, most } = this.#settings.schedule.summaryMs
    const removed = this.#engine.parsec.proofs.removedSigners()
    if (removed.length === 0) {
      this.#removedPauseMs = first
      return Number.POSITIVE_INFINITY
    }
    // Further off than ever: the clock was set back.
    if (nowMs >= this.#nextRemovedMs || this.#nextRemovedMs > nowMs + most) {
      for (const peer of removed) this.#engine.askForSignatures(peer)
      this.#nextRemovedMs = nowMs + this.#removedPauseMs
      this.#removedPauseMs = Math.min(most, 2 * this.#removedPauseMs)
    }
    return this.#nextRemovedMs
  }

  #wakeAt(atMs: number): void {
    if (this.#wake?.atMs === atMs) return
    this.#wake?.cancel()
    this.#wake = undefined
    if (atMs === Number.POSITIVE_INFINITY) return
    const cancel = this.#settings.clock.schedule(atMs, () => {
      this.#wake = undefined
      this.#plan()
    })
    this.#wake = { atMs, cancel }
  }

  #pick(count: number): number {
    const bytes = this.#settings.random.bytes(RANDOM_BYTES)
    return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0) % count
  }

  #send(to: Bytes, kind: PeerMessageKind, body: Bytes): Promise<void> {
    // parsec §8: the signature of a peer that was removed is its last act; it leaves although the peer is being closed.
    const options = kind === 'checkpoints' ? {} : { signal: this.#abort.signal }
    return this.#transport.send(to, encodePeerMessage(kind, body), options)
  }

  async #receive(): Promise<void> {
    try {
      for await (const message of this.#transport.receive({ signal: this.#abort.signal })) await this.#take(message)
    } catch (error) {
      if (!this.#abort.signal.aborted) this.#settings.logger.error({ error }, 'the transport gives no more messages')
    }
  }

  async #take({ from, bytes }: IncomingMessage): Promise<void> {
    const peer = toHex(from)
    if (!this.#budget.takes(peer, this.#settings.clock.nowMs())) {
      this.#lose(from, peer, bytes)
      return
    }
    if (!this.#budget.isOver(peer)) this.#heldBack.delete(peer)
    const message = decodePeerMessage(bytes)
    if (message === undefined || equalBytes(from, this.#transport.localPeer)) {
      this.#events.faulty(peer, new RangeError(`a message of unknown kind ${bytes[0] ?? 'none'}`))
      this.#charge(from, INVALID)
      return
    }
    this.#events.heard(peer)
    const { kind } = message
    this.#schedule.heard(peer, kind === 'request' || kind === 'response' ? kind : 'other')
    try {
      await this.#handle(from, message.kind, message.body)
    } catch (error) {
      if (error instanceof CodecError) {
        this.#events.faulty(peer, error)
        this.#charge(from, INVALID)
      } else this.#settings.logger.debug({ peer, error }, 'a message could not be handled now')
    }
    this.planSoon()
  }

  /** Lost, as on any network; it counts nevertheless. Told once, until the peer is within its budget again. */
  #lose(from: Bytes, peer: string, message: Bytes): void {
    if (!this.#heldBack.has(peer)) {
      this.#heldBack.add(peer)
      this.#events.faulty(peer, new ParsecError({ code: 'OverBudget' }))
    }
    this.#charge(from, costOfLost(message))
  }

  async #receiveGossip(kind: 'request' | 'response' | 'graph', from: Bytes, body: Bytes): Promise<void> {
    // parsec §8: refused before anything of it is decoded or verified.
    if (this.#isStranger(from)) {
      this.#charge(from, { bytes: body.length })
      return
    }
    const step = await this.#engine.receive(kind, from, body)
    this.#events.received(from, step)
    this.#chargeFor(from, body, step)
    const code = step.error instanceof ParsecError ? step.error.code : undefined
    // The peer is removed and may not know: nobody answers its gossip any more, so it learns it by comparing. Or we are, and
    // the peer may lack what made us decide so.
    const isRefused = code === 'InvalidPeerState' || code === 'InvalidSelfState'
    if (isRefused && kind === 'request') this.post(from, 'summary', this.#engine.parsec.summary())
  }

  /** Answers cost as what was sent does: they stay far below what the budget takes a second (see the spreader's bounds). */
  async #takeBallot(from: Bytes, kind: BallotMessageKind, body: Bytes): Promise<void> {
    let givenBytes = 0
    try {
      givenBytes = await this.#events.ballot(from, kind, body)
    } finally {
      this.#charge(from, { bytes: body.length + givenBytes })
    }
  }

  /** `step`: what the message led to, if anything. */
  #chargeFor(from: Bytes, body: Bytes, step: ParsecStep<Bytes> | undefined): void {
    this.#charge(from, step === undefined ? { bytes: body.length } : costOf(this.#engine.parsec, from, body, step))
  }

  /** parsec §9, Unprovable: who goes on beyond all budgets is accused. */
  #charge(from: Bytes, cost: Cost): void {
    if (this.#budget.charge(toHex(from), cost, this.#settings.clock.nowMs())) this.#engine.reportSpam(from)
  }

  #takeQuestion(from: Bytes, kind: FollowerQuestion, body: Bytes): void {
    this.#charge(from, { bytes: body.length })
    this.#events.asked(from, kind, body)
  }

  /** Of somebody who is and was no member. */
  #isStranger(from: Bytes): boolean {
    return this.#engine.isRunning && !this.#engine.parsec.knows(from)
  }

  async #handle(from: Bytes, kind: PeerMessageKind, body: Bytes): Promise<void> {
    switch (kind) {
      case 'baseAsked':
      case 'vouchAsked':
      case 'graphAsked':
        this.#takeQuestion(from, kind, body)
        return
      case 'basePart':
      case 'vouch':
        // Only who follows, or is about to, has asked for any.
        if (this.#engine.isRunning && !this.#engine.parsec.isFollower) this.#charge(from, { bytes: body.length })
        else this.#events.given(from, kind, body)
        return
      case 'graphGiven':
        if (!this.#events.given(from, kind, body)) this.#charge(from, { bytes: body.length })
        return
      case 'request':
      case 'response':
      case 'graph':
        await this.#receiveGossip(kind, from, body)
        return
      case 'checkpoints':
        if (this.#isStranger(from)) {
          this.#takeQuestion(from, kind, body)
          return
        }
        this.#chargeFor(from, body, await this.#engine.receive(kind, from, body))
        return
      case 'ballot':
      case 'ballotHoldings':
      case 'ballotHoldingsReply':
        // Its votes it may bring; it is shown none.
        if (kind !== 'ballot' && this.#isStranger(from)) {
          this.#charge(from, { bytes: body.length })
          return
        }
        await this.#takeBallot(from, kind, body)
        return
      case 'summary':
      case 'summaryReply': {
        if (!this.#engine.isRunning) return
        if (this.#isStranger(from)) {
          if (kind === 'summary') this.#takeQuestion(from, kind, body)
          else this.#charge(from, { bytes: body.length })
          return
        }
        const { weLack, theyLack } = this.#engine.parsec.compareSummary(body)
        this.#chargeFor(from, body, theyLack ? this.#engine.sendGraph(from, body) : undefined)
        if (weLack && kind === 'summary') this.post(from, 'summaryReply', this.#engine.parsec.summary())
      }
    }
  }
}
