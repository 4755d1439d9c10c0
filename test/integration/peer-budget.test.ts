/** parsec §9, Unprovable, through whole peers: who costs too much is heard less, then not at all, then accused; nobody else suffers. */
import { afterEach, describe, expect, it } from 'vitest'
import { fromUtf8, utf8 } from '../../src/base/bytes.ts'
import { toHex } from '../../src/base/text.ts'
import { type BudgetOptions, decodeObservation, ParsecError, parsecFactFromJson } from '../../src/core/parsec/index.ts'
import type { Transport } from '../../src/ports/transport.ts'
import { decodePeerMessage } from '../../src/wire/peer-message.ts'
import { type RunningPeer, VirtualPeers } from '../support/virtual-peers.ts'

const NAMES = ['alice', 'bob', 'carol', 'dave']
const SLOW_MS = 1_000
const BUDGET: Partial<BudgetOptions> = {
  events: { capacity: 200, perSecond: 250 },
  invalid: { capacity: 4, perSecond: 0.1 },
  lost: { capacity: 50, perSecond: 100 },
  slowMs: SLOW_MS,
}
/** No message at all. */
const GARBAGE = Uint8Array.of(255)

/** Hands everything on, and notes how often each peer answered. */
function noting(inner: Transport): Transport & { readonly answers: Map<string, number> } {
  const answers = new Map<string, number>()
  return {
    localPeer: inner.localPeer,
    answers,
    send: (to, bytes, options) => inner.send(to, bytes, options),
    async *receive(options) {
      for await (const message of inner.receive(options)) {
        const from = toHex(message.from)
        if (decodePeerMessage(message.bytes)?.kind === 'response') answers.set(from, (answers.get(from) ?? 0) + 1)
        yield message
      }
    },
    close: () => inner.close(),
  }
}

class Group {
  readonly peers = new VirtualPeers(NAMES, 7)
  readonly running = new Map<string, RunningPeer>()
  readonly overBudget: string[] = []
  readonly convicted = new Set<string>()
  readonly dave = noting(this.peers.network.join(this.peers.idOf('dave')))
  #payloads = 0

  async start(): Promise<this> {
    for (const name of NAMES) await this.add(name)
    return this
  }

  async add(name: string): Promise<RunningPeer> {
    const transport = name === 'dave' ? { transport: this.dave } : {}
    const peer = await this.peers.start(name, { budget: BUDGET, ...transport })
    this.running.set(name, peer)
    peer.witan.evidence$.subscribe(({ peer: of, error }) => {
      if (error instanceof ParsecError && error.code === 'OverBudget')
        this.overBudget.push(`${this.nameOf(of)} at ${name}`)
    })
    peer.witan.allBlocks$.subscribe(({ observation }) => {
      if (observation.type === 'Accusation') this.convicted.add(this.nameOf(toHex(observation.offender)))
    })
    return peer
  }

  nameOf(id: string): string {
    return [...this.running.keys()].find((name) => toHex(this.peers.idOf(name)) === id) ?? id
  }

  witan(name: string): RunningPeer['witan'] {
    return (this.running.get(name) as RunningPeer).witan
  }

  /** Virtual time until a payload of this peer is out at these. */
  async order(by: string, at: readonly string[] = [...this.running.keys()]): Promise<number> {
    const before = this.peers.clock.nowMs()
    this.#payloads += 1
    const text = `payload ${this.#payloads}`
    const out = at.map(
      (name) =>
        new Promise<void>((resolve) => {
          this.witan(name).blocks$.subscribe(({ payload }) => {
            if (fromUtf8(payload) === text) resolve()
          })
        }),
    )
    await this.peers.settle(this.witan(by).vote(utf8(text)))
    await this.peers.settle(Promise.all(out))
    return this.peers.clock.nowMs() - before
  }

  /** Dave sends what is no message. */
  async flood(to: string, times: number): Promise<void> {
    const sent = Array.from({ length: times }, () => this.dave.send(this.peers.idOf(to), GARBAGE))
    await this.peers.settle(Promise.all(sent))
    await this.peers.clock.advance(10)
  }

  answersTo(by: string): number {
    return this.dave.answers.get(toHex(this.peers.idOf(by))) ?? 0
  }

  /** Whom this peer accused of spam, by its log. */
  async reported(by: string): Promise<string[]> {
    const accused: string[] = []
    for await (const { type, data } of this.peers.logOf(by).read(`gossip-${toHex(this.peers.idOf(by))}`)) {
      const fact = parsecFactFromJson(type, data)
      if (fact.type !== 'OffenceReported') continue
      const observation = decodeObservation(fact.accusation, this.witan(by).group.format)
      if (observation.type === 'Accusation') accused.push(this.nameOf(toHex(observation.offender)))
    }
    return accused
  }

