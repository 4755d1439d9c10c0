/**
 * @module testing/network
 *
 * A network of PARSEC engines that a seed replays: gossip at random, messages lost, delayed, duplicated and reordered,
 * partitions, crashes before and after an append, peers that join and leave, and fewer than a third of the voters forking.
 * It runs the production engine (parsec §12) and keeps what `checks.ts` needs to judge the run.
 *
 * The adversary: a forker is several instances of one key, each with an audience of its own among the peers; its branches
 * may merge and split again. It signs what it likes to order, but it keeps to the rules of single events.
 */

import { compareBytes } from '../../base/bytes.ts'
import { assert, present } from '../../base/errors.ts'
import { toHex } from '../../base/text.ts'
import {
  bytesGroup,
  costOf,
  encodeMessage,
  fixedIdentity,
  type Group,
  INVALID,
  type ParsecStep,
  type PeerId,
  type SendMessage,
} from '../../core/parsec/index.ts'
import { DEFAULT_LIMITS } from '../../wire/canonical/limits.ts'
import { SeededRandom } from '../seeded-random.ts'
import { Agenda, MIXED_MODE, type Proposal } from './agenda.ts'
import { blamesOf, removesMidMessage } from './census.ts'
import { CHECKSUM_BYTES, CHECKSUM_IDENTITY_BYTES } from './checksum-scheme.ts'
import { drawCrime, type Power } from './crimes.ts'
import { Forker } from './forker.ts'
import { Guard } from './guard.ts'
import { handle } from './handling.ts'
import { startingPoint } from './joining.ts'
import { type Delivery, type LinkOptions, Links } from './links.ts'
import { NetworkNode, type Operation } from './node.ts'

export interface NetworkOptions extends LinkOptions {
  readonly seed: string | number
  readonly genesisSize: number
  /** Fewer than a third of the genesis size. */
  readonly forkers: number
  /** Chance for each instance and tick. */
  readonly gossipRate: number
  readonly crashRate: number
  readonly forkRate: number
  /** Default: true. */
  readonly detectsMalice?: boolean
  /** Of the malicious peers. Default: fork. */
  readonly powers?: readonly Power[]
  /** Chance of a crime for each instance and tick. Default: 0. */
  readonly crimeRate?: number
  /** Chance for each joiner to start from a checkpoint, where there is a base. Default: 0. */
  readonly fromCheckpointRate?: number
  /** Of the group. Default: 0. */
  readonly checkpointInterval?: number
  /** Of the group, bytes. Default: as ever. */
  readonly maxMessageBytes?: number
  /** SHA3-256, where there is a faster one than the default. */
  readonly hash?: (bytes: Uint8Array) => Uint8Array
}

/** How long a tick, and a fair round, is for budgets. */
const TICK_MS = 100
const ROUND_MS = 3_000

export class ParsecNetwork {
  readonly random: SeededRandom
  readonly options: NetworkOptions
  readonly group: Group<Uint8Array>
  readonly silentGroup: Group<Uint8Array>
  readonly powers: ReadonlySet<Power>
  crimes = 0
  readonly agenda: Agenda
  readonly links: Links
  /** Correct peers, by number. */
  readonly correct = new Map<number, NetworkNode>()
  /** Their budgets. */
  readonly guards = new Map<number, Guard>()
  readonly forkers = new Map<number, Forker>()
  /** What went wrong besides the properties of `checks.ts`. */
  readonly differences: string[] = []
  removalsMidMessage = 0
  crashes = 0
  /** Accusations of Unprovable that budgets asked for. */
  spamReports = 0
  readonly #joining: SeededRandom
  #isCalm = false
  readonly #ids: PeerId[] = []
  readonly #numbers = new Map<string, number>()
  /** Peers that are down, and until when. */
  readonly #downUntil = new Map<number, number>()
  #now = 0
  #nowMs = 0

