/** The scenario of `npm start` in one process, on each log: payments, a double spend, a join, a restart, a leave, a fence. */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { utf8 } from '../../src/base/bytes.ts'
import { toHex } from '../../src/base/text.ts'
import { systemRandom } from '../../src/crypto/index.ts'
import { type GenesisOptions, groupOf } from '../../src/engine/peer/options.ts'
import { PeerStore } from '../../src/engine/peer/store.ts'
import { createWitan, type Witan } from '../../src/engine/peer/witan.ts'
import { systemClock } from '../../src/engine/system-clock.ts'
import { type EventLog, embeddedLog } from '../../src/log/index.ts'
import type { Transport } from '../../src/ports/transport.ts'
import { MemoryNetwork } from '../../src/transport/index.ts'
import { later, openLog, startNode, until } from '../support/eventstoredb/harness.ts'
import { namedSigner } from '../support/transport.ts'

const FOUNDERS = ['alice', 'bob', 'carol', 'eve'] as const
type Name = (typeof FOUNDERS)[number] | 'dave'
const signerOf = (name: Name) => namedSigner(`scenario ${name}`)
const idOf = (name: Name): string => toHex(signerOf(name).identity)
const genesis: GenesisOptions = { members: FOUNDERS.map((name) => signerOf(name).identity) }

interface Running {
  readonly witan: Witan
  readonly transport: Transport
  /** `position text`, as they came out live. */
  readonly seen: string[]
}

class Scenario {
  readonly #network = new MemoryNetwork({ clock: systemClock, random: systemRandom })
  readonly #logs = new Map<Name, EventLog>()
  readonly #openLogOf: (name: Name) => Promise<EventLog>
  readonly running = new Map<Name, Running>()

  constructor(openLogOf: (name: Name) => Promise<EventLog>) {
    this.#openLogOf = openLogOf
  }

  async start(name: Name): Promise<Running> {
    const log = this.#logs.get(name) ?? (await this.#openLogOf(name))
    this.#logs.set(name, log)
    const transport = this.#network.join(signerOf(name).identity)
    const isFounder = (FOUNDERS as readonly string[]).includes(name)
    const witan = await createWitan({
      identity: signerOf(name),
      genesis,
      log,
      transport,
      ...(isFounder ? {} : { join: { section: [] } }),
    })
    const running: Running = { witan, transport, seen: [] }
    witan.blocks$.subscribe(({ position, payload }) =>
      running.seen.push(`${position} ${Buffer.from(payload).toString()}`),
    )
    this.running.set(name, running)
    later(() => this.stop(name))
    return running
  }

  async stop(name: Name): Promise<void> {
    const running = this.running.get(name)
    this.running.delete(name)
    await running?.witan.close()
    await running?.transport.close()
  }

  peer(name: Name): Witan {
    const running = this.running.get(name)
    if (running === undefined) throw new Error(`${name} does not run`)
    return running.witan
  }

  logOf(name: Name): EventLog {
    const log = this.#logs.get(name)
    if (log === undefined) throw new Error(`${name} has no log`)
    return log
  }

  async pay(name: Name, ...texts: readonly string[]): Promise<void> {
    const receipts = await Promise.all(texts.map((text) => this.peer(name).vote(utf8(text))))
    await Promise.all(receipts.map(({ agreed }) => agreed))
  }

  /** The whole order, as the log of a peer has it. */
  async orderOf(name: Name): Promise<string[]> {
    const order: string[] = []
    for await (const { position, payload } of this.peer(name).history.blocks())
      order.push(`${position} ${Buffer.from(payload).toString()}`)
    return order
  }
}

