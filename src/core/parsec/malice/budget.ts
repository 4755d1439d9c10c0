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
 * What counts is what no correct peer does much of: bytes that brought nothing new, events of its own making, and messages
 * that are no honest peer's. Others' events that we lacked are free: who helps us to catch up is no spammer. Who is slow,
 * or silent, costs nothing. The capacities are for the graph that memory can hold, several times over.
 */

export interface Cost {
  /** Of a message that brought no event that we lacked. */
  readonly bytes: number
  /** Events that we lacked, made by the sender itself. */
  readonly events: number
  /** Messages that no correct peer sends: bad signatures, forms or ends, or bytes that are no message. */
  readonly invalid: number
}

interface Bucket {
  readonly capacity: number
  readonly perSecond: number
}

export interface BudgetOptions {
  readonly bytes: Bucket
  readonly events: Bucket
  readonly invalid: Bucket
  /** Of a peer that is answered slowly, one message in so long. */
  readonly slowMs: number
}

export const BUDGET_DEFAULTS: BudgetOptions = {
  bytes: { capacity: 256 * 1024 * 1024, perSecond: 16 * 1024 * 1024 },
  events: { capacity: 200_000, perSecond: 10_000 },
  invalid: { capacity: 8, perSecond: 1 / 60 },
  slowMs: 250,
}

const SILENT_FROM = 2
const ACCUSED_FROM = 4

interface Account {
  fill: Cost
  atMs: number
  takenAtMs: number
}

const COSTS = ['bytes', 'events', 'invalid'] as const

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

  /** What a message cost, taken or not. True: it is spam by now, and the peer to be accused. */
  charge(peer: string, cost: Cost, nowMs: number): boolean {
    if (COSTS.every((kind) => cost[kind] === 0)) return false
    const account = this.#accounts.get(peer) ?? {
      fill: { bytes: 0, events: 0, invalid: 0 },
      atMs: nowMs,
      takenAtMs: Number.NEGATIVE_INFINITY,
    }
    this.#accounts.set(peer, account)
    this.#fill(peer, account, nowMs)
    const { fill } = account
    account.fill = {
      bytes: fill.bytes + cost.bytes,
      events: fill.events + cost.events,
      invalid: fill.invalid + cost.invalid,
    }
    this.#accounts.set(peer, account)
    return this.#fullest(account) > ACCUSED_FROM
  }

  /** Drains what time allows. A clock that is set back drains nothing. */
  #fill(peer: string, account: Account, nowMs: number): number {
    const seconds = Math.max(0, nowMs - account.atMs) / 1000
    account.atMs = nowMs
    account.takenAtMs = Math.min(account.takenAtMs, nowMs)
    const left = (kind: (typeof COSTS)[number]): number =>
      Math.max(0, account.fill[kind] - seconds * this.#options[kind].perSecond)
    account.fill = { bytes: left('bytes'), events: left('events'), invalid: left('invalid') }
    const fullest = this.#fullest(account)
    if (fullest === 0) this.#accounts.delete(peer)
    return fullest
  }

  #fullest({ fill }: Account): number {
    return Math.max(...COSTS.map((kind) => fill[kind] / this.#options[kind].capacity))
  }
}

/** Codes of errors that no message of a correct peer gives. */
const DISHONEST: ReadonlySet<string> = new Set(['SignatureFailure', 'InvalidMessage', 'InvalidEvent'])

export function isDishonest(code: string | undefined): boolean {
  return code !== undefined && DISHONEST.has(code)
}