  constructor(options: NetworkOptions) {
    assert(3 * options.forkers < options.genesisSize, 'fewer than a third of the voters are faulty')
    this.options = options
    this.random = new SeededRandom(options.seed)
    this.links = new Links(this.random.fork('links'), options)
    this.#joining = this.random.fork('joining')
    for (let peer = 0; peer < options.genesisSize; peer += 1) this.newPeer()
    this.group = this.#makeGroup()
    this.powers = new Set(options.powers ?? ['fork'])
    this.silentGroup = this.#makeGroup()
    // Not what its peers agreed on, and nothing tells them.
    Object.defineProperty(this.silentGroup, 'detectsMalice', { value: false })
    this.agenda = new Agenda(this.group)
    for (const [peer, id] of this.#ids.entries()) {
      const node = NetworkNode.start(peer, id, this.group, null, this.differences)
      if (peer < options.forkers && !this.powers.has('late')) this.forkers.set(peer, new Forker(this.#turn(node)))
      else this.#addCorrect(node)
    }
  }

  #addCorrect(node: NetworkNode): void {
    this.correct.set(node.peer, node)
    this.guards.set(node.peer, new Guard())
  }

  /** A malicious peer that never accuses runs an engine that finds nothing. */
  #turn(node: NetworkNode): NetworkNode {
    return this.powers.has('silence') ? node.withGroup(this.silentGroup) : node
  }

