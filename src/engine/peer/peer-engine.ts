/**
 * @module engine/peer/peer-engine
 *
 * The one path for PARSEC: verify, decide and evolve in core, append, and only then send, signal and publish. Core runs
 * ahead of the log within one process; nothing of that is seen outside before it is durable.
 *
 * After a failed append the engine of core is thrown away and folded from the log again. A stream that somebody else
 * wrote ends this peer for good.
 */

import { type Bytes, equalBytes } from '../../base/bytes.ts'
import {
  type Observation,
  OpenedMessage,
  Parsec,
  type ParsecFact,
  type ParsecStep,
  type SendMessage,
  type Started,
} from '../../core/parsec/index.ts'
import type { LogError } from '../../ports/event-log.ts'
import type { Signer } from '../../ports/signature-scheme.ts'
import { type Beginning, checkBeginning, isOnlyFollowing, type TakenBase } from './beginning.ts'
import type { AgreedBlock } from './blocks.ts'
import { fenced, PeerError, wrongLog } from './errors.ts'
import { type EventMessageKind, handleMessage } from './handle-message.ts'
import { Numbering } from './numbering.ts'
import type { PeerSettings } from './options.ts'
import type { PeerStore, Recovered, RecoverOptions, Replayed } from './store.ts'

export interface PeerEngineEvents {
  /** After the facts are durable. */
  readonly send: (message: SendMessage) => void
  /** After the facts are durable and the blocks logged, in order. */
  readonly published: (step: PublishedStep) => void
  /** The peer cannot go on. */
  readonly failed: (error: Error) => void
  /** Core was rebuilt from the log after a failed append. */
  readonly rebuilt: () => void
}

export interface PublishedStep {
  readonly facts: readonly ParsecFact[]
  readonly blocks: readonly AgreedBlock[]
  readonly faults: ParsecStep<Bytes>['faults']
  /** Positions of checkpoints (in blocks) that are proven now. */
  readonly proven: readonly number[]
}

/** Steps that may wait for the log before more messages are taken. */
const MAX_STEPS_UNDER_WAY = 64

export class PeerEngine {
  readonly #store: PeerStore
  readonly #settings: PeerSettings
  readonly #signer: Signer
  readonly #events: PeerEngineEvents
  #parsec: Parsec | undefined
  readonly #numbering = new Numbering()
  #logged: Promise<void> = Promise.resolve()
  #publishing: Promise<void> = Promise.resolve()
  /** Blocks that subscribers have seen, or that were there when we started. */
  #publishedCount = 0
  /** Likewise positions of proven checkpoints. */
  #shownProven = new Set<number>()
  #underWay = 0
  /** We make no events, whatever the order decides of us. */
  #abstains = false
  #rebuilding: Promise<void> | undefined
  #isOver = false
  /** Why, unless we were told to stop. */
  #failure: Error | undefined

  constructor(store: PeerStore, settings: PeerSettings, signer: Signer, events: PeerEngineEvents) {
    this.#store = store
    this.#settings = settings
    this.#signer = signer
    this.#events = events
  }

