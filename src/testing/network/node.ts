/**
 * @module testing/network/node
 *
 * One running instance of a peer: its engine, the log of its facts, the blocks it polled. Now and then it is rebuilt from
 * its log, and then both engines, the old and the rebuilt one, do the same for a while and must answer everything alike.
 *
 * Assumes: facts are durable once `perform` returned them; a caller that wants a failed append calls `rollBack`.
 */

import { isDeepStrictEqual } from 'node:util'
import { toHex } from '../../base/text.ts'
import type { Block, Group, Observation, ParsecFact, ParsecStep, PeerId } from '../../core/parsec/index.ts'
import { Parsec } from '../../core/parsec/index.ts'
import type { Signer } from '../../ports/signature-scheme.ts'
import { checksumSigner } from './checksum-scheme.ts'

export type Operation = (parsec: Parsec) => ParsecStep<Uint8Array>

export interface PolledBlock {
  /** Hash in hex, in `single` mode with the voter's id: what peers agree on. */
  readonly key: string
  readonly payload: Observation
  readonly hash: Uint8Array
}

const MISSING: ReadonlySet<string> = new Set(['UnknownSelfParent', 'UnknownOtherParent'])
/** Messages; a lost one, or one that was overtaken, makes others be refused for a while. */
const PATIENCE = 30

/** A base, and the blocks before it. */
export interface StartingPoint {
  readonly bytes: Uint8Array
  readonly before: readonly PolledBlock[]
}

/** How many operations a rebuilt engine is compared for. */
const COMPARED_OPERATIONS = 25

export class NetworkNode {
  readonly peer: number
  readonly id: PeerId
  readonly group: Group<Uint8Array>
  readonly facts: ParsecFact[]
  /** From Genesis on: those before the base are what others had polled. */
  readonly blocks: PolledBlock[]
  /** Comparisons made between an engine and the one rebuilt from its facts. */
  compared = 0
  /** Steps that ended elections: at most as many as elections ended. */
  elections = 0
  #parsec: Parsec
  #twin: Parsec | null = null
  #comparisonsLeft = 0
  /** Messages since its last block. */
  #refused = 0
  #cutOff = 0
  #successor: Parsec | null = null
  /** It went on by the whole graph. */
  startedAgain = false
  /** Blocks that its engines never gave. */
  readonly #before: number
  readonly #differences: string[]

  private constructor(
    peer: number,
    group: Group<Uint8Array>,
    parsec: Parsec,
    facts: ParsecFact[],
    report: string[],
    blocks: readonly PolledBlock[] = [],
  ) {
    this.blocks = [...blocks]
    this.#before = blocks.length
    this.peer = peer
    this.group = group
    this.#parsec = parsec
    this.id = parsec.ourId
    this.facts = facts
    this.#differences = report
  }

  static start(
    peer: number,
    id: PeerId,
    group: Group<Uint8Array>,
    section: readonly PeerId[] | null,
    report: string[],
  ) {
    const signer = checksumSigner(id)
    const { parsec, step } =
      section === null ? Parsec.fromGenesis(group, signer) : Parsec.fromExisting(group, signer, section)
    return new NetworkNode(peer, group, parsec, [...step.facts], report)
  }

  /** One that starts from a base; `before`: the blocks up to there. */
  static startFrom(
    peer: number,
    id: PeerId,
    group: Group<Uint8Array>,
    { bytes, before }: StartingPoint,
    report: string[],
  ): NetworkNode {
    const { parsec, step } = Parsec.fromCheckpoint(group, checksumSigner(id), bytes)
    return new NetworkNode(peer, group, parsec, [...step.facts], report, before)
  }

