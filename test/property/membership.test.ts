/**
 * Groups that change (parsec §8, §12): growth from one peer, shrinking to one, changes in flight, leaving and coming back with
 * a new identity, joiners that crash, and removed peers that go on talking. Messages are lost, late and doubled throughout.
 * Judged by the checks of src/testing/network, which hold agreement, integrity, validity, termination and checkpoints.
 */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, expect, it, test } from 'vitest'
import { present } from '../../src/base/errors.ts'
import { toHex } from '../../src/base/text.ts'
import { checkRun } from '../../src/testing/network/checks.ts'
import { runFairly } from '../../src/testing/network/fair.ts'
import { ParsecNetwork } from '../../src/testing/network/network.ts'
import type { NetworkNode } from '../../src/testing/network/node.ts'

// More seeds: WITAN_SEEDS=50 npx vitest run test/property/membership.test.ts
const SEEDS = Array.from({ length: Number(process.env['WITAN_SEEDS'] ?? 2) }, (_, i) => `membership ${i}`)
const hash = (bytes: Uint8Array): Uint8Array => new Uint8Array(createHash('sha3-256').update(bytes).digest())

/** Joiners of all scenarios that began with a base. */
const joinedFromCheckpoints: number[] = []

class Scenario {
  readonly network: ParsecNetwork

  constructor(seed: string, genesisSize: number) {
    this.network = new ParsecNetwork({
      seed,
      genesisSize,
      forkers: 0,
      gossipRate: 0.2,
      lossRate: 0.1,
      duplicationRate: 0.1,
      maxDelayTicks: 5,
      crashRate: 0.002,
      forkRate: 0,
      fromCheckpointRate: 0.8,
      checkpointInterval: 3,
      hash,
    })
  }

  node(peer: number): NetworkNode {
    return present(this.network.correct.get(peer), 'a correct peer')
  }

  get voters(): readonly number[] {
    return this.network.voters().map((id) => this.network.numberOf(id))
  }

  /** Whoever may votes at once; in fair periods all do. */
  #propose(proposal: Parameters<ParsecNetwork['agenda']['propose']>[0]): void {
    const { agenda, correct } = this.network
    const [first] = correct.values()
    const proposed = agenda.propose(proposal, present(first, 'a correct peer'))
    for (const node of correct.values()) {
      if (proposed.by === null || proposed.by === node.peer) this.network.vote(node, proposed)
    }
  }

  join(): number {
    const { peer, id, isFromCheckpoint } = this.network.join()
    if (isFromCheckpoint) joinedFromCheckpoints.push(peer)
    this.#propose(this.network.agenda.add(id))
    return peer
  }

  remove(...peers: readonly number[]): this {
    for (const peer of peers) this.#propose(this.network.agenda.remove(this.network.idOf(peer)))
    return this
  }

  pay(count: number): this {
    for (let i = 0; i < count; i += 1) {
      const by = this.network.random.chance(0.5) ? this.network.random.pick(this.voters) : null
      if (by === null || this.network.correct.has(by)) this.#propose(this.network.agenda.payload(by))
    }
    return this
  }

  disturbed(ticks: number, each: (tick: number) => void = () => undefined): this {
    this.network.disturb()
    for (let tick = 0; tick < ticks; tick += 1) {
      this.network.tick()
      each(tick)
    }
    return this
  }

  /** All that is to be agreed is agreed, by everybody who votes. */
  settle(): this {
    assert.deepEqual(runFairly(this.network).violations, [])
    assert.deepEqual([...checkRun(this.network), ...this.network.differences], [])
    return this
  }

  /** Every change of the voters is proven, from genesis on, at some voter. */
  expectProven(): void {
    this.settle()
    const views = this.network.mostAdvanced().parsec.proofs.checkpoints()
    assert.ok(views.length > 0)
    const proofs = [...this.network.correct.values()].map(({ parsec }) => parsec.proofs.proven.length)
    assert.equal(Math.max(...proofs), views.length)
  }
}

