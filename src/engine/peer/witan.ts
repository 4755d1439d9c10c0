/**
 * @module engine/peer/witan
 *
 * One peer of a group, as its application sees it: votes go in, blocks come out, in one order on every correct peer
 * (parsec §1). It gossips, logs and recovers by itself.
 *
 * A caller owes: one process, one log and one group for one identity; `close()` at the end, then closing log and
 * transport, which are its own.
 */

import type { Observable } from 'rxjs'
import { type Actor, createActor } from 'xstate'
import { type PeerSignal, peerMachine } from '../../../machines/peer.machine.ts'
import { type Bytes, EMPTY_BYTES } from '../../base/bytes.ts'
import { fromHex, toHex } from '../../base/text.ts'
import type { safe } from '../../core/ballot/index.ts'
import { decodeEvent, type Group, type Observation, type ParsecFact } from '../../core/parsec/index.ts'
import type { ConsensusService } from '../ballots/consensus-service.ts'
import type { Decision } from '../ballots/safe/decision.ts'
import type { BallotScope } from '../ballots/safe/scope.ts'
import { NoticeQueue } from '../notices.ts'
import { within } from '../within.ts'
import { Application } from './application.ts'
import { PeerBallots, type Provisional } from './ballots/peer-ballots.ts'
import type { AgreedBlock, PayloadBlock } from './blocks.ts'
import { CheckpointBook, type ProvenCheckpoint } from './checkpoints.ts'
import { PeerError } from './errors.ts'
import { PeerFollow } from './follow/peer-follow.ts'
import { Gossiper } from './gossiper.ts'
import { History, type HistoryOptions } from './history.ts'
import { type Membership, MembershipView } from './membership.ts'
import { PolicyRunner } from './membership-policy.ts'
import { type Evidence, type GossipNotice, Notices, type Status } from './notices.ts'
import { type PeerSettings, settingsOf, type WitanOptions } from './options.ts'
import { PeerEngine, type PublishedStep } from './peer-engine.ts'
import type { Receipt } from './receipts.ts'
import { isMember, standingOf, votersOf } from './standing.ts'
import { NOBODY_ELSE, PeerStore } from './store.ts'

export interface CallOptions {
  readonly signal?: AbortSignal
}

export class Witan<Payload = Bytes> {
  readonly #options: WitanOptions<Payload>
  readonly #settings: PeerSettings
  readonly #queue = new NoticeQueue()
  readonly #notices: Notices<Payload>
  readonly #membership: MembershipView
  readonly #policy: PolicyRunner
  readonly #engine: PeerEngine
  readonly #gossiper: Gossiper
  readonly #history: History
  readonly #application: Application<Payload>
  /** What proves our order to others (parsec §8). */
  readonly checkpoints: CheckpointBook
  readonly #ballots: PeerBallots
  readonly #follow: PeerFollow
  readonly #actor: Actor<typeof peerMachine>
  readonly #self: string
  /** By what is published. */
  #isMember = false
  #error: Error | undefined
  #closing: Promise<void> | undefined

  /** Application payloads in the agreed order, from now on. */
  readonly blocks$: Observable<PayloadBlock<Payload>>
  /** Every block, membership included, from now on. */
  readonly allBlocks$: Observable<AgreedBlock>
  readonly evidence$: Observable<Evidence>
  /** Checkpoints of the order, once they are proven; those of before are in `checkpoints.all()`. */
  readonly checkpoints$: Observable<ProvenCheckpoint>
  /** Ballots of the policy `safe`: one notice for each decision, and each session whenever it changes. */
  readonly decisions$: Observable<Decision>
  readonly sessions$: Observable<safe.SafeSessionState>
  /** What a quorum seen in gossip would decide, if no Close comes first: not decided. */
  readonly provisional$: Observable<Provisional>
  readonly membership$: Observable<Membership>
  readonly status$: Observable<Status>
  /** Every gossip event that joined our graph, once durable. */
  readonly gossip$: Observable<GossipNotice>