  /** Another instance with the same key and the same past. What it does from now on forks the peer. */
  fork(): NetworkNode {
    const facts = [...this.facts]
    return new NetworkNode(this.peer, this.group, this.#rebuilt(0), facts, this.#differences, this.#blocksBefore)
  }

  /** The same peer and past, with other rules. */
  withGroup(group: Group<Uint8Array>): NetworkNode {
    const parsec = Parsec.fromFacts(group, checksumSigner(this.id), this.facts)
    return new NetworkNode(this.peer, group, parsec, [...this.facts], this.#differences, this.#blocksBefore)
  }

  /**
   * It needs the whole graph (parsec §8): others build on what it lacks and has no stub for, so that it refused so much since its last block; or
   * others may lack what it has stubs for, so that it could gossip to too few for so long.
   */
  get standsStill(): boolean {
    return this.startedAt > 0 && (this.#refused > PATIENCE || this.#cutOff > PATIENCE)
  }

  /** It is about to gossip. `weight`: of how many times. */
  noteReach(weight = 1): void {
    this.#cutOff = this.#parsec.bases.isCutOff ? this.#cutOff + weight : 0
  }

  /** The engine that takes the whole graph, from the first call on where it stands still. */
  get successor(): Parsec | null {
    if (!this.standsStill) return null
    if (this.#successor === null) {
      const { parsec, step } = Parsec.again(this.group, this.signer, this.#parsec.voters())
      this.#successor = parsec
      this.facts.push(...step.facts)
    }
    return this.#successor
  }

  /** Part of the whole graph, perhaps the last that was lacking. */
  continueWith(from: PeerId, graph: Uint8Array): void {
    const successor = this.#successor
    if (successor === null) return
    this.facts.push(...successor.handleGraph(from, graph).facts)
    const { facts, error } = successor.takeOver(this.#parsec)
    this.facts.push(...facts)
    if (error !== undefined) {
      if (error.code === 'GraphDiffers') this.#differences.push(`peer ${this.peer} cannot take over: ${error.message}`)
      return
    }
    this.#parsec = successor
    this.#successor = null
    this.#twin = null
    this.startedAgain = true
  }

  /** It joined by a base. */
  get isFromCheckpoint(): boolean {
    return this.#before > 0
  }

  /** How many blocks there were before what its engine started from. */
  get startedAt(): number {
    return this.#parsec.startedAt
  }

  get #blocksBefore(): readonly PolledBlock[] {
    return this.blocks.slice(0, this.#before)
  }

  get signer(): Signer {
    return checksumSigner(this.id)
  }

  get parsec(): Parsec {
    return this.#parsec
  }

  perform(operation: Operation): ParsecStep<Uint8Array> {
    const step = operation(this.#parsec)
    if (this.#twin !== null) this.#compare(step, operation(this.#twin))
    this.facts.push(...step.facts)
    if (MISSING.has(step.error?.code ?? '')) this.#refused += 1
    return step
  }

  /** The append of the last step failed: nothing of it ever was. */
  rollBack(step: ParsecStep<Uint8Array>): void {
    this.facts.length -= step.facts.length
    this.#twin = null
    this.#parsec = this.#rebuilt(this.blocks.length - this.#before)
  }

  /** Takes what is agreed. */
  poll(): void {
    if (this.#parsec.blockCount > this.blocks.length) {
      this.elections += 1
      this.#refused = 0
    }
    for (let block = this.#parsec.poll(); block !== undefined; block = this.#parsec.poll()) {
      if (this.#twin !== null) this.#same('poll', block, this.#twin.poll())
      this.blocks.push({ key: keyOf(this.group, block), payload: block.payload, hash: block.hash })
    }
  }

  /** The process ended and starts again from its log; the engine of before stays as its twin for a while. */
  restart(): void {
    this.#twin = this.#parsec
    this.#parsec = this.#rebuilt(this.blocks.length - this.#before)
    this.#comparisonsLeft = COMPARED_OPERATIONS
    this.#compareAnswers()
  }

  #rebuilt(polled: number): Parsec {
    this.#successor = null
    return Parsec.fromFacts(this.group, checksumSigner(this.id), this.facts, polled)
  }

  #compare(step: ParsecStep<Uint8Array>, other: ParsecStep<Uint8Array>): void {
    this.#same('step', step, other)
    this.#compareAnswers()
    this.#comparisonsLeft -= 1
    if (this.#comparisonsLeft === 0) this.#twin = null
  }

  #compareAnswers(): void {
    if (this.#twin === null) return
    this.compared += 1
    this.#same('answers', answersOf(this.#parsec), answersOf(this.#twin))
  }

  #same(what: string, ours: unknown, theirs: unknown): void {
    if (isDeepStrictEqual(ours, theirs)) return
    this.#differences.push(`peer ${this.peer}: rebuilt from its facts, its ${what} differ`)
  }
}

function answersOf(parsec: Parsec): readonly unknown[] {
  return [
    parsec.canVote(),
    parsec.gossipRecipients(),
    parsec.hasUnpolledObservations(),
    parsec.ourUnpolledObservations(),
    parsec.voters(),
    parsec.isRemoved,
    parsec.eventCount,
    parsec.blockCount,
    parsec.summary(),
  ]
}

/** parsec §1, payload key. */
export function keyOf(group: Group<Uint8Array>, block: Block<Uint8Array>): string {
  const hash = toHex(block.hash)
  if (group.modeOf(block.payload) !== 'single') return hash
  return `${hash}/${block.proofs.map(({ id }) => toHex(id)).join('+')}`
}
