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

import { assert, present } from '../../base/errors.ts'
import { toHex } from '../../base/text.ts'
import { bytesGroup, fixedIdentity, type Group, type PeerId, type SendMessage } from '../../core/parsec/index.ts'
import { SeededRandom } from '../seeded-random.ts'
import { Agenda, MIXED_MODE, type Proposal } from './agenda.ts'
import { removesMidMessage } from './census.ts'
import { CHECKSUM_BYTES, CHECKSUM_IDENTITY_BYTES } from './checksum-scheme.ts'
import { Forker } from './forker.ts'
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
  /** SHA3-256, where there is a faster one than the default. */
  readonly hash?: (bytes: Uint8Array) => Uint8Array
}

export class ParsecNetwork {
  readonly random: SeededRandom
  readonly options: NetworkOptions
  readonly group: Group<Uint8Array>
  readonly agenda: Agenda
  readonly links: Links
  /** Correct peers, by number. */
  readonly correct = new Map<number, NetworkNode>()
  readonly forkers = new Map<number, Forker>()
  /** What went wrong besides the properties of `checks.ts`. */
  readonly differences: string[] = []
  removalsMidMessage = 0
  crashes = 0
  #isCalm = false
  readonly #ids: PeerId[] = []
  readonly #numbers = new Map<string, number>()
  /** Peers that are down, and until when. */
  readonly #downUntil = new Map<number, number>()
  #now = 0

  constructor(options: NetworkOptions) {
    assert(3 * options.forkers < options.genesisSize, 'fewer than a third of the voters are faulty')
    this.options = options
    this.random = new SeededRandom(options.seed)
    this.links = new Links(this.random.fork('links'), options)
    for (let peer = 0; peer < options.genesisSize; peer += 1) this.newPeer()
    this.group = bytesGroup({
      members: this.#ids,
      mode: MIXED_MODE,
      identity: fixedIdentity(CHECKSUM_IDENTITY_BYTES),
      signatureBytes: CHECKSUM_BYTES,
      detectsMalice: options.detectsMalice ?? true,
      ...(options.hash === undefined ? {} : { hash: options.hash }),
    })
    this.agenda = new Agenda(this.group)
    for (const [peer, id] of this.#ids.entries()) {
      const node = NetworkNode.start(peer, id, this.group, null, this.differences)
      if (peer < options.forkers) this.forkers.set(peer, new Forker(node))
      else this.correct.set(peer, node)
    }
  }

  get now(): number {
    return this.#now
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

  /** A correct peer joins; others vote to add it. */
  join(): NetworkNode {
    const peer = this.newPeer()
    const section = this.mostAdvanced().parsec.voters()
    const node = NetworkNode.start(peer, this.idOf(peer), this.group, section, this.differences)
    this.correct.set(peer, node)
    return node
  }

  /** The correct peer that has agreed most. */
  mostAdvanced(): NetworkNode {
    let best: NetworkNode | null = null
    for (const node of this.correct.values()) {
      if (best === null || node.blocks.length > best.blocks.length) best = node
    }
    return present(best, 'some peers are correct')
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
      if (this.random.chance(this.options.forkRate)) forker.split(this.random, this.#everybody())
      for (const node of forker.instances) if (this.random.chance(this.options.gossipRate)) this.#gossip(node)
    }
  }

  #everybody(): readonly number[] {
    return this.#ids.map((_, peer) => peer)
  }

  #crash(node: NetworkNode): void {
    this.crashes += 1
    this.#downUntil.set(node.peer, this.#now + this.random.int(0, 15))
    node.restart()
  }

  #gossip(node: NetworkNode): void {
    const recipients = this.recipientsOf(node)
    if (recipients.length === 0) return
    const to = this.random.pick(recipients)
    if (this.random.chance(0.1)) {
      this.links.send(this.#now, { kind: 'summary', from: node.peer, to, bytes: node.parsec.summary() })
      return
    }
    for (const message of this.perform(node, (parsec) => parsec.createGossip(this.idOf(to)))) {
      this.links.send(this.#now, message)
    }
  }

  /** Whom this instance gossips to. */
  recipientsOf(node: NetworkNode): readonly number[] {
    const recipients = node.parsec.gossipRecipients().map((id) => this.numberOf(id))
    const forker = this.forkers.get(node.peer)
    return forker === undefined ? recipients : recipients.filter((peer) => forker.instanceFor(peer) === node)
  }

  /** Gives a message to its receiver, and what that one sends. */
  deliver({ kind, from, to, bytes }: Delivery): readonly Delivery[] {
    const node = this.correct.get(to) ?? this.forkers.get(to)?.instanceFor(from)
    if (node === undefined) return []
    const sender = this.idOf(from)
    switch (kind) {
      case 'request':
        return this.perform(node, (parsec) => parsec.handleRequest(sender, bytes))
      case 'response':
        return this.perform(node, (parsec) => parsec.handleResponse(sender, bytes))
      case 'graph':
        return this.perform(node, (parsec) => parsec.handleGraph(sender, bytes))
      case 'checkpoints':
        return this.perform(node, (parsec) => parsec.handleCheckpoints(sender, bytes))
      case 'summary':
        return this.perform(node, (parsec) => parsec.graphBeyond(sender, bytes))
      default:
        return kind satisfies never
    }
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
    return step.effects.map((message) => this.#delivery(node.peer, message))
  }

  #delivery(from: number, { kind, to, bytes }: SendMessage): Delivery {
    return { kind, from, to: this.numberOf(to), bytes }
  }
}
