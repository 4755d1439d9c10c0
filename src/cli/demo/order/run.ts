/**
 * @module cli/demo/order/run
 *
 * Four peers, a process, a durable log and a TCP port each, agree on one order of payments: Eve spends her money twice, a
 * peer joins, one is killed and comes back, one leaves. The parent tells them what to do and listens; it has no key.
 */

import { extname, join } from 'node:path'
import { WitanError } from '../../../base/errors.ts'
import { type Failure, PeerHandle } from '../peer-handle.ts'
import { FOUNDERS, ORDER_PEERS, type OrderPeer, type Payment } from './ledger.ts'
import type { FromPeer, ToPeer } from './protocol.ts'

/** The same file when compiled (`.js`) and when run from source (`.ts`). */
const PROGRAM = join(import.meta.dirname, `peer-process${extname(import.meta.filename)}`)
const STEP_TIMEOUT_MS = 60_000

export type OrderEvent =
  | { readonly type: 'started'; readonly peer: OrderPeer; readonly pid: number | undefined; readonly id: string }
  | { readonly type: 'step'; readonly text: string }
  | { readonly type: 'ordered'; readonly position: number; readonly payment: Payment; readonly isHonoured: boolean }
  | { readonly type: 'killed'; readonly peer: OrderPeer; readonly pid: number | undefined }
  | {
      readonly type: 'rebuilt'
      readonly peer: OrderPeer
      readonly pid: number | undefined
      readonly facts: number
      readonly blocks: number
      readonly elapsedMs: number
    }

type Handle = PeerHandle<OrderPeer, ToPeer, FromPeer>

interface Seen {
  readonly handle: Handle
  id: string
  port: number
  state: string
  voters: readonly string[]
  /** What the peer has said of each position: it may say the same again after a crash, never anything else. */
  readonly ordered: Map<number, string>
}

export class OrderRunError extends WitanError<{ readonly code: 'OrderRunFailed'; readonly step: string }> {}

export class OrderRun {
  readonly #folder: string
  readonly #report: (event: OrderEvent) => void
  readonly #peers: ReadonlyMap<OrderPeer, Seen>
  readonly #shown = new Set<number>()
  #paid = 0
  #failure: Error | undefined
  #wake: () => void = () => undefined