/** Holds the scenario to its properties; gives how many payloads were ordered. */
async function play(openLogOf: (name: Name) => Promise<EventLog>): Promise<number> {
  const scenario = new Scenario(openLogOf)
  await Promise.all(FOUNDERS.map((name) => scenario.start(name)))
  await Promise.all([scenario.pay('alice', 'a1'), scenario.pay('bob', 'b1', 'b2'), scenario.pay('carol', 'c1')])
  await scenario.pay('eve', 'to alice', 'to bob')

  // A peer joins.
  await scenario.start('dave')
  expect(scenario.peer('dave').status.state).not.toBe('member')
  await Promise.all(
    (['alice', 'bob', 'carol'] as const).map((name) => scenario.peer(name).members.add(signerOf('dave').identity)),
  )
  await until(() => scenario.peer('dave').status.state === 'member')
  await scenario.pay('dave', 'd1')

  // One stops and comes back: nothing lost, nothing twice.
  await scenario.stop('bob')
  await scenario.pay('alice', 'a2', 'a3')
  await scenario.start('bob')
  await scenario.pay('bob', 'b3')

  // Ballots stand on the same log.
  const ballots = await scenario.peer('alice').ballots()
  const request = {
    name: 'n',
    payload: utf8('p'),
    proposalOwner: ballots.identity,
    expectedVotersCount: 1,
    expirationSec: 60n,
    livenessCriteriaYes: true,
  }
  const { proposalId } = await ballots.createProposal('s', request)
  await ballots.castVote('s', proposalId, true)
  expect(ballots.getConsensusResult('s', proposalId)).toBe(true)

  // One leaves.
  await scenario.peer('eve').members.leave()
  await Promise.all(
    (['alice', 'bob', 'carol', 'dave'] as const).map((name) =>
      scenario.peer(name).members.remove(signerOf('eve').identity),
    ),
  )
  const rest = ['alice', 'bob', 'carol', 'dave'] as const
  await until(() => rest.every((name) => !scenario.peer(name).membership.voters.includes(idOf('eve'))))
  await scenario.pay('carol', 'c2')
  await until(() => rest.every((name) => scenario.peer(name).status.blocks === scenario.peer('alice').status.blocks))

  const orders = await Promise.all(rest.map((name) => scenario.orderOf(name)))
  for (const order of orders) expect(order).toEqual(orders[0])
  const payloads = new Set(orders[0]?.map((entry) => entry.replace(/^\d+ /, '')))
  expect(orders[0]?.length).toBe(payloads.size)
  expect(scenario.running.get('alice')?.seen).toEqual(orders[0])

  // Every block follows from the gossip log alone.
  for (const name of rest) {
    const { blocks } = scenario.peer(name).status
    await scenario.stop(name)
    const store = new PeerStore(scenario.logOf(name), groupOf(genesis), signerOf(name), systemRandom)
    expect((await store.recover({ isAudit: true }))?.blocks).toBe(blocks)
  }
  return payloads.size
}

describe('a group of peers', () => {
  it('orders, grows, restarts and shrinks on embedded logs', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'witan-scenario-'))
    const ordered = await play(async (name) => {
      const log = await embeddedLog({ folder: join(folder, name) })
      later(() => log.close())
      return log
    })
    expect(ordered).toBe(11)
  })

  it('does the same on EventStoreDB', async () => {
    const node = await startNode()
    const log = openLog(node.url, { timeoutMs: 20_000, attemptTimeoutMs: 5_000 })
    expect(await play(async () => log)).toBe(11)
  })

  it('is fenced on EventStoreDB when its identity runs twice: it stops, says why, and never writes again', async () => {
    const node = await startNode()
    const signer = signerOf('alice')
    const alone: GenesisOptions = { members: [signer.identity] }
    const run = async () => {
      const transport = new MemoryNetwork({ clock: systemClock, random: systemRandom }).join(signer.identity)
      const log = openLog(node.url, { timeoutMs: 20_000, attemptTimeoutMs: 5_000 })
      const witan = await createWitan({ identity: signer, genesis: alone, log, transport })
      later(() => witan.close())
      return { witan, log }
    }
    const first = await run()
    await (await first.witan.vote(utf8('one'))).agreed
    const second = await run()
    await (await second.witan.vote(utf8('two'))).agreed
    const fenced = { code: 'Fenced', cause: { code: 'WrongExpectedRevision' } }
    await expect(first.witan.vote(utf8('three'))).rejects.toMatchObject(fenced)
    await until(() => first.witan.status.state === 'fenced')
    expect(first.witan.status.error).toMatchObject(fenced)
    expect(first.witan.status.error?.message).toContain('runs twice')
    const stream = `gossip-${first.witan.id}`
    const before = await second.log.lastRevision(stream)
    await expect(first.witan.vote(utf8('four'))).rejects.toMatchObject(fenced)
    expect(await second.log.lastRevision(stream)).toBe(before)
    await (await second.witan.vote(utf8('five'))).agreed
    const order: string[] = []
    for await (const { payload } of second.witan.history.blocks()) order.push(Buffer.from(payload).toString())
    expect(order).toEqual(['one', 'two', 'five'])
  })
})
