/**
 * @module testing/sim/run
 *
 * One seed: chaos, then calm, then idleness. Safety is checked all the time, liveness once calm, quiet when idle.
 */

import { createHash } from 'node:crypto'
import type { AgreedBlock } from '../../engine/peer/blocks.ts'
import { SeededRandom } from '../seeded-random.ts'
import { Chaos, isVoter } from './chaos.ts'
import type { SimCounts } from './counts.ts'
import { drawScenario, type Scenario } from './scenario.ts'
import type { Hooks, SimPeer } from './sim-peer.ts'
import { type Violation, violation } from './violation.ts'
import { World } from './world.ts'

export interface SimOptions {
  readonly seed: number | string
  /** Virtual hours of idleness at the end. Default: 24. */
  readonly idleHours?: number
  /** In place of what the seed would draw. */
  readonly scenario?: Partial<Scenario>
  readonly hooks?: Hooks
}

export interface SimResult {
  readonly seed: number | string
  readonly violation: Violation | undefined
  readonly counts: SimCounts
  /** Virtual time from the end of the faults until all had converged. */
  readonly convergedAfterMs: number
  /** Of all that is durable at the end: one seed, one digest. */
  readonly digest: string
  readonly scenario: Scenario
}

const CALM_LIMIT_MS = 300_000
const SETTLING_MS = 120_000
const HOUR_MS = 3_600_000
const CAMPAIGN_MS = 400

export async function simulate(options: SimOptions): Promise<SimResult> {
  const random = new SeededRandom(options.seed)
  const scenario = { ...drawScenario(random.fork('scenario'), options.idleHours ?? 24), ...options.scenario }
  const world = new World(scenario, random, options.hooks ?? {})
  const chaos = new Chaos(world)
  await disturb(world, chaos)
  const calmAtMs = world.clock.nowMs()
  await calm(world, chaos)
  const convergedAfterMs = world.clock.nowMs() - calmAtMs
  if (world.violation === undefined) await beIdle(world)
  if (world.violation === undefined) await readHistory(world)
  return {
    seed: options.seed,
    violation: world.violation,
    counts: countsOf(world),
    convergedAfterMs,
    digest: await digestOf(world),
    scenario,
  }
}

async function disturb(world: World, chaos: Chaos): Promise<void> {
  const { clock, scenario } = world
  for (const peer of [...world.peers, ...world.forkers]) world.launch(peer.start())
  const endMs = clock.nowMs() + scenario.chaosMs
  const random = world.random.fork('work')
  const every = (periodMs: number, work: () => void): void => {
    const next = (): void => {
      if (world.isCalm || world.violation !== undefined) return
      work()
      clock.schedule(clock.nowMs() + 1 + random.fraction() * 2 * periodMs, next)
    }
    clock.schedule(clock.nowMs() + random.fraction() * 2 * periodMs, next)
  }
  every(scenario.voteEveryMs, () => {
    const up = world.peers.filter(({ isUp }) => isUp)
    if (up.length > 0) world.cast(random.pick(up))
    const forker = world.forkers[random.int(0, 9)]
    if (forker?.isUp === true) world.cast(forker)
  })
  every(scenario.faultEveryMs, () => chaos.strike())
  every(CAMPAIGN_MS, () => chaos.campaign())
  if (scenario.hasForker) {
    clock.schedule(clock.nowMs() + random.int(100, scenario.chaosMs >> 1), () => world.launch(world.splitForker()))
  }
  await world.runUntil(endMs)
}

async function calm(world: World, chaos: Chaos): Promise<void> {
  chaos.end()
  const { clock } = world
  const endMs = clock.nowMs() + CALM_LIMIT_MS
  const campaign = (): void => {
    chaos.campaign()
    if (clock.nowMs() < endMs && whatLacks(world) !== undefined) clock.schedule(clock.nowMs() + CAMPAIGN_MS, campaign)
  }
  campaign()
  let checkedAtMs = 0
  const hasConverged = await world.runUntil(endMs, () => {
    if (clock.nowMs() < checkedAtMs + 50) return false
    checkedAtMs = clock.nowMs()
    return whatLacks(world) === undefined
  })
  if (!hasConverged) {
    const [peer, what] = whatLacks(world) ?? ['nobody', '']
    world.fail(violation('liveness', peer, `${what}, ${CALM_LIMIT_MS} ms after the last fault`))
  }
}

