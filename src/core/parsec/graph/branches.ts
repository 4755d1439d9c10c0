/**
 * @module core/parsec/graph/branches
 *
 * Exact ancestry among the events of peers that forked (parsec §4).
 *
 * The events of a correct peer are one chain, so that `last(x, c)` says which of them are ancestors of `x`. Those of a
 * forker are a tree. It is cut into branches: an event continues the branch that ends with its self-parent, or else
 * opens a new one. Ancestry holds a beginning of each branch, hence one number for each branch and event is exact.
 * Nothing is kept for peers that never forked, nor for events from before the first fork of anybody. Rows share what they
 * have in common, so that a forker with thousands of branches costs memory for each of them, not for each pair.
 *
 * The reference adds events whose self-parent is another peer's; such an event opens a branch too.
 */

import { KnownRows, type Row } from './known-rows.ts'
import { Int32List } from './lists.ts'

/** What branches need of the graph. */
export interface Lineage {
  readonly size: number
  creatorOf(event: number): number
  indexOf(event: number): number
  selfParentOf(event: number): number
  last(event: number, peer: number): number
}

interface Branch {
  readonly column: number
  /** Index by creator of its first event. */
  readonly start: number
  tip: number
}

/** No event is the self-parent of what would go on with a branch that ends here. */
const NOTHING_FOLLOWS = Number.MAX_SAFE_INTEGER

interface Forker {
  readonly branches: Branch[]
  readonly byColumn: Map<number, Branch>
  /** Column of each event that is not on the first branch. */
  readonly columnOf: Map<number, number>
  /** A branch does not begin at an event of the same creator, or at index 0: ranges say nothing about forks. */
  irregular: boolean
}

export class Branches {
  readonly #graph: Lineage
  readonly #forkers = new Map<number, Forker>()
  /** For each column: the peer whose first branch it is, or -1. */
  readonly #firstBranchOf: number[] = []
  /** For each column: the event at which its creator's fork or further branch appeared. */
  readonly #openedAt: number[] = []
  /** For each event, by column: the highest index of that branch in its ancestry. */
  readonly #rowOf = new Int32List()
  readonly #rows = new KnownRows()
  /** Tip of the single chain of each peer that did not fork. */
  readonly #tips: number[] = []

  constructor(graph: Lineage) {
    this.#graph = graph
  }

  get any(): boolean {
    return this.#forkers.size > 0
  }

  has(peer: number): boolean {
    return this.any && this.#forkers.has(peer)
  }

  isIrregular(peer: number): boolean {
    return this.#forkers.get(peer)?.irregular === true
  }

  /** The event, appended to the graph just now. */
  add(event: number, selfParent: number, otherParent: number): void {
    const creator = this.#graph.creatorOf(event)
    const own = this.#branchFor(event, selfParent, creator)
    this.#rowOf.push(this.any ? this.#row(selfParent, otherParent, own, this.#graph.indexOf(event)) : 0)
  }

  /**
   * A stub, appended just now: it goes on with the one chain of its creator. Where stubs stand on several branches (`isTangled`), ancestry among
   * them is not exact; what the creator makes on top of them is on branches of its own, and exact.
   */
  addStub(creator: number, stub: number, isTangled: boolean): void {
    this.#tips[creator] = stub
    if (isTangled && !this.#forkers.has(creator)) this.#fork(stub, creator, NOTHING_FOLLOWS)
    this.#rowOf.push(0)
  }

  #row(selfParent: number, otherParent: number, own: Branch | null, index: number): Row {
    let row = this.#rows.max(Math.max(0, this.#rowOf.at(selfParent)), Math.max(0, this.#rowOf.at(otherParent)))
    // What the parents know of a branch from before it was one of several stands in no row.
    for (const { branches } of this.#forkers.values()) {
      const { column } = branches[0] as Branch
      const known = Math.max(this.#known(selfParent, column), this.#known(otherParent, column))
      if (known > this.#rows.at(row, column)) row = this.#rows.with(row, column, known)
    }
    if (own !== null && index > this.#rows.at(row, own.column)) row = this.#rows.with(row, own.column, index)
    return row
  }

  /** Whether `y` is `x` or an ancestor of it, where `y` is by a forker. */
  isAncestor(x: number, y: number): boolean {
    if (x < y) return false
    const creator = this.#graph.creatorOf(y)
    const index = this.#graph.indexOf(y)
    const forker = this.#forkers.get(creator)
    if (forker === undefined) return this.#graph.last(x, creator) >= index
    const column = forker.columnOf.get(y) ?? (forker.branches[0] as Branch).column
    return this.#known(x, column) >= index
  }

  /**
   * Whether the ancestry of `x` holds two events of `peer` with one index, for a peer whose branches all hang together:
   * then it is a path exactly if it holds as many events as indices.
   */
  knowsFork(x: number, peer: number): boolean {
    const forker = this.#forkers.get(peer)
    if (forker === undefined) return false
    let events = 0
    let highest = -1
    for (const branch of forker.branches) {
      const known = this.#known(x, branch.column)
      if (known < branch.start) continue
      events += known - branch.start + 1
      highest = Math.max(highest, known)
      // Branches stand below those that they come from: what is no path by now is none at the end.
      if (events > highest + 1) return true
    }
    return false
  }

  #known(event: number, column: number): number {
    if (event < 0) return -1
    if (event >= (this.#openedAt[column] as number)) return this.#rows.at(this.#rowOf.at(event), column)
    // Before the column was there, nobody knew of its branch, or its creator had one chain only.
    const peer = this.#firstBranchOf[column] as number
    return peer >= 0 ? this.#graph.last(event, peer) : -1
  }

  #branchFor(event: number, selfParent: number, creator: number): Branch | null {
    const index = this.#graph.indexOf(event)
    const forker = this.#forkers.get(creator)
    if (forker === undefined) {
      const tip = this.#tips[creator] ?? -1
      if (selfParent === tip) {
        this.#tips[creator] = event
        return null
      }
      const made = this.#fork(event, creator, tip)
      return this.#open(made, event, selfParent, creator, index)
    }
    const column =
      selfParent < 0 || this.#graph.creatorOf(selfParent) !== creator ? null : this.#columnOf(forker, selfParent)
    const branch = column === null ? undefined : forker.byColumn.get(column)
    if (branch === undefined || branch.tip !== selfParent) return this.#open(forker, event, selfParent, creator, index)
    branch.tip = event
    if (branch !== forker.branches[0]) forker.columnOf.set(event, branch.column)
    return branch
  }

  #columnOf(forker: Forker, event: number): number {
    return forker.columnOf.get(event) ?? (forker.branches[0] as Branch).column
  }

  #fork(event: number, creator: number, tip: number): Forker {
    const branch: Branch = { column: this.#firstBranchOf.length, start: 0, tip }
    this.#firstBranchOf.push(creator)
    this.#openedAt.push(event)
    const forker: Forker = {
      branches: [branch],
      byColumn: new Map([[branch.column, branch]]),
      columnOf: new Map(),
      irregular: tip < 0,
    }
    this.#forkers.set(creator, forker)
    return forker
  }

  #open(forker: Forker, event: number, selfParent: number, creator: number, index: number): Branch {
    const branch: Branch = { column: this.#firstBranchOf.length, start: index, tip: event }
    this.#firstBranchOf.push(-1)
    this.#openedAt.push(event)
    forker.branches.push(branch)
    forker.byColumn.set(branch.column, branch)
    forker.columnOf.set(event, branch.column)
    if (selfParent >= 0 && this.#graph.creatorOf(selfParent) !== creator) forker.irregular = true
    return branch
  }
}