  constructor(folder: string, report: (event: OrderEvent) => void) {
    this.#folder = folder
    this.#report = report
    this.#peers = new Map(
      ORDER_PEERS.map((name) => {
        const handle = new PeerHandle<OrderPeer, ToPeer, FromPeer>(name, PROGRAM, (_, message) =>
          this.#take(name, message),
        )
        return [name, { handle, id: '', port: 0, state: 'stopped', voters: [], ordered: new Map() }]
      }),
    )
  }

  /** The ids of the founders, in hex. */
  get members(): readonly string[] {
    return FOUNDERS.map((name) => this.#seen(name).id)
  }

  folderOf(peer: OrderPeer): string {
    return join(this.#folder, peer)
  }

  /** What each peer said of each position. */
  get ordered(): ReadonlyMap<OrderPeer, ReadonlyMap<number, string>> {
    return new Map([...this.#peers].map(([name, { ordered }]) => [name, ordered]))
  }

  async run(): Promise<void> {
    try {
      await this.#startFounders()
      await this.#paySalaries()
      await this.#doubleSpend()
      await this.#joinDave()
      await this.#killBob()
      await this.#leaveEve()
      await Promise.all(ORDER_PEERS.map((name) => this.#seen(name).handle.ask({ type: 'finish' }, 'finished')))
    } finally {
      await Promise.all([...this.#peers.values()].map(({ handle }) => handle.kill()))
    }
  }

  async #startFounders(): Promise<void> {
    await Promise.all(ORDER_PEERS.map((name) => this.#open(name)))
    await Promise.all(FOUNDERS.map((name) => this.#start(name)))
    await this.#until('all founders are members', () => FOUNDERS.every((name) => this.#seen(name).state === 'member'))
  }

  async #paySalaries(): Promise<void> {
    this.#step('payments, each voted for by its payer alone')
    this.#pay('alice', { from: 'alice', to: 'bob', cents: 12_000, memo: 'invoice 2026-114' })
    this.#pay('bob', { from: 'bob', to: 'carol', cents: 4_500, memo: 'rent, share of November' })
    this.#pay('carol', { from: 'carol', to: 'alice', cents: 2_050, memo: 'concert tickets' })
    await this.#untilOrdered(FOUNDERS)
  }

  async #doubleSpend(): Promise<void> {
    this.#step('Eve has 100.00 and spends it twice at once, to Alice and to Bob')
    this.#pay(
      'eve',
      { from: 'eve', to: 'alice', cents: 10_000, memo: 'used bicycle' },
      { from: 'eve', to: 'bob', cents: 10_000, memo: 'used laptop' },
    )
    await this.#untilOrdered(FOUNDERS)
  }

  async #joinDave(): Promise<void> {
    this.#step('Dave asks to join; Alice, Bob and Carol vote for him')
    await this.#start('dave')
    const { id } = this.#seen('dave')
    for (const name of ['alice', 'bob', 'carol'] as const) this.#seen(name).handle.tell({ type: 'add', id })
    await this.#until('Dave is a member', () => this.#seen('dave').state === 'member')
    this.#pay('alice', { from: 'alice', to: 'dave', cents: 7_500, memo: 'welcome, and the deposit' })
    await this.#untilOrdered(ORDER_PEERS)
  }

  async #killBob(): Promise<void> {
    const bob = this.#seen('bob')
    this.#pay('bob', { from: 'bob', to: 'dave', cents: 1_000, memo: 'lunch' })
    this.#report({ type: 'killed', peer: 'bob', pid: bob.handle.pid })
    await bob.handle.kill()
    // Whether his last payment got out before he was killed, his log knows; he goes on from there.
    this.#paid -= 1
    const others = ORDER_PEERS.filter((name) => name !== 'bob')
    this.#pay('carol', { from: 'carol', to: 'dave', cents: 3_000, memo: 'second-hand monitor' })
    this.#pay('dave', { from: 'dave', to: 'alice', cents: 250, memo: 'coffee' })
    await this.#untilOrdered(others)
    await this.#open('bob')
    const { facts, blocks, elapsedMs } = await this.#start('bob')
    this.#report({ type: 'rebuilt', peer: 'bob', pid: bob.handle.pid, facts, blocks, elapsedMs })
    await this.#untilOrdered(ORDER_PEERS)
  }

  async #leaveEve(): Promise<void> {
    this.#step('Eve leaves; the others agree')
    const { id, handle } = this.#seen('eve')
    handle.tell({ type: 'leave' })
    const others = ORDER_PEERS.filter((name) => name !== 'eve')
    for (const name of others) this.#seen(name).handle.tell({ type: 'remove', id })
    await this.#until('Eve is no voter any more', () => others.every((name) => !this.#seen(name).voters.includes(id)))
    this.#pay('dave', { from: 'dave', to: 'bob', cents: 500, memo: 'parking' })
    await this.#untilOrdered(others)
  }

  async #open(name: OrderPeer): Promise<void> {
    const seen = this.#seen(name)
    seen.handle.launch()
    const { id } = await seen.handle.ask({ type: 'open', name, folder: this.folderOf(name) }, 'opened')
    seen.id = id
  }

  async #start(name: OrderPeer): Promise<Extract<FromPeer, { type: 'started' }>> {
    const seen = this.#seen(name)
    const others = [...this.#peers.values()].filter((other) => other !== seen).map(({ id, port }) => ({ id, port }))
    const isJoiner = !FOUNDERS.includes(name)
    const started = await seen.handle.ask({ type: 'start', members: this.members, isJoiner, others }, 'started')
    seen.port = started.port
    const address = { id: seen.id, port: seen.port }
    for (const other of this.#peers.values()) if (other !== seen) other.handle.tell({ type: 'address', address })
    if (started.facts === 0 || name !== 'bob')
      this.#report({ type: 'started', peer: name, pid: seen.handle.pid, id: seen.id })
    return started
  }

  #pay(payer: OrderPeer, ...payments: readonly Payment[]): void {
    this.#paid += payments.length
    this.#seen(payer).handle.tell({ type: 'pay', payments })
  }

  #step(text: string): void {
    this.#report({ type: 'step', text })
  }

  #take(name: OrderPeer, message: FromPeer | Failure): void {
    const seen = this.#seen(name)
    if (message.type === 'failed')
      this.#failure ??= new OrderRunError({ code: 'OrderRunFailed', step: name }, message.message)
    if (message.type === 'state') {
      seen.state = message.state
      seen.voters = message.voters
    }
    if (message.type === 'ordered') this.#note(seen, message)
    this.#wake()
  }

  #note(seen: Seen, { position, payment, isHonoured }: Extract<FromPeer, { type: 'ordered' }>): void {
    const text = JSON.stringify({ payment, isHonoured })
    const before = seen.ordered.get(position)
    if (before !== undefined && before !== text) {
      this.#failure ??= new OrderRunError(
        { code: 'OrderRunFailed', step: 'order' },
        `${seen.handle.name} said two things of position ${position}`,
      )
    }
    seen.ordered.set(position, text)
    if (this.#shown.has(position)) return
    this.#shown.add(position)
    this.#report({ type: 'ordered', position, payment, isHonoured })
  }

  #untilOrdered(peers: readonly OrderPeer[]): Promise<void> {
    return this.#until('all payments are ordered', () => {
      const most = Math.max(this.#paid, ...peers.map((name) => this.#seen(name).ordered.size))
      return peers.every((name) => this.#seen(name).ordered.size >= most)
    })
  }

  async #until(step: string, isReached: () => boolean): Promise<void> {
    const deadline = performance.now() + STEP_TIMEOUT_MS
    while (!isReached()) {
      if (this.#failure !== undefined) throw this.#failure
      const leftMs = deadline - performance.now()
      if (leftMs <= 0)
        throw new OrderRunError(
          { code: 'OrderRunFailed', step },
          `waited ${STEP_TIMEOUT_MS / 1_000} s in vain until ${step}`,
        )
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, leftMs)
        this.#wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
  }

  #seen(name: OrderPeer): Seen {
    const seen = this.#peers.get(name)
    if (seen === undefined) throw new OrderRunError({ code: 'OrderRunFailed', step: name }, `no peer ${name}`)
    return seen
  }
}