  /** Core, as far as it has run. */
  get parsec(): Parsec {
    if (this.#parsec === undefined) throw new PeerError({ code: 'PeerClosed' }, 'the peer is not running')
    return this.#parsec
  }

  /** How many blocks came before those that are whole for us as a member; `undefined`: we are none, or did not begin. */
  get memberSince(): number | undefined {
    return this.#parsec?.bases.memberSince
  }

  /** Blocks that are out. */
  get blockCount(): number {
    return this.#publishedCount
  }

  get isRunning(): boolean {
    return this.#parsec !== undefined && this.#rebuilding === undefined && !this.#isOver
  }

  /** From the log, or from the beginning where it holds nothing. Resolves to how many facts there were. */
  async start(
    beginning: Beginning,
    replayed: Replayed,
    signal?: AbortSignal,
  ): Promise<{ readonly facts: number; readonly blocks: number }> {
    this.#abstains = isOnlyFollowing(beginning)
    const recovered = await this.#recover(signal === undefined ? { replayed } : { replayed, signal })
    if (recovered !== undefined) checkBeginning(beginning, recovered.parsec, this.#store.gossipStream)
    if (recovered !== undefined && !recovered.parsec.lacksBase) {
      this.#adopt(recovered)
      this.#publishedCount = recovered.blocks
      this.#shownProven = new Set(recovered.parsec.proofs.proven)
      return recovered
    }
    if (beginning.type === 'base') {
      // Nothing was built on a base that a crash cut off, so any other will do.
      const base = await beginning.fetch()
      await this.startFrom(base)
      // What has been decided meanwhile is shown like all that comes.
      return { facts: recovered?.facts ?? 0, blocks: this.parsec.startedAt }
    }
    const { group } = this.#settings
    const { parsec, step } =
      beginning.type === 'genesis'
        ? Parsec.fromGenesis(group, this.#signer)
        : Parsec.fromExisting(group, this.#signer, beginning.section)
    this.#parsec = parsec
    await this.#commit(step)
    return { facts: 0, blocks: 0 }
  }

  /**
   * Leaves what core holds, and goes on from a base; resolves when that is durable, to false where the base lies before it, or we made events
   * that would be lost. What was under way stays logged.
   */
  async startFrom({ bytes, payloads }: TakenBase): Promise<boolean> {
    if (this.#parsec?.isFollower === false) return false
    const { group } = this.#settings
    const { parsec, step } = Parsec.fromCheckpoint(group, this.#signer, bytes, payloads, this.#abstains)
    const { index, position } = this.#numbering.next
    const start = parsec.startedAt
    if (start < index || payloads < position) return false
    this.#parsec = parsec
    this.#numbering.goOn({ index: start, position: payloads })
    await this.#commit(step)
    this.#publishedCount = Math.max(this.#publishedCount, start)
    return true
  }

  /** A new start by the whole graph, to be fed beside us (parsec §8); `takeOver` goes on with it. Its facts are logged with `logAhead`. */
  again(): Started<Bytes> {
    return Parsec.again(this.#settings.group, this.#signer, this.parsec.voters())
  }

  /** Facts of a new start that does not hold yet. Resolves when they are durable. */
  async logAhead(facts: readonly ParsecFact[]): Promise<void> {
    await this.#ready()
    await this.#commit({ facts, effects: [], faults: [], blocks: [], proven: [] })
  }

  /** Goes on with the new start in place of what core holds; resolves when that is durable, to why not where core refuses. */
  async takeOver(again: Parsec): Promise<Error | undefined> {
    await this.#ready()
    const step = again.takeOver(this.parsec)
    if (step.error === undefined) this.#parsec = again
    await this.#commit(step)
    return step.error
  }

  /** The first position of what is decided next. */
  get nextPosition(): number {
    return this.#numbering.next.position
  }

  /** Our vote; resolves when it is durable. */
  async vote(observation: Observation): Promise<void> {
    await this.#ready()
    await this.#run(() => this.parsec.voteFor(observation))
  }

  /** Resolves when all that core has done is durable; fails where it was not, and is forgotten. */
  async durable(): Promise<void> {
    await this.#ready()
    await this.#logged
  }

  /** Our gossip to a peer. A refusal of core says that it may not be now: nothing is lost. */
  gossip(to: Bytes): void {
    if (!this.isRunning) return
    void this.#background(this.parsec.createGossip(to))
  }

  /** Hands a message to core; resolves when the next one may come. */
  async receive(kind: EventMessageKind | 'checkpoints', from: Bytes, body: Bytes): Promise<ParsecStep<Bytes>> {
    await this.#ready()
    if (kind === 'checkpoints') {
      const taken = this.parsec.handleCheckpoints(from, body)
      const logged = this.#background(taken)
      if (this.#underWay >= MAX_STEPS_UNDER_WAY) await logged
      return taken
    }
    const opened = this.parsec.open(body)
    if (opened instanceof OpenedMessage) {
      opened.settle(await this.#signer.scheme.verifyBatch(opened.requests))
      await this.#ready()
    }
    const message = opened instanceof OpenedMessage ? opened : body
    const step = handleMessage(this.parsec, kind, from, message)
    const done = this.#background(step)
    if (this.#underWay >= MAX_STEPS_UNDER_WAY) await done
    return step
  }

  /** parsec §9, Unprovable: it spams. Refused for who is unknown. */
  reportSpam(peer: Bytes): void {
    if (this.isRunning) void this.#background(this.parsec.reportSpam(peer))
  }

  /** What a peer with this summary lacks. */
  sendGraph(to: Bytes, summary: Bytes): ParsecStep<Bytes> | undefined {
    if (!this.isRunning) return undefined
    const step = this.parsec.graphBeyond(to, summary)
    void this.#background(step)
    return step
  }

  /** What to send to a peer that only follows, all of it durable. */
  async answerFollower(
    to: Bytes,
    answer: (parsec: Parsec) => ParsecStep<Bytes>,
  ): Promise<readonly Pick<SendMessage, 'kind' | 'bytes'>[]> {
    await this.#ready()
    const step = answer(this.parsec)
    const isForIt = (message: SendMessage): boolean => equalBytes(message.to, to)
    await this.#commit({ ...step, effects: step.effects.filter((message) => !isForIt(message)) })
    await this.durable()
    return step.effects.filter(isForIt)
  }

  /** Asks a peer for what our checkpoints lack. */
  askForSignatures(to: Bytes): void {
    if (this.isRunning) void this.#background(this.parsec.askForSignatures(to))
  }

  /** parsec §8: the last act of a removed peer, again. */
  showLastSignature(): void {
    if (this.isRunning) void this.#background(this.parsec.showLastSignature())
  }

  /** Takes no more; resolves when what is under way is durable and published. */
  async stop(): Promise<void> {
    this.#isOver = true
    await this.#store.settled()
    await this.#publishing
  }

  async #ready(): Promise<void> {
    while (this.#rebuilding !== undefined) await this.#rebuilding
    if (this.#isOver) throw this.#failure ?? new PeerError({ code: 'PeerClosed' }, 'the peer has stopped')
  }

  async #run(operate: () => ParsecStep<Bytes>): Promise<void> {
    const step = operate()
    await this.#commit(step)
    if (step.error !== undefined) throw step.error
  }

  /** A failure is dealt with by `#commit`; whoever must know waits for the same promise. */
  #background(step: ParsecStep<Bytes>): Promise<void> {
    return this.#commit(step).catch((error: unknown) => {
      this.#settings.logger.debug({ error }, 'a step could not be logged')
    })
  }

  /** Appends, then sends and publishes, in the order of the steps. */
  async #commit(step: ParsecStep<Bytes>): Promise<void> {
    const blocks = [...this.#numbering.polled(this.parsec)]
    const { facts, effects, faults, proven } = step
    if (facts.length + effects.length + faults.length === 0) return
    this.#underWay += 1
    const { parsec } = this
    // A step without facts may still tell of events whose facts are under way.
    const logged = facts.length === 0 ? this.#logged : this.#store.appendFacts(facts, (fact) => this.#isOurs(fact))
    this.#logged = logged
    const sent = logged.then(() => {
      for (const message of effects) this.#events.send(message)
      return this.#store.appendBlocks(blocks)
    })
    // Whoever comes after waits for this step only to be over; its failure is told below.
    this.#publishing = Promise.all([this.#publishing, sent.catch(() => undefined)]).then(() => undefined)
    const published = this.#publishing
    try {
      await sent
      await published
      this.#publish({ facts, blocks, faults, proven })
    } catch (error) {
      this.#recoverFrom(error, parsec)
      throw this.#explained(error)
    } finally {
      this.#underWay -= 1
    }
  }

  #publish(step: PublishedStep): void {
    const last = step.blocks.at(-1)
    if (last !== undefined) this.#publishedCount = last.index + 1
    // A start by the whole graph proves again what the one before it had proved, and what lies before that.
    const isNews = (position: number): boolean =>
      position > this.parsec.blocksBefore && !this.#shownProven.has(position)
    const proven = step.proven.filter(isNews)
    for (const position of proven) this.#shownProven.add(position)
    const facts = step.facts.filter(({ forNext }) => forNext !== true)
    this.#events.published({ ...step, facts, proven })
  }

  #isOurs(fact: ParsecFact): boolean {
    // An event begins with its creator's id (parsec §11).
    return (
      fact.type !== 'GossipEventAccepted' ||
      equalBytes(fact.bytes.subarray(0, this.#signer.identity.length), this.#signer.identity)
    )
  }

  #adopt({ parsec, blocks, nextPosition }: Recovered): void {
    this.#parsec = parsec
    this.#numbering.goOn({ index: blocks, position: nextPosition })
  }

  #recoverFrom(error: unknown, failed: Parsec): void {
    // Steps that came after the failed one fail with it; one rebuilding serves them all.
    if (this.#isOver || this.#rebuilding !== undefined || this.#parsec !== failed) return
    if (this.#store.fence !== undefined) {
      this.#end(this.#explained(error))
      return
    }
    this.#settings.logger.error({ error }, 'an append failed; the peer is rebuilt from its log')
    this.#rebuilding = this.#rebuild()
  }

  async #rebuild(): Promise<void> {
    try {
      // Steps before the failed one may still be on their way out; what they publish must not come again.
      await this.#publishing
      await this.#store.settled()
      const recovered = await this.#recover({ blocksFrom: this.#publishedCount })
      if (recovered === undefined || recovered.parsec.lacksBase)
        throw wrongLog(this.#store.gossipStream, 'the log holds no whole beginning')
      this.#adopt(recovered)
      this.#logged = Promise.resolve()
      this.#rebuilding = undefined
      // What was written although its append failed, or whose block was not logged, was seen by nobody yet.
      const { proven } = recovered.parsec.proofs
      this.#publish({ facts: [], blocks: recovered.newBlocks, faults: [], proven })
    } catch (error) {
      this.#rebuilding = undefined
      this.#end(error as Error)
      return
    }
    this.#events.rebuilt()
  }

  /** Completing the block stream may be what finds that somebody else writes it. */
  async #recover(options: RecoverOptions): Promise<Recovered | undefined> {
    try {
      const recovered = await this.#store.recover(options)
      if (this.#abstains) recovered?.parsec.bases.abstain()
      return recovered
    } catch (error) {
      throw this.#explained(error)
    }
  }

  #end(error: Error): void {
    this.#isOver = true
    this.#failure = error
    this.#events.failed(error)
  }

  /** Another of this identity's streams, as of its ballots, turned out to be written by somebody else. */
  fence(cause: LogError): void {
    if (!this.#isOver) this.#end(this.#fencedBy(cause))
  }

  /** Callers learn of a fence in one way, whichever of our appends found it. */
  #explained(error: unknown): Error {
    const cause = this.#store.fence
    return cause === undefined ? (error as Error) : this.#fencedBy(cause)
  }

  #fencedBy(cause: unknown): PeerError {
    return fenced(this.#store.gossipStream, this.#signer.identity, cause)
  }
}