/** The first thing that is not as it must become: whose, and what. */
function whatLacks(world: World): readonly [string, string] | undefined {
  const staying = world.peers.filter(({ isLeaving }) => !isLeaving)
  for (const peer of staying) {
    const lacks = whatPeerLacks(world, peer)
    if (lacks !== undefined) return [peer.name, lacks]
  }
  for (const [payload, peer] of world.durableVotes) {
    if (!peer.isLeaving && peer.checker !== undefined && !world.wasOrdered(payload)) {
      return [peer.name, `the vote for ${payload} is durable and not ordered`]
    }
  }
  return undefined
}

function whatPeerLacks({ order, peers }: World, peer: SimPeer): string | undefined {
  if (!peer.isUp || peer.life === undefined) return 'it does not run'
  const { state, blocks } = peer.life.witan.status
  if (state !== 'member') return `it is ${state}`
  if (blocks !== order.length) return `it has ${blocks} blocks of ${order.length}`
  for (const other of peers) {
    if (isVoter(peer, other) === other.isLeaving) return `${other.name} is ${other.isLeaving ? 'still' : 'no'} voter`
  }
  return undefined
}

async function beIdle(world: World): Promise<void> {
  const { clock, scenario, forkers } = world
  // A forker may ask for ever, and whoever is asked must answer.
  for (const forker of forkers) forker.crash()
  await world.runUntil(clock.nowMs() + SETTLING_MS)
  const before = world.eventsOnDisks
  await world.runUntil(clock.nowMs() + scenario.idleHours * HOUR_MS)
  const made = world.eventsOnDisks - before
  if (made > 0) world.fail(violation('quiet', 'all', `${made} events in ${scenario.idleHours} idle hours`))
}

function rethrow(error: unknown): never {
  throw error
}

async function* skipping(blocks: AsyncIterable<AgreedBlock>, isPlanted: boolean): AsyncGenerator<AgreedBlock> {
  for await (const block of blocks) if (!isPlanted || block.index !== 1) yield block
}

async function readHistory(world: World): Promise<void> {
  for (const { life, checker, name } of world.peers) {
    if (life === undefined || checker === undefined) continue
    let isDone = false
    const reading = checker
      .history(skipping(life.witan.history.allBlocks(), world.hooks.skipsInHistory === true))
      .catch((error: unknown) => world.guard(() => rethrow(error)))
      .finally(() => {
        isDone = true
      })
    world.launch(reading)
    await world.runUntil(world.clock.nowMs() + 60_000, () => isDone)
    if (!isDone && world.violation === undefined) world.fail(violation('history', name, 'reading it does not end'))
  }
}

function countsOf(world: World): SimCounts {
  const { counts, network, peers, order } = world
  const { delivered: _, ...way } = network.counts
  const checkers = peers.flatMap(({ checker }) => (checker === undefined ? [] : [checker]))
  return {
    ...counts,
    ...way,
    events: Math.max(0, ...checkers.map(({ events }) => events.count)),
    blocks: order.length,
    changesOfVoters: Math.max(0, ...checkers.map(({ changesOfVoters }) => changesOfVoters)),
    elections: Math.max(0, ...checkers.map(({ blockAppends }) => blockAppends)),
  }
}

async function digestOf({ peers, order, counts, clock }: World): Promise<string> {
  const hash = createHash('sha256')
  for (const { disk } of peers) {
    for await (const { stream, type, data } of disk.facts()) hash.update(`${stream} ${type} ${JSON.stringify(data)}\n`)
  }
  hash.update(JSON.stringify([order.length, counts, clock.nowMs()]))
  return hash.digest('hex').slice(0, 16)
}