  constructor(options: WitanOptions<Payload>) {
    this.#options = options
    this.#settings = settingsOf(options)
    this.#self = toHex(options.identity.identity)
    const { group } = this.#settings
    const store = new PeerStore(options.log, group, options.identity, this.#settings.random)
    this.#membership = new MembershipView(this.#self, this.#queue)
    this.#notices = new Notices<Payload>(this.#queue)
    this.#engine = new PeerEngine(store, this.#settings, options.identity, {
      send: (message) => this.#gossiper.send(message),
      published: (step) => this.#published(step),
      failed: (error) => this.#failed(error),
      rebuilt: () => this.#gossiper.planSoon(),
    })
    this.#gossiper = new Gossiper(this.#engine, options.transport, this.#settings, {
      ballot: (from, kind, body) => this.#ballots.receive(from, kind, body),
      asked: (from, kind, body) => this.#follow.asked(from, kind, body),
      given: (from, kind, body) => this.#follow.given(from, kind, body),
      received: (from, step) => this.#follow.received(from, step),
      heard: (peer) => {
        this.#membership.signal(peer, { type: 'message.received' })
        this.#policy.heard(peer)
      },
      silent: (peer) => {
        this.#membership.signal(peer, { type: 'answer.missing' })
        this.#policy.silent(peer)
      },
      faulty: (peer, error) => this.#notices.evidence({ peer, error }),
    })
    this.#policy = new PolicyRunner(options.membership, {
      openChanges: () => (this.#engine.isRunning ? this.#engine.parsec.openChanges() : []),
      canVote: () => this.#engine.isRunning && this.#engine.parsec.canVote(),
      isVoter: (peer) => this.#membership.current.voters.includes(peer),
      vote: (type, peer, relatedInfo) => this.#voteFor({ type, peerId: fromHex(peer), relatedInfo }),
      clock: this.#settings.clock,
      logger: this.#settings.logger,
    })
    this.#history = new History(options.log, store.blockStream, group.format)
    this.#application = new Application(this.#settings, options.codec, {
      hashOf: (observation) => this.#engine.parsec.hashOf(observation),
      vote: (observation) => this.#voteFor(observation),
    })
    this.#ballots = new PeerBallots(this.#settings, {
      identity: options.identity,
      log: options.log,
      history: this.#history,
      queue: this.#queue,
      parsec: () => (this.#engine.isRunning ? this.#engine.parsec : undefined),
      memberSince: () => this.#engine.memberSince,
      vote: (observation) => this.#voteFor(observation),
      durable: () => this.#engine.durable(),
      evidence: (evidence) => this.#notices.evidence(evidence),
      fenced: (cause) => this.#engine.fence(cause),
      post: (to, kind, body) => this.#gossiper.post(to, kind, body),
    })
    this.#follow = new PeerFollow(options, {
      settings: this.#settings,
      engine: this.#engine,
      history: this.#history,
      gossiper: () => this.#gossiper,
      evidence: (evidence) => this.#notices.evidence(evidence),
      changed: () => {
        if (this.#engine.isRunning) this.#followMembership()
        this.#publishStatus()
      },
    })
    this.checkpoints = new CheckpointBook(() => this.#engine.parsec, this.#history)
    this.#actor = createActor(this.#provideActions())
    this.blocks$ = this.#notices.blocks$
    this.allBlocks$ = this.#notices.allBlocks$
    this.evidence$ = this.#notices.evidence$
    this.checkpoints$ = this.#notices.checkpoints$
    const { decisions$, sessions$ } = this.#ballots.service.ballots
    this.decisions$ = decisions$
    this.sessions$ = sessions$
    this.provisional$ = this.#ballots.provisional$
    this.membership$ = this.#membership.membership$
    this.status$ = this.#notices.status$
    this.gossip$ = this.#notices.gossip$
  }

  /** Hex of our id. */
  get id(): string {
    return this.#self
  }

  /** What all peers have in common: for proofs, and for `witan/parsec`. */
  get group(): Group<Bytes> {
    return this.#settings.group
  }

  get status(): Status {
    return this.#notices.status
  }

  get membership(): Membership {
    return this.#membership.current
  }

  /** Recovers from the log and begins to take part. */
  async start({ signal }: CallOptions = {}): Promise<{ readonly facts: number; readonly blocks: number }> {
    this.#actor.start()
    try {
      await this.#ballots.recover(signal)
      const others = this.#follow.onlyFollows ? NOBODY_ELSE : this.#ballots.replayed
      const started = await this.#engine.start(this.#follow.beginning(signal), others, signal)
      this.#followMembership()
      await this.#ballots.complete()
      const standing = standingOf(this.#engine.parsec, this.#options)
      this.#signal({ type: 'log.recovered', standing })
      if (standing === 'removed') this.#answerOnly()
      this.#ballots.closeDue()
      this.#follow.start()
      return started
    } catch (error) {
      this.#failed(error as Error)
      throw error
    }
  }

  /** Asks for a payload to be ordered. Resolves when the vote is durable; `receipt.agreed` when its block is out. */
  vote(payload: Payload, { signal }: CallOptions = {}): Promise<Receipt<Payload>> {
    return this.#application.vote(payload, signal)
  }

  readonly members = {
    /** Votes for letting a peer in; resolves when the vote is durable. Votes add up only with the same related info. */
    add: (id: Bytes, relatedInfo = EMPTY_BYTES): Promise<void> => this.#voteForMember('Add', id, relatedInfo),
    /** Votes for removing a peer. */
    remove: (id: Bytes, relatedInfo = EMPTY_BYTES): Promise<void> => this.#voteForMember('Remove', id, relatedInfo),
    /** Votes for our own removal; the others must agree. No policy of ours keeps us. */
    leave: async (): Promise<void> => {
      await this.#voteFor({ type: 'Remove', peerId: this.#options.identity.identity, relatedInfo: EMPTY_BYTES })
      this.#signal({ type: 'leave.requested' })
    },
  } as const

  readonly history = {
    /** Application payloads with their positions. */
    blocks: (options: HistoryOptions = {}): AsyncIterable<PayloadBlock<Payload>> => this.#decodedHistory(options),
    /** Every block. */
    allBlocks: (options: HistoryOptions = {}): AsyncIterable<AgreedBlock> => this.#history.allBlocks(options),
  } as const

  /** A scope of ballots (ballots §8): by default `ordered`, decided by the group's order and voters. */
  scope(name: string): BallotScope {
    return this.#ballots.service.scope(name)
  }

  /** All ballots of this peer, on its log and key: also those of the policy `compatible`. */
  ballots(): Promise<ConsensusService> {
    return Promise.resolve(this.#ballots.service)
  }

  /** Stops gossip, waits for appends under way (at most the stated time), completes all observables. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #close(): Promise<void> {
    this.#signal({ type: 'stop.requested' })
    this.#follow.stop()
    this.#application.flush()
    await this.#gossiper.stop()
    await within(this.#engine.stop(), this.#settings)
    const reason = this.#error ?? new PeerError({ code: 'PeerClosed' }, 'the peer was closed before this was agreed')
    await within(this.#ballots.close(reason), this.#settings)
    this.#application.end(reason)
    this.#actor.stop()
    this.#policy.close()
    this.#membership.close()
    this.#notices.close()
  }

  #provideActions(): typeof peerMachine {
    return peerMachine.provide({
      actions: {
        startGossip: () => {
          this.#gossiper.start()
          this.#ballots.startSpreading()
        },
        stopGossip: () => {
          this.#gossiper.pause()
          this.#ballots.stopSpreading()
        },
        publishStatus: () => queueMicrotask(() => this.#publishStatus()),
        announceFence: () => this.#settings.logger.error({ peer: this.#self }, this.#error?.message ?? 'fenced'),
      },
    })
  }

  #published(step: PublishedStep): void {
    const { facts, blocks, faults, proven } = step
    for (const fact of facts) if (fact.type === 'GossipEventAccepted') this.#notices.gossip(fact)
    for (const fault of faults) this.#notices.fault(fault)
    for (const block of blocks) {
      this.#notices.block(block)
      for (const payload of this.#application.payloadsOf(block)) this.#notices.payload(payload)
      if (block.proofs.some(({ id }) => id === this.#self)) this.#application.settle(block)
    }
    for (const position of proven) this.#notices.checkpoint(this.checkpoints.get(position))
    if (!this.#follow.onlyFollows) this.#ballots.published(step)
    if (blocks.some(({ observation }) => observation.type !== 'OpaquePayload')) this.#followMembership()
    if (facts.some((fact) => this.#isChange(fact))) this.#followChanges()
    if (blocks.length > 0) this.#publishStatus()
    this.#gossiper.planSoon()
  }

  #followMembership(): void {
    const { parsec } = this.#engine
    const wasMember = this.#isMember
    this.#isMember = isMember(parsec)
    this.#membership.setVoters(votersOf(parsec))
    this.#followChanges()
    if (this.#isMember && !wasMember) {
      this.#signal({ type: 'voter.added' })
      this.#ballots.closeDue()
    }
    if (!this.#isMember && wasMember) this.#signal({ type: 'voter.removed' })
  }

  /** Somebody's vote to add or remove a peer. */
  #isChange(fact: ParsecFact): boolean {
    if (fact.type !== 'GossipEventAccepted' || fact.observationHash === null) return false
    const type = decodeEvent(fact.bytes, this.#settings.group.format).vote?.observation.type
    return type === 'Add' || type === 'Remove'
  }

  #followChanges(): void {
    if (!this.#engine.isRunning) return
    this.#membership.setChanges(this.#engine.parsec.openChanges())
    this.#policy.consider()
  }

  /** Others may lack what only we have, above all our last signature (parsec §8). */
  #answerOnly(): void {
    this.#gossiper.listen()
    this.#engine.showLastSignature()
  }

  #failed(error: Error): void {
    this.#error = error
    const isFenced = error instanceof PeerError && error.code === 'Fenced'
    this.#application.end(error)
    this.#ballots.abandon(error)
    this.#signal({ type: isFenced ? 'log.fenced' : 'peer.failed' })
  }

  async #voteForMember(type: 'Add' | 'Remove', peerId: Bytes, relatedInfo: Bytes): Promise<void> {
    const peer = toHex(peerId)
    if (!this.#policy.permits(type, peer, relatedInfo)) {
      const change = type === 'Add' ? 'add' : 'remove'
      const data = { code: 'ChangeRefused', change, peer } as const
      throw new PeerError(data, `the membership policy refuses to ${change} ${peer}`)
    }
    await this.#voteFor({ type, peerId, relatedInfo })
  }

  async #voteFor(observation: Observation): Promise<void> {
    this.#follow.checkTakesPart()
    await this.#engine.vote(observation)
    this.#gossiper.news()
  }

  async *#decodedHistory(options: HistoryOptions): AsyncGenerator<PayloadBlock<Payload>> {
    for await (const block of this.#history.payloads(options)) {
      const decoded = this.#application.tryDecode(block)
      if (decoded !== undefined) yield decoded
    }
  }

  /** A step that was under way when we were closed may still end. */
  #signal(signal: PeerSignal): void {
    if (this.#actor.getSnapshot().status === 'active') this.#actor.send(signal)
  }

  #publishStatus(): void {
    const { value } = this.#actor.getSnapshot()
    this.#notices.setStatus({
      state: value,
      voters: this.#membership.current.voters.length,
      blocks: this.#engine.blockCount,
      ...this.#follow.status,
      ...(this.#error === undefined ? {} : { error: this.#error }),
    })
  }
}

/** A peer that has recovered and takes part. */
export async function createWitan<Payload = Bytes>(
  options: WitanOptions<Payload>,
  call: CallOptions = {},
): Promise<Witan<Payload>> {
  const witan = new Witan(options)
  await witan.start(call)
  return witan
}
