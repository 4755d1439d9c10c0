/**
 * @module core/parsec/malice/accusations
 *
 * The accusations in the graph, by accuser and offender, each with its bases: the sync events of the accuser that come
 * next after it, one on each branch (parsec §9). *First*, *next* and *before* go along self-ancestry.
 */

import { toHex } from '../../../base/text.ts'
import type { PeerId } from '../../../wire/canonical/types.ts'
import type { KeyIndex } from '../election/keys.ts'
import type { EventIndex, Graph, PeerIndex } from '../graph/graph.ts'
import { holds, isOnBranch, type Tips } from './ancestry.ts'
import type { Charge, Judgement } from './scene.ts'

export interface Accusation<Payload> extends Charge<Payload> {
  /** The vote event. */
  readonly event: EventIndex
  readonly accuser: PeerIndex
  /** Equal for equal accusations. */
  readonly key: KeyIndex
  readonly bases: EventIndex[]
  /** None of its accuser's self-ancestors accuses this offender. */
  readonly isFirst: boolean
  /** By basis: whether it is false there; see judge.ts. */
  readonly verdicts: Map<EventIndex, Judgement>
}

/** A peer that somebody accused, known to us or not. */
interface Accused<Payload> {
  /** Hex of its id. */
  readonly id: string
  readonly offender: PeerId
  /** By accuser, in insertion order: all, and those that are the first on their branch: one, but for forkers. */
  readonly by: Map<PeerIndex, { readonly all: Accusation<Payload>[]; readonly firsts: Accusation<Payload>[] }>
}

export class Accusations<Payload> {
  readonly #graph: Graph
  readonly #byEvent = new Map<EventIndex, Accusation<Payload>>()
  readonly #byOffender = new Map<string, Accused<Payload>>()
  readonly #accusers = new Set<PeerIndex>()

  constructor(graph: Graph) {
    this.#graph = graph
  }

  add(made: Omit<Accusation<Payload>, 'bases' | 'isFirst' | 'verdicts'>): void {
    const { event, accuser } = made
    const offender = toHex(made.offender)
    const isFirst = !this.accuses(accuser, offender, this.#graph.selfParentOf(event))
    const accusation = { ...made, bases: [], isFirst, verdicts: new Map<EventIndex, Judgement>() }
    this.#byEvent.set(event, accusation)
    this.#accusers.add(accuser)
    const accused = this.#byOffender.get(offender) ?? {
      id: offender,
      offender: accusation.offender,
      by: new Map<PeerIndex, { readonly all: Accusation<Payload>[]; readonly firsts: Accusation<Payload>[] }>(),
    }
    this.#byOffender.set(offender, accused)
    const lists = accused.by.get(accuser) ?? { all: [], firsts: [] }
    accused.by.set(accuser, lists)
    lists.all.push(accusation)
    if (isFirst) lists.firsts.push(accusation)
  }

  get accused(): Iterable<Pick<Accused<Payload>, 'id' | 'offender'>> {
    return this.#byOffender.values()
  }

  at(event: EventIndex): Accusation<Payload> | undefined {
    return this.#byEvent.get(event)
  }

  /** By `accuser` of the offender with this hex id, in insertion order. */
  of(accuser: PeerIndex, offender: string): readonly Accusation<Payload>[] {
    return this.#byOffender.get(offender)?.by.get(accuser)?.all ?? []
  }

  accusersOf(offender: string): Iterable<PeerIndex> {
    return this.#byOffender.get(offender)?.by.keys() ?? []
  }

  /** Whether `tip` or a self-ancestor of it accuses the offender. */
  accuses(accuser: PeerIndex, offender: string, tip: EventIndex): boolean {
    return this.#firstsOf(accuser, offender).some(({ event }) => isOnBranch(this.#graph, tip, event))
  }

  /** Accusations of one offender before this one on its branch. */
  before(accusation: Accusation<Payload>): readonly Accusation<Payload>[] {
    const { event, accuser } = accusation
    return this.of(accuser, toHex(accusation.offender)).filter(
      (other) => other.event !== event && isOnBranch(this.#graph, event, other.event),
    )
  }

  #firstsOf(accuser: PeerIndex, offender: string): readonly Accusation<Payload>[] {
    return this.#byOffender.get(offender)?.by.get(accuser)?.firsts ?? []
  }

  /** On how many branches `accuser` accuses: one, unless it is a forker. */
  branchesOf(accuser: PeerIndex, offender: string): number {
    return this.#firstsOf(accuser, offender).length
  }

  /** The first ones by `accuser`, one for each branch, that are in the set with a basis. */
  firsts(accuser: PeerIndex, offender: string, tips: Tips): readonly Accusation<Payload>[] {
    return this.#firstsOf(accuser, offender).filter((accusation) => this.basisIn(accusation, tips) !== undefined)
  }

  basisIn({ bases }: Accusation<Payload>, tips: Tips): EventIndex | undefined {
    return bases.find((base) => holds(this.#graph, tips, base))
  }

  /** A sync event joined the graph: gives the accusations whose basis it is. */
  settle(sync: EventIndex): readonly Accusation<Payload>[] {
    if (!this.#accusers.has(this.#graph.creatorOf(sync))) return []
    const settled: Accusation<Payload>[] = []
    const before = this.#graph.syncParentOf(sync)
    for (let event = this.#graph.selfParentOf(sync); event > before; event = this.#graph.selfParentOf(event)) {
      const accusation = this.#byEvent.get(event)
      if (accusation !== undefined) settled.unshift(accusation)
    }
    for (const { bases } of settled) bases.push(sync)
    return settled
  }
}
