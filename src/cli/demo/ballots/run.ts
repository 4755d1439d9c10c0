/**
 * @module cli/demo/ballots/run
 *
 * Four peers, a process and a durable log each, decide the proposals of a file by signed votes. One is killed in the
 * middle and rebuilt from its log alone. The parent carries messages and compares hashes; it takes no part.
 */

import { extname, join } from 'node:path'
import { WitanError } from '../../../base/errors.ts'
import { type Failure, PeerHandle } from '../peer-handle.ts'
import { DEMO_PEERS, type DemoPeer, type DemoProposal } from './proposals-file.ts'
import type { FromPeer, ToPeer } from './protocol.ts'

/** The peer that is killed, and after what share of the proposals. */
const VICTIM: DemoPeer = 'carol'
const KILL_AFTER_SHARE = 0.4
/** How many proposals the others decide before the victim comes back, where there are as many left. */
const DECIDED_WITHOUT_VICTIM = 2
/** Proposals under way at a time. */
const WINDOW = 8
const NO_PROGRESS_MS = 30_000

/** The same file when compiled (`.js`) and when run from source (`.ts`). */
const PROGRAM = join(import.meta.dirname, `peer-process${extname(import.meta.filename)}`)

type Handle = PeerHandle<DemoPeer, ToPeer, FromPeer>

export type BallotsEvent =
  | { readonly type: 'started'; readonly peer: DemoPeer; readonly pid: number | undefined; readonly identity: string }
  | { readonly type: 'killed'; readonly peer: DemoPeer; readonly pid: number | undefined; readonly decided: number }
  | {
      readonly type: 'rebuilt'
      readonly peer: DemoPeer
      readonly pid: number | undefined
      readonly facts: number
      readonly elapsedMs: number
      readonly stateHash: string
    }
  | { readonly type: 'decided'; readonly name: string; readonly results: ReadonlyMap<DemoPeer, boolean | null> }

export interface PeerReport {
  readonly peer: DemoPeer
  readonly folder: string
  readonly identity: string
  readonly facts: number
  readonly stateHash: string
  readonly decisionsHash: string
}

export class DemoStalledError extends WitanError<{ readonly code: 'DemoStalled'; readonly waitingFor: string }> {}

export class BallotsRun {
  readonly #proposals: readonly DemoProposal[]
  readonly #folder: string
  readonly #report: (event: BallotsEvent) => void
  readonly #peers: ReadonlyMap<DemoPeer, Handle>
  readonly #results = new Map<string, Map<DemoPeer, boolean | null>>()
  readonly #waiting: DemoProposal[]
  readonly #underWay = new Set<string>()
  #decided = 0
  #decidedAtKill: number | undefined
  #isReborn = false
  #failure: Error | undefined
  #hasProgressed = false
  #wake: () => void = () => undefined

