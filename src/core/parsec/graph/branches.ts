/**
 * @module core/parsec/graph/branches
 *
 * Exact ancestry among the events of peers that forked (parsec §4).
 *
 * The events of a correct peer are one chain, so that `last(x, c)` says which of them are ancestors of `x`. Those of a
 * forker are a tree. It is cut into branches: an event continues the branch that ends with its self-parent, or else
 * opens a new one. Ancestry holds a beginning of each branch, hence one number for each branch and event is exact.
 * Nothing is kept for peers that never forked, nor for events from before the first fork of anybody.
 *
 * The reference adds events whose self-parent is another peer's; such an event opens a branch too.
 */

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
  /** Start of an event's row in `#pool`, or -1; shared where equal to the self-parent's. */
  readonly #rowOf = new Int32List()
  readonly #pool = new Int32List()
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
    if (!this.any) {
      this.#rowOf.push(-1)
      return
    }
    const row: number[] = []
    for (let column = 0; column < this.#firstBranchOf.length; column += 1) {
      let known = -1
      if (selfParent >= 0) known = this.#known(selfParent, column)
      if (otherParent >= 0) known = Math.max(known, this.#known(otherParent, column))
      if (own?.column === column) known = Math.max(known, this.#graph.indexOf(event))
      row.push(known)
    }
    this.#rowOf.push(this.#store(row, selfParent))
  }

  /** A stub, appended just now: it goes on with the one chain of its creator. */
  addStub(creator: number, stub: number): void {
    this.#tips[creator] = stub
    this.#rowOf.push(-1)
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
    }
    return events > highest + 1
  }

  #known(event: number, column: number): number {
    const start = this.#rowOf.at(event)
    if (start >= 0 && column < this.#pool.at(start)) return this.#pool.at(start + 1 + column)
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
      const made = this.#fork(creator, tip)
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

  #fork(creator: number, tip: number): Forker {
    const branch: Branch = { column: this.#firstBranchOf.length, start: 0, tip }
    this.#firstBranchOf.push(creator)
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
    forker.branches.push(branch)
    forker.byColumn.set(branch.column, branch)
    forker.columnOf.set(event, branch.column)
    if (selfParent >= 0 && this.#graph.creatorOf(selfParent) !== creator) forker.irregular = true
    return branch
  }

  #store(row: readonly number[], selfParent: number): number {
    const shared = selfParent < 0 ? -1 : this.#rowOf.at(selfParent)
    if (shared >= 0 && this.#pool.at(shared) === row.length) {
      if (row.every((known, column) => this.#pool.at(shared + 1 + column) === known)) return shared
    }
    const start = this.#pool.length
    this.#pool.push(row.length)
    for (const known of row) this.#pool.push(known)
    return start
  }
}