  #makeGroup(): Group<Uint8Array> {
    const { detectsMalice = true, hash, checkpointInterval = 0 } = this.options
    const { maxMessageBytes = DEFAULT_LIMITS.maxMessageBytes } = this.options
    return bytesGroup({
      members: this.#ids,
      mode: MIXED_MODE,
      identity: fixedIdentity(CHECKSUM_IDENTITY_BYTES),
      signatureBytes: CHECKSUM_BYTES,
      detectsMalice,
      checkpointInterval,
      limits: { ...DEFAULT_LIMITS, maxMessageBytes },
      ...(hash === undefined ? {} : { hash }),
    })
  }

  get now(): number {
    return this.#now
  }

  get nowMs(): number {
    return this.#nowMs
  }

  /** Time goes on by a fair round. */
  noteRound(): void {
    this.#nowMs += ROUND_MS
  }

  /** A number and an id for one more peer. */
  newPeer(): number {
    const peer = this.#ids.length
    const id = this.random.fork(`id ${peer}`).bytes(CHECKSUM_IDENTITY_BYTES)
    this.#ids.push(id)
    this.#numbers.set(toHex(id), peer)
    return peer
  }

  idOf(peer: number): PeerId {
    return present(this.#ids[peer], 'peers are numbered in order')
  }

  numberOf(id: PeerId): number {
    return present(this.#numbers.get(toHex(id)), 'every id is of a peer')
  }

  isDown(peer: number): boolean {
    return (this.#downUntil.get(peer) ?? 0) > this.#now
  }

  /** A peer joins; others vote to add it. It is correct, unless malicious ones come late and it is one. */
  join(): NetworkNode {
    const peer = this.newPeer()
    const id = this.idOf(peer)
    const isFromCheckpoint = this.#joining.chance(this.options.fromCheckpointRate ?? 0)
    const base = isFromCheckpoint ? startingPoint(this.#joining, this.#members()) : null
    const node =
      base === null
        ? NetworkNode.start(peer, id, this.group, this.voters(), this.differences)
        : NetworkNode.startFrom(peer, id, this.group, base, this.differences)
    if (this.powers.has('late') && this.forkers.size < this.options.forkers) {
      this.forkers.set(peer, new Forker(this.#turn(node)))
    } else {
      this.#addCorrect(node)
    }
    return node
  }

  /** Correct peers that vote, as far as anybody correct knows. */
  #members(): readonly NetworkNode[] {
    const voters = new Set(this.voters().map(toHex))
    return [...this.correct.values()].filter(({ id }) => voters.has(toHex(id)))
  }

  /** The correct peer that has agreed most. */
  mostAdvanced(): NetworkNode {
    let best: NetworkNode | null = null
    for (const node of this.correct.values()) {
      if (best === null || node.blocks.length > best.blocks.length) best = node
    }
    return present(best, 'some peers are correct')
  }

  /** Of those that have agreed most, one that still takes part; who was removed knows nothing of later voters. */
  voters(): readonly PeerId[] {
    const most = this.mostAdvanced().blocks.length
    const level = [...this.correct.values()].filter(({ blocks }) => blocks.length === most)
    return (level.find(({ parsec }) => !parsec.isRemoved) ?? this.mostAdvanced()).parsec.voters()
  }

  /** The network is fair from now on, until `disturb`: all are up, nothing is lost; what was on its way is. */
  calm(): void {
    this.#isCalm = true
    this.#downUntil.clear()
    this.links.clear()
    this.links.cut(new Set())
  }

  disturb(): void {
    this.#isCalm = false
  }

  #crashes(): boolean {
    return !this.#isCalm && this.random.chance(this.options.crashRate)
  }

  /** One tick: arrivals, gossip, crashes. */
  tick(): void {
    this.#now += 1
    this.#nowMs += TICK_MS
    for (const delivery of this.links.arriving(this.#now)) {
      if (this.isDown(delivery.to)) continue
      for (const answer of this.deliver(delivery)) this.links.send(this.#now, answer)
    }
    for (const node of this.correct.values()) {
      if (this.isDown(node.peer)) continue
      if (this.#crashes()) this.#crash(node)
      else if (this.random.chance(this.options.gossipRate)) this.#gossip(node)
    }
    for (const forker of this.forkers.values()) {
      if (this.powers.has('fork') && this.random.chance(this.options.forkRate)) {
        forker.split(this.random, this.#everybody())
      }
      for (const node of forker.instances) {
        if (this.random.chance(this.options.crimeRate ?? 0)) this.commit(node)
        if (this.random.chance(this.options.gossipRate)) this.#gossip(node)
      }
    }
  }

  /** A crime of this malicious instance, if it can think of one. */
  commit(node: NetworkNode): void {
    const crime = drawCrime(this.random, node, this.powers)
    if (crime === null) return
    this.crimes += 1
    for (const event of crime.own) {
      const message = encodeMessage([event])
      this.perform(node, (parsec) => parsec.handleGraph(node.id, message))
    }
    for (const event of crime.shown) {
      const to = this.random.pick([...this.correct.keys()])
      this.links.send(this.#now, { kind: 'graph', from: node.peer, to, bytes: encodeMessage([event]) })
    }
    for (const { kind, bytes, times, to: only } of crime.flood ?? []) {
      for (const to of only === undefined ? this.correct.keys() : [this.numberOf(only)]) {
        for (let i = 0; i < times; i += 1) this.links.send(this.#now, { kind, from: node.peer, to, bytes })
      }
    }
  }

  #everybody(): readonly number[] {
    return this.#ids.map((_, peer) => peer)
  }

  #crash(node: NetworkNode): void {
    this.crashes += 1
    this.#downUntil.set(node.peer, this.#now + this.random.int(0, 15))
    node.restart()
    this.guards.get(node.peer)?.restart()
  }

  #gossip(node: NetworkNode): void {
    node.noteReach()
    const recipients = this.recipientsOf(node)
    if (recipients.length === 0 || (node.startedAt > 0 && this.random.chance(0.2))) {
      if (node.startedAt > 0) this.links.send(this.#now, this.follow(node))
      return
    }
    const to = this.random.pick(recipients)
    if (this.random.chance(0.1)) {
      this.links.send(this.#now, this.#summary(node, to, 'summary'))
      return
    }
    for (const message of this.perform(node, (parsec) => parsec.createGossip(this.idOf(to)))) {
      this.links.send(this.#now, message)
    }
  }

  /** A question to some voter for what a peer lacks that started from a checkpoint: since then, or of the whole graph where it stands still. */
  follow(node: NetworkNode): Delivery {
    const others = this.voters().filter((id) => compareBytes(id, node.id) !== 0)
    const to = others.length === 0 ? node.peer : this.numberOf(this.random.pick(others))
    const { successor } = node
    if (successor === null) return this.#summary(node, to, 'follow')
    return { kind: 'summary', from: node.peer, to, bytes: successor.summary() }
  }

  /** Whom this instance gossips to. */
  recipientsOf(node: NetworkNode): readonly number[] {
    const recipients = node.parsec.gossipRecipients().map((id) => this.numberOf(id))
    const forker = this.forkers.get(node.peer)
    return forker === undefined ? recipients : recipients.filter((peer) => forker.instanceFor(peer) === node)
  }

  /** Gives a message to its receiver, unless the sender is over its budget, and what that one sends. */
  deliver(delivery: Delivery): readonly Delivery[] {
    const { from, to, bytes } = delivery
    const guard = this.guards.get(to)
    const node = this.correct.get(to) ?? this.forkers.get(to)?.instanceFor(from)
    if (node === undefined) return []
    if (guard !== undefined && !guard.takes(from, this.#nowMs)) {
      return guard.lose(from, bytes, this.#nowMs) ? this.#reportSpam(node, from) : []
    }
    let cost = INVALID
    const sent = this.#handle(node, delivery, (step) => {
      cost = costOf(node.parsec, this.idOf(from), bytes, step)
    })
    const isSpam = guard?.charge(from, cost, this.#nowMs) === true
    return isSpam ? [...sent, ...this.#reportSpam(node, from)] : sent
  }

  #reportSpam(node: NetworkNode, from: number): readonly Delivery[] {
    const before = node.facts.length
    const sent = this.perform(node, (parsec) => parsec.reportSpam(this.idOf(from)))
    if (node.facts.length > before) this.spamReports += 1
    return sent
  }

  /** `seen`: what a message leads to; not where it is none. */
  #handle(
    node: NetworkNode,
    { kind, from, bytes }: Delivery,
    seen: (step: ParsecStep<Uint8Array>) => void,
  ): readonly Delivery[] {
    const perform = (operation: Operation): readonly Delivery[] =>
      this.perform(node, (parsec) => {
        const step = operation(parsec)
        seen(step)
        const isExact = kind === 'request' || kind === 'response'
        if (isExact && this.correct.has(node.peer)) this.differences.push(...blamesOf(this, node, step))
        return step
      })
    const { sent, asks } = handle(node, kind, this.idOf(from), bytes, perform)
    return asks === null ? sent : [...sent, this.#summary(node, from, asks)]
  }

  #summary(node: NetworkNode, to: number, kind: 'summary' | 'summaryReply' | 'follow'): Delivery {
    return { kind, from: node.peer, to, bytes: node.parsec.summary() }
  }

  vote(node: NetworkNode, proposal: Proposal): void {
    if (!node.parsec.canVote() || node.parsec.haveVotedFor(proposal.observation)) return
    for (const message of this.perform(node, (parsec) => parsec.voteFor(proposal.observation))) {
      this.links.send(this.#now, message)
    }
    if (node.parsec.haveVotedFor(proposal.observation)) this.agenda.noteVote(proposal.hash, node.peer)
  }

  /** Does it, persists it, and only then shows its effects; or crashes on the way. */
  perform(node: NetworkNode, operation: Operation): readonly Delivery[] {
    const step = node.perform(operation)
    if (this.correct.has(node.peer)) {
      if (this.#crashes()) {
        this.crashes += 1
        node.rollBack(step)
        return []
      }
      if (removesMidMessage(node, step)) this.removalsMidMessage += 1
    }
    node.poll()
    if (this.#crashes()) return []
    const sent = step.effects.map((message) => this.#delivery(node.peer, message))
    if (!this.powers.has('withhold') || this.correct.has(node.peer)) return sent
    return sent.filter(({ to }) => to % 2 === 0 && this.random.chance(0.7))
  }

  #delivery(from: number, { kind, to, bytes }: SendMessage): Delivery {
    return { kind, from, to: this.numberOf(to), bytes }
  }
}
