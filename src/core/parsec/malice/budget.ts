/**
 * @module core/parsec/malice/budget
 *
 * What a peer may cost us before it is spam (parsec §9, Unprovable). Pure: time is an argument.
 *
 * Each cost fills a bucket of its own, which drains with time. The fullest one counts, by its capacity:
 *
 * | Fill | What follows |
 * | --- | --- |
 * | up to 1 | nothing |
 * | up to 2 | one message in `slowMs` is taken, the others are lost |
 * | up to 4 | no message is taken; they still count |
 * | more | the peer is accused, once |
 *
 * What counts is what no correct peer does much of: bytes that bring nothing new, bytes given in answer, events of its own
 * making, messages that are no honest peer's, and messages that come although none is taken. Others' events that we lacked are
 * free: who helps us to catch up is no spammer. Who is slow, or silent, costs nothing. The capacities are for the graph that
 * memory can hold, several times over, so that who catches up may be given it all; see cost.ts.
 */

const KINDS = ['bytes', 'given', 'events', 'invalid', 'lost'] as const
type CostKind = (typeof KINDS)[number]

/**
 * - `bytes`: of messages, save those of events that we lacked.
 * - `given`: bytes that the message was answered with.
 * - `events`: those that we lacked, made by the sender itself.
 * - `invalid`: messages that no correct peer sends: bad signatures, forms or ends, or bytes that are no message.
 * - `lost`: messages that were not taken. A correct peer that nobody answers asks less and less.
 */
export type Cost = Readonly<Partial<Record<CostKind, number>>>

interface Bucket {
  readonly capacity: number
  readonly perSecond: number
}

export interface BudgetOptions extends Readonly<Record<CostKind, Bucket>> {
  /** Of a peer that is answered slowly, one message in so long. */
  readonly slowMs: number
}

const MIB = 1024 * 1024

export const BUDGET_DEFAULTS: BudgetOptions = {
  bytes: { capacity: 256 * MIB, perSecond: 16 * MIB },
  given: { capacity: 1024 * MIB, perSecond: 64 * MIB },
  events: { capacity: 200_000, perSecond: 10_000 },
  invalid: { capacity: 8, perSecond: 1 / 60 },
  lost: { capacity: 10_000, perSecond: 1_000 },
  slowMs: 250,
}

const SILENT_FROM = 2
const ACCUSED_FROM = 4

interface Account {
  readonly fill: Record<CostKind, number>
  atMs: number
  takenAtMs: number
}

export class Budget {
  readonly #options: BudgetOptions
  /** By peer; only of those that owe something. */
  readonly #accounts = new Map<string, Account>()

  constructor(options: BudgetOptions = BUDGET_DEFAULTS) {
    this.#options = options
  }

  /** Whether the next message of this peer is taken. */
  takes(peer: string, nowMs: number): boolean {
    const account = this.#accounts.get(peer)
    if (account === undefined) return true
    const fill = this.#fill(peer, account, nowMs)
    if (fill <= 1) return true
    if (fill > SILENT_FROM || nowMs < account.takenAtMs + this.#options.slowMs) return false
    account.takenAtMs = nowMs
    return true
  }

  /** Whether the peer is over its budget, as of the last message. */
  isOver(peer: string): boolean {
    const account = this.#accounts.get(peer)
    return account !== undefined && this.#fullest(account) > 1
  }

  /** What a message cost, taken or not. True: it is spam by now, and the peer to be accused. */
  charge(peer: string, cost: Cost, nowMs: number): boolean {
    const charged = KINDS.filter((kind) => (cost[kind] ?? 0) > 0)
    if (charged.length === 0) return false
    const account = this.#accounts.get(peer) ?? { fill: empty(), atMs: nowMs, takenAtMs: Number.NEGATIVE_INFINITY }
    this.#fill(peer, account, nowMs)
    for (const kind of charged) account.fill[kind] += cost[kind] ?? 0
    this.#accounts.set(peer, account)
    return this.#fullest(account) > ACCUSED_FROM
  }

  /** Drains what time allows. A clock that is set back drains nothing. */
  #fill(peer: string, account: Account, nowMs: number): number {
    const seconds = Math.max(0, nowMs - account.atMs) / 1000
    account.atMs = nowMs
    account.takenAtMs = Math.min(account.takenAtMs, nowMs)
    for (const kind of KINDS)
      account.fill[kind] = Math.max(0, account.fill[kind] - seconds * this.#options[kind].perSecond)
    const fullest = this.#fullest(account)
    if (fullest === 0) this.#accounts.delete(peer)
    return fullest
  }

  #fullest({ fill }: Account): number {
    return Math.max(...KINDS.map((kind) => fill[kind] / this.#options[kind].capacity))
  }
}

const empty = (): Record<CostKind, number> => ({ bytes: 0, given: 0, events: 0, invalid: 0, lost: 0 })
