/**
 * @module testing/network/guard
 *
 * A correct peer's budgets (parsec §9, Unprovable) as its engine keeps them, with capacities that a short run can fill; and
 * what they let in, counted beside them and judged at the end.
 */

import { Budget, type BudgetOptions, type Cost, costOfLost } from '../../core/parsec/index.ts'

const KIB = 1024

/** More than any correct peer of these networks ever costs, which is checked. */
const NETWORK_BUDGET: BudgetOptions = {
  bytes: { capacity: 1024 * KIB, perSecond: 128 * KIB },
  given: { capacity: 4096 * KIB, perSecond: 512 * KIB },
  events: { capacity: 120, perSecond: 30 },
  invalid: { capacity: 8, perSecond: 1 / 60 },
  lost: { capacity: 10, perSecond: 1 },
  slowMs: 250,
}
/** From so full a bucket on nothing is taken. */
const SILENT_FROM = 2

const TAKEN = ['bytes', 'given', 'events', 'invalid'] as const

interface Tally {
  total: number
  /** Of one message. */
  most: number
}

export class Guard {
  #budget = new Budget(NETWORK_BUDGET)
  #lives = 1
  /** By number of the sender: what its messages cost that were taken. */
  readonly #taken = new Map<number, Map<(typeof TAKEN)[number], Tally>>()
  /** By number of the sender: messages that were not. */
  readonly lost = new Map<number, number>()

  /** Whether this message is taken. */
  takes(from: number, nowMs: number): boolean {
    return this.#budget.takes(String(from), nowMs)
  }

  /** A message that is not. True: its sender is to be accused. */
  lose(from: number, bytes: Uint8Array, nowMs: number): boolean {
    this.lost.set(from, (this.lost.get(from) ?? 0) + 1)
    return this.#budget.charge(String(from), costOfLost(bytes), nowMs)
  }

  /** One that is. True: its sender is to be accused. */
  charge(from: number, cost: Cost, nowMs: number): boolean {
    this.#count(from, cost)
    return this.#budget.charge(String(from), cost, nowMs)
  }

  #count(from: number, cost: Cost): void {
    const tallies = this.#taken.get(from) ?? new Map<(typeof TAKEN)[number], Tally>()
    this.#taken.set(from, tallies)
    for (const kind of TAKEN) {
      const { total, most } = tallies.get(kind) ?? { total: 0, most: 0 }
      const more = cost[kind] ?? 0
      tallies.set(kind, { total: total + more, most: Math.max(most, more) })
    }
  }

  /** The peer starts again: what others owed is forgotten. */
  restart(): void {
    this.#budget = new Budget(NETWORK_BUDGET)
    this.#lives += 1
  }

  /** Senders from whom more was taken than budgets allow, in so long. */
  violations(afterMs: number): readonly string[] {
    return [...this.#taken].flatMap(([from, tallies]) =>
      [...tallies].flatMap(([kind, { total, most }]) => {
        const { capacity, perSecond } = NETWORK_BUDGET[kind]
        const allowed = this.#lives * (SILENT_FROM * capacity + most) + (perSecond * afterMs) / 1000
        return total <= allowed ? [] : [`took ${total} ${kind} of peer ${from}, more than ${allowed}`]
      }),
    )
  }
}
