/**
 * @module testing/sim/run
 *
 * One seed: chaos, then calm, then idleness. Safety is checked all the time, liveness once calm, quiet when idle.
 */

import { createHash } from 'node:crypto'
import type { AgreedBlock } from '../../engine/peer/blocks.ts'
import { SeededRandom } from '../seeded-random.ts'
import { Chaos } from './chaos.ts'
import type { PeerChecks } from './checks/index.ts'
import type { SimCounts } from './counts.ts'
import { removalsMidMessage } from './removals.ts'
import { drawBallotScenario, drawScenario, type Scenario, type WorkloadName } from './scenario.ts'
import type { Hooks, SimPeer } from './sim-peer.ts'
import type { Lack } from './stage.ts'
import { type Violation, violation } from './violation.ts'
import { World } from './world.ts'

export interface SimOptions {
  readonly seed: number | string
  /** What kind of run is drawn. Default: `payloads`. */
  readonly workload?: WorkloadName
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
  readonly digest: () => Promise<string>
  readonly scenario: Scenario
}

/** The faults end after so many times their time, even where there was too little to see by then. */
const MOST_CHAOS = 4
/** What is left is made while all come together again. */
const CHAOS_SHARE = 0.85
const CALM_LIMIT_MS = 300_000
const SETTLING_MS = 120_000
const HOUR_MS = 3_600_000

export async function simulate(options: SimOptions): Promise<SimResult> {
  const random = new SeededRandom(options.seed)
  const draw = options.workload === 'ballots' ? drawBallotScenario : drawScenario
  const scenario = { ...draw(random.fork('scenario')), ...options.scenario }
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
    counts: { ...countsOf(world), removalsMidMessage: await removalsMidMessage(world) },
    convergedAfterMs,
    digest: () => digestOf(world),
    scenario,
  }
}

async function disturb(world: World, chaos: Chaos): Promise<void> {
  const { clock, scenario, random } = world
  for (const adversary of world.adversaries) adversary.start()
  for (const peer of world.peers) world.launch(peer.start())
  for (const workload of world.workloads) workload.begin()
  world.every(
    scenario.faultEveryMs,
    random.fork('faults'),
    () => world.isCalm,
    () => chaos.strike(),
  )
  const startMs = clock.nowMs()
  await world.runUntil(startMs + MOST_CHAOS * scenario.chaosMs, () => {
    return clock.nowMs() >= startMs + scenario.chaosMs && world.hasSeen(CHAOS_SHARE)
  })
}

async function calm(world: World, chaos: Chaos): Promise<void> {
  chaos.end()
  const { clock } = world
  const endMs = clock.nowMs() + CALM_LIMIT_MS
  let checkedAtMs = 0
  world.isSettled = await world.runUntil(endMs, () => {
    if (clock.nowMs() < checkedAtMs + 50) return false
    checkedAtMs = clock.nowMs()
    return world.hasSeenEnough && whatLacks(world) === undefined
  })
  if (world.isSettled) return
  const { peer, what } = whatLacks(world) ?? { peer: 'all', what: `only ${world.events} events` }
  world.fail(violation('liveness', peer, `${what}, ${CALM_LIMIT_MS} ms after the last fault`))
}

/** The first thing that is not as it must become. */
function whatLacks(world: World): Lack | undefined {
  for (const peer of world.peers) {
    const what = peer.isLeaving ? undefined : whatPeerLacks(world, peer)
    if (what !== undefined) return { peer: peer.name, what }
  }
  for (const workload of world.workloads) {
    const lack = workload.lacks?.()
    if (lack !== undefined) return lack
  }
  return undefined
}

function whatPeerLacks({ order }: World, peer: SimPeer): string | undefined {
  if (!peer.isUp || peer.life === undefined) return 'it does not run'
  const { state, blocks } = peer.life.witan.status
  if (state !== 'member') return `it is ${state}`
  return blocks === order.length ? undefined : `it has ${blocks} blocks of ${order.length}`
}

async function beIdle(world: World): Promise<void> {
  const { clock, scenario, adversaries } = world
  for (const adversary of adversaries) adversary.end()
  await world.runUntil(clock.nowMs() + SETTLING_MS)
  // Of the correct peers: what an adversary's own engine goes on with once others refuse it costs only itself.
  const logged = (): number => world.peers.reduce((facts, { disk }) => facts + disk.height, 0)
  const before = logged()
  await world.runUntil(clock.nowMs() + scenario.idleHours * HOUR_MS, () => logged() > before)
  const made = logged() - before
  if (made > 0) world.fail(violation('quiet', 'all', `${made} facts or more in ${scenario.idleHours} idle hours`))
}

async function* skipping(blocks: AsyncIterable<AgreedBlock>, isPlanted: boolean): AsyncGenerator<AgreedBlock> {
  for await (const block of blocks) if (!isPlanted || block.index !== 1) yield block
}

async function readHistory(world: World): Promise<void> {
  for (const { life, checks, name } of world.peers) {
    if (life === undefined || checks === undefined) continue
    let isDone = false
    const read = async (): Promise<void> => {
      const isPlanted = world.hooks.skipsInHistory === true
      await checks.history(() => skipping(life.witan.history.allBlocks(), isPlanted))
      isDone = true
    }
    world.launch(read())
    await world.runUntil(world.clock.nowMs() + 60_000, () => isDone)
    if (!isDone) world.fail(violation('history', name, 'reading it does not end'))
  }
}

function countsOf(world: World): Omit<SimCounts, 'removalsMidMessage'> {
  const { counts, network, peers, adversaries, order, events, elections } = world
  const { delivered: _, ...way } = network.counts
  const most = (of: (checks: PeerChecks) => number): number =>
    Math.max(...peers.map(({ checks }) => (checks === undefined ? 0 : of(checks))))
  return {
    ...counts,
    ...way,
    events,
    blocks: order.length,
    elections,
    collusions: adversaries.length > 1 ? 1 : 0,
    changesOfVoters: most(({ blocks }) => blocks.changesOfVoters),
    overBudget: most(({ blame }) => blame.overBudget),
    convictions: most(({ blame }) => blame.convictions),
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