describe.each(SEEDS)('a group with the seed "%s"', (seed) => {
  it('grows from one peer', () => {
    const scenario = new Scenario(seed, 1)
    for (let size = 1; size < 6; size += 1) {
      scenario.pay(2).join()
      scenario.pay(2).disturbed(40).settle()
      expect(scenario.voters.length).toBe(size + 1)
    }
    scenario.expectProven()
  })

  it('shrinks to one peer, which goes on alone', () => {
    const scenario = new Scenario(seed, 5)
    for (let left = 4; left > 0; left -= 1) {
      scenario.pay(1).remove(scenario.network.random.pick(scenario.voters)).pay(1).disturbed(30).settle()
      expect(scenario.voters.length).toBe(left)
    }
    const blocks = scenario.network.mostAdvanced().blocks.length
    scenario.pay(3).settle()
    expect(scenario.network.mostAdvanced().blocks.length).toBe(blocks + 3)
    const [last] = scenario.voters
    expect(scenario.node(present(last, 'one voter')).parsec.voters()).toHaveLength(1)
  })

  it('changes while payloads and other changes are in flight', () => {
    const scenario = new Scenario(seed, 5)
    for (let round = 0; round < 3; round += 1) {
      const [first, second] = scenario.network.random.shuffle(scenario.voters)
      scenario.pay(3).join()
      scenario.pay(2).remove(present(first, 'a voter')).join()
      scenario.disturbed(10).remove(present(second, 'a voter')).pay(3).disturbed(50).settle()
    }
    expect(scenario.voters.length).toBe(5)
    scenario.expectProven()
  })

  it('removes a third of the voters at once', () => {
    const scenario = new Scenario(seed, 9)
    scenario.pay(3).remove(1, 4, 7).pay(3).disturbed(30).settle()
    expect(scenario.voters.toSorted((a, b) => a - b)).toEqual([0, 2, 3, 5, 6, 8])
    scenario.pay(3).settle().expectProven()
  })

  it('removes those who are gone for good', () => {
    const scenario = new Scenario(seed, 7)
    scenario.pay(3).disturbed(20).settle()
    for (const gone of [2, 5]) scenario.network.correct.delete(gone)
    scenario.remove(2, 5).pay(2).disturbed(40).settle()
    expect(scenario.voters.toSorted((a, b) => a - b)).toEqual([0, 1, 3, 4, 6])
    scenario.pay(2).settle().expectProven()
  })

  it('takes who left back with a new identity, and never with the old one', () => {
    const scenario = new Scenario(seed, 4)
    scenario.pay(2).remove(3).disturbed(30).settle()
    const back = scenario.join()
    scenario.pay(2).disturbed(40).settle()
    expect(scenario.voters).toContain(back)
    expect(scenario.voters).not.toContain(3)
    const { parsec } = scenario.node(0)
    const blocks = scenario.node(0).blocks.length
    const again = { type: 'Add', peerId: scenario.network.idOf(3), relatedInfo: new Uint8Array(0) } as const
    for (const peer of scenario.voters) scenario.node(peer).perform((it) => it.voteFor(again))
    scenario.pay(1).settle()
    expect(parsec.voters().map(toHex)).not.toContain(toHex(scenario.network.idOf(3)))
    expect(scenario.node(0).blocks.length).toBe(blocks + 1)
    expect(parsec.hasUnpolledObservations()).toBe(false)
  })

  it('takes a joiner that crashes all the while', () => {
    const scenario = new Scenario(seed, 4)
    const joiner = scenario.join()
    scenario.pay(4).disturbed(60, (tick) => {
      if (tick % 3 === 0) scenario.node(joiner).restart()
    })
    scenario.settle()
    expect(scenario.voters).toContain(joiner)
    expect(scenario.node(joiner).blocks.length).toBe(scenario.network.mostAdvanced().blocks.length)
    scenario.pay(3).settle().expectProven()
  })

  it('goes on when a removed peer does not know it and keeps talking', () => {
    const scenario = new Scenario(seed, 5)
    scenario.pay(2).settle()
    // It hears nothing while the others remove it.
    scenario.network.links.cut(new Set([4]))
    scenario.remove(4).disturbed(60)
    const removed = scenario.node(4)
    scenario.network.correct.delete(4)
    scenario.settle()
    expect(scenario.voters).not.toContain(4)
    // Back, with votes of its own, and with every message that it can make.
    const { agenda } = scenario.network
    const late = agenda.payload(4)
    removed.perform((parsec) => parsec.voteFor(late.observation))
    let refused = 0
    for (let i = 0; i < 10; i += 1) {
      for (const to of scenario.voters) {
        const { effects } = removed.perform((parsec) => parsec.createGossip(scenario.network.idOf(to)))
        for (const { kind, bytes } of effects.filter((it) => it.kind === 'request')) {
          const step = scenario.node(to).perform((parsec) => parsec.handleRequest(removed.id, bytes))
          if (step.error?.code === 'InvalidPeerState') refused += 1
          expect([kind, step.facts]).toEqual(['request', []])
        }
      }
    }
    expect(refused).toBeGreaterThan(0)
    scenario.pay(3).disturbed(30).settle()
    const keys = scenario.node(0).blocks.map(({ key }) => key)
    expect(
      keys.some(
        (key) => key.endsWith(toHex(removed.id)) && key.startsWith(toHex(removed.parsec.hashOf(late.observation))),
      ),
    ).toBe(false)
    // It never learned: what it has is a beginning of what the others have.
    expect(removed.blocks.map(({ key }) => key)).toEqual(keys.slice(0, removed.blocks.length))
    expect(removed.parsec.isRemoved).toBe(false)
    // By comparing it learns, and stops.
    const { effects } = scenario.node(0).perform((parsec) => parsec.graphBeyond(removed.id, removed.parsec.summary()))
    for (const { bytes } of effects) removed.perform((parsec) => parsec.handleGraph(scenario.node(0).id, bytes))
    expect(removed.parsec.isRemoved).toBe(true)
    expect(removed.perform((parsec) => parsec.createGossip(scenario.node(0).id)).error?.code).toBe('InvalidSelfState')
  })
})

test('a good part of the joiners started from checkpoints', () => {
  expect(joinedFromCheckpoints.length).toBeGreaterThanOrEqual(2 * SEEDS.length)
})