  async stop(): Promise<void> {
    for (const peer of this.running.values()) await this.peers.settle(this.peers.stop(peer))
  }
}

describe('a peer over its budget', () => {
  const groups: Group[] = []
  const start = async (): Promise<Group> => {
    const group = await new Group().start()
    groups.push(group)
    return group
  }
  afterEach(async () => {
    for (const group of groups.splice(0)) await group.stop()
  })

  it('is heard less, then not at all, and recovers once it behaves; nobody else suffers', async () => {
    const group = await start()
    const usual = await group.order('dave')
    expect(group.answersTo('alice')).toBeGreaterThan(0)
    // Slowly: one message in a second.
    await group.flood('alice', 6)
    const slowFrom = group.answersTo('alice')
    const othersFrom = group.answersTo('bob')
    for (let i = 0; i < 3; i += 1) await group.order('bob', ['alice', 'bob', 'carol'])
    expect(group.overBudget).toContain('dave at alice')
    expect(group.answersTo('alice') - slowFrom).toBeLessThanOrEqual(3)
    expect(group.answersTo('bob')).toBeGreaterThan(othersFrom)
    // Not at all.
    for (let i = 0; i < 300; i += 1) {
      await group.peers.clock.advance(SLOW_MS / 20)
      await group.flood('alice', 1)
    }
    const silentFrom = group.answersTo('alice')
    for (let i = 0; i < 3; i += 1) {
      await group.peers.clock.advance(2 * SLOW_MS)
      await group.order('dave')
    }
    expect(group.answersTo('alice')).toBe(silentFrom)
    // Forgiven.
    for (let i = 0; i < 120; i += 1) await group.peers.clock.advance(500)
    for (let i = 0; i < 3; i += 1) expect(await group.order('dave')).toBeLessThan(10 * usual + 1_000)
    expect(group.answersTo('alice')).toBeGreaterThan(silentFrom)
    expect(new Set(group.overBudget)).toEqual(new Set(['dave at alice']))
    for (const name of ['alice', 'bob', 'carol']) expect(await group.reported(name)).toEqual([])
    expect(group.convicted.size).toBe(0)
  })

  it('is accused by who suffers, once, and removed when enough do', async () => {
    const group = await start()
    await group.order('alice')
    await group.flood('alice', 400)
    await group.order('bob')
    expect(await group.reported('alice')).toEqual(['dave'])
    expect(await group.reported('bob')).toEqual([])
    // Told once, not with each message.
    expect(group.overBudget).toEqual(['dave at alice'])
    await group.order('dave')
    expect(group.convicted.size).toBe(0)
    await group.flood('bob', 400)
    await group.flood('carol', 400)
    await group.order('bob', ['alice', 'bob', 'carol'])
    await group.order('carol', ['alice', 'bob', 'carol'])
    expect(group.convicted).toEqual(new Set(['dave']))
    expect(group.witan('alice').membership.voters).toHaveLength(3)
    for (const name of ['alice', 'bob', 'carol']) expect(await group.reported(name)).toEqual(['dave'])
    expect(group.overBudget.filter((it) => !it.startsWith('dave'))).toEqual([])
  })

  it('is nobody who is slow, or helps another to catch up, or catches up', async () => {
    const group = await start()
    group.peers.network.setFaults({ minDelayMs: 100, maxDelayMs: 400, duplicateRate: 0.2, lossRate: 0.1 })
    // Far more events of each than a budget takes at once; a quarter of a log is its peer's own.
    for (let i = 0; i < 25; i += 1) await group.order(NAMES[i % 3] as string, ['alice', 'bob', 'carol'])
    group.peers.network.setFaults({ minDelayMs: 1, maxDelayMs: 2 })
    const own = (await group.peers.logOf('alice').lastRevision(`gossip-${toHex(group.peers.idOf('alice'))}`)) / 4
    expect(own).toBeGreaterThan(2 * 200)
    await group.add('erin')
    for (const name of ['alice', 'bob', 'carol']) {
      await group.peers.settle(group.witan(name).members.add(group.peers.idOf('erin')))
    }
    await group.order('alice', ['alice', 'erin'])
    expect(group.witan('erin').membership.voters).toHaveLength(5)
    expect(group.overBudget).toEqual([])
    expect(group.convicted.size).toBe(0)
  })
})
