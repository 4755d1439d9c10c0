import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SeededRandom } from '../../src/testing/seeded-random.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'
import { type LinkFaults, MemoryNetwork, type Transport } from '../../src/transport/index.ts'

const A = Uint8Array.of(0xa)
const B = Uint8Array.of(0xb)
const C = Uint8Array.of(0xc)

interface Arrival {
  readonly atMs: number
  readonly from: number | undefined
  readonly content: readonly number[]
}

/** Takes everything that comes, with its time, until the transport closes. */
function record(transport: Transport, clock: VirtualClock): readonly Arrival[] {
  const arrivals: Arrival[] = []
  const run = async (): Promise<void> => {
    for await (const { from, bytes } of transport.receive())
      arrivals.push({ atMs: clock.nowMs(), from: from[0], content: [...bytes] })
  }
  void run()
  return arrivals
}

function start(seed: string | number, faults: Partial<LinkFaults> = {}) {
  const clock = new VirtualClock()
  const network = new MemoryNetwork({ clock, random: new SeededRandom(seed), faults })
  return { clock, network, a: network.join(A), b: network.join(B) }
}

const rate = fc.integer({ min: 0, max: 10 }).map((tenths) => tenths / 10)
const someFaults = fc
  .record({ lossRate: rate, duplicateRate: rate, reorderRate: rate, low: fc.nat(50), spread: fc.nat(50) })
  .map(({ low, spread, ...rates }) => ({ ...rates, minDelayMs: low, maxDelayMs: low + spread, maxHoldMs: 200 }))

async function transcript(seed: number, faults: Partial<LinkFaults>, count: number) {
  const { clock, network, a, b } = start(seed, faults)
  const arrivals = record(b, clock)
  for (let i = 0; i < count; i += 1) {
    await a.send(B, Uint8Array.of(i))
    await clock.advance(3)
  }
  await clock.advance(1000)
  expect(clock.scheduledCount).toBe(0)
  await b.close()
  return { arrivals, counts: { ...network.counts } }
}

describe('the memory network', () => {
  it('repeats itself for a seed, accounts for every message, and invents none', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), someFaults, fc.nat(30), async (seed, faults, count) => {
        const run = await transcript(seed, faults, count)
        expect(await transcript(seed, faults, count)).toEqual(run)
        const { counts, arrivals } = run
        expect(counts.sent).toBe(count)
        expect(counts.delivered).toBe(arrivals.length)
        expect(counts.sent + counts.duplicated).toBe(counts.delivered + counts.lost + counts.cut)
        for (const { from, content, atMs } of arrivals) {
          expect(from).toBe(0xa)
          const sentAtMs = (content[0] ?? 0) * 3
          expect(atMs - sentAtMs).toBeGreaterThanOrEqual(faults.minDelayMs)
        }
        const order = arrivals.map(({ content }) => content[0] ?? 0)
        const isOrdered = order.every((content, i) => i === 0 || content >= (order[i - 1] ?? 0))
        expect(isOrdered || faults.reorderRate > 0).toBe(true)
      }),
      { numRuns: 40 },
    )
  })

  it('loses, doubles and reorders as often as it was told', async () => {
    const faults = { lossRate: 0.2, duplicateRate: 0.3, reorderRate: 0.1, minDelayMs: 5, maxDelayMs: 20 }
    const { counts, arrivals } = await transcript(7, faults, 250)
    expect(counts.lost).toBeGreaterThan(25)
    expect(counts.duplicated).toBeGreaterThan(35)
    expect(counts.reordered).toBeGreaterThan(10)
    const order = arrivals.map(({ content }) => content[0] ?? 0)
    expect(order.some((content, i) => i > 0 && content < (order[i - 1] ?? 0))).toBe(true)
  })

  it('cuts what is on the way when it is parted; sends wait, fail in time, or go when it heals', async () => {
    const { clock, network, a, b } = start('partition', { minDelayMs: 10, maxDelayMs: 10 })
    const c = network.join(C)
    const atB = record(b, clock)
    const atC = record(c, clock)
    await a.send(B, Uint8Array.of(1))
    network.partition([[A], [B]])
    const expiring = Promise.allSettled([a.send(B, Uint8Array.of(2))])
    await clock.advance(4999)
    const waiting = a.send(B, Uint8Array.of(3))
    await clock.advance(1)
    expect(await expiring).toMatchObject([{ reason: { data: { code: 'PeerUnreachable', waitedMs: 5000 } } }])
    network.heal()
    await waiting
    await clock.advance(10)
    expect(atB).toEqual([{ atMs: 5010, from: 0xa, content: [3] }])
    expect(network.counts.cut).toBe(1)
    network.partition([[A, C]])
    await c.send(A, Uint8Array.of(4))
    await a.send(C, Uint8Array.of(5))
    await clock.advance(10)
    expect(atC).toMatchObject([{ content: [5] }])
    expect(clock.scheduledCount).toBe(0)
  })

  it('has faults of single links, in one direction', async () => {
    const { clock, network, a, b } = start('links')
    const atA = record(a, clock)
    const atB = record(b, clock)
    network.setLinkFaults(A, B, { lossRate: 1 })
    await a.send(B, Uint8Array.of(1))
    await b.send(A, Uint8Array.of(2))
    network.setLinkFaults(A, B, undefined)
    await a.send(B, Uint8Array.of(3))
    await clock.advance(0)
    expect([atA, atB]).toMatchObject([[{ content: [2] }], [{ content: [3] }]])
  })

  it('lets a late message reach a peer that restarted meanwhile, and refuses a second peer of one id', async () => {
    const { clock, network, a, b } = start('restart', { minDelayMs: 10, maxDelayMs: 10 })
    expect(() => network.join(B)).toThrow(expect.objectContaining({ code: 'InvalidTransportArgument' }))
    await a.send(B, Uint8Array.of(1))
    await b.close()
    const again = record(network.join(B), clock)
    await clock.advance(10)
    expect(again).toMatchObject([{ atMs: 10, content: [1] }])
  })

  it('refuses faults that make no sense', () => {
    const { network } = start('arguments')
    for (const faults of [{ lossRate: 1.1 }, { duplicateRate: -0.1 }, { minDelayMs: 5 }, { maxHoldMs: Number.NaN }])
      expect(() => network.setFaults(faults)).toThrow(expect.objectContaining({ code: 'InvalidTransportArgument' }))
  })
})