  constructor(proposals: readonly DemoProposal[], folder: string, report: (event: BallotsEvent) => void) {
    this.#proposals = proposals
    this.#folder = folder
    this.#report = report
    this.#waiting = [...proposals]
    this.#peers = new Map(
      DEMO_PEERS.map((name) => [name, new PeerHandle(name, PROGRAM, (from, message) => this.#take(from, message))]),
    )
  }

  async run(): Promise<readonly PeerReport[]> {
    try {
      await Promise.all([...this.#peers.values()].map((peer) => this.#start(peer)))
      while (!this.#isReborn || this.#lacking.length > 0) {
        if (this.#failure !== undefined) throw this.#failure
        await this.#killOrRevive()
        this.#proposeMore()
        if (!this.#isReborn || this.#lacking.length > 0) await this.#nextProgress()
      }
      return await Promise.all([...this.#peers.values()].map((peer) => this.#finish(peer)))
    } finally {
      await Promise.all([...this.#peers.values()].map((peer) => peer.kill()))
    }
  }

  /** What some peer has not said its result of: the victim hears late of what was decided without it. */
  get #lacking(): readonly string[] {
    return this.#proposals.map(({ name }) => name).filter((name) => this.#results.get(name)?.size !== this.#peers.size)
  }

  async #start(peer: Handle): Promise<Extract<FromPeer, { type: 'started' }>> {
    const folder = join(this.#folder, peer.name)
    peer.launch()
    const started = await peer.ask({ type: 'start', name: peer.name, folder, proposals: this.#proposals }, 'started')
    this.#report({ type: 'started', peer: peer.name, pid: peer.pid, identity: started.identity })
    return started
  }

  async #killOrRevive(): Promise<void> {
    const victim = this.#peers.get(VICTIM)
    if (victim === undefined || this.#isReborn) return
    if (this.#decidedAtKill === undefined) {
      if (this.#decided < Math.floor(this.#proposals.length * KILL_AFTER_SHARE)) return
      this.#report({ type: 'killed', peer: VICTIM, pid: victim.pid, decided: this.#decided })
      this.#decidedAtKill = this.#decided
      await victim.kill()
      this.#settleAll()
      return
    }
    const isEnough = this.#decided >= this.#decidedAtKill + DECIDED_WITHOUT_VICTIM
    if (!isEnough && (this.#underWay.size > 0 || this.#waiting.some(({ owner }) => owner !== VICTIM))) return
    const { facts, elapsedMs, stateHash } = await this.#start(victim)
    this.#isReborn = true
    // What it was told to propose may have been lost with it.
    for (const { name, owner } of this.#proposals)
      if (owner === VICTIM && this.#underWay.has(name)) victim.tell({ type: 'propose', name })
    this.#report({ type: 'rebuilt', peer: VICTIM, pid: victim.pid, facts, elapsedMs, stateHash })
  }

  #proposeMore(): void {
    for (const proposal of this.#waiting.slice()) {
      if (this.#underWay.size >= WINDOW) return
      const owner = this.#peers.get(proposal.owner)
      if (owner?.isUp !== true) continue
      this.#waiting.splice(this.#waiting.indexOf(proposal), 1)
      this.#underWay.add(proposal.name)
      owner.tell({ type: 'propose', name: proposal.name })
    }
  }

  #take(from: Handle, message: FromPeer | Failure): void {
    if (message.type === 'send') {
      for (const peer of this.#peers.values()) {
        if (peer === from || (message.to !== 'all' && message.to !== peer.name)) continue
        peer.tell({ type: 'deliver', from: from.name, message: message.message })
      }
      return
    }
    if (message.type === 'decided') {
      const results = this.#results.get(message.name) ?? new Map<DemoPeer, boolean | null>()
      this.#results.set(message.name, results.set(from.name, message.result))
      this.#settle(message.name)
    }
    if (message.type === 'failed') this.#failure ??= new WitanError({ code: 'PeerProcessFailed' }, message.message)
    this.#hasProgressed = true
    this.#wake()
  }

  /** A proposal counts as decided when every peer that is up has said its result. */
  #settle(name: string): void {
    const results = this.#results.get(name)
    if (results === undefined || !this.#underWay.has(name)) return
    if ([...this.#peers.values()].some((peer) => peer.isUp && !results.has(peer.name))) return
    this.#underWay.delete(name)
    this.#decided += 1
    this.#report({ type: 'decided', name, results: new Map(results) })
  }

  #settleAll(): void {
    for (const name of this.#underWay) this.#settle(name)
  }

  async #nextProgress(): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    await new Promise<void>((resolve, reject) => {
      this.#wake = resolve
      if (this.#hasProgressed) resolve()
      const waitingFor = this.#lacking.join('; ')
      timer = setTimeout(() => {
        reject(
          new DemoStalledError(
            { code: 'DemoStalled', waitingFor },
            `nothing happened for ${NO_PROGRESS_MS / 1000} s; undecided: ${waitingFor}`,
          ),
        )
      }, NO_PROGRESS_MS)
    }).finally(() => clearTimeout(timer))
    this.#hasProgressed = false
  }

  async #finish(peer: Handle): Promise<PeerReport> {
    const { identity, facts, stateHash, decisionsHash } = await peer.ask({ type: 'finish' }, 'finished')
    return { peer: peer.name, folder: join(this.#folder, peer.name), identity, facts, stateHash, decisionsHash }
  }

  /** Every result that any peer has said, by the name of the proposal. */
  get results(): ReadonlyMap<string, ReadonlyMap<DemoPeer, boolean | null>> {
    return this.#results
  }
}
