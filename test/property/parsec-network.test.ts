import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { type RunReport, randomOptions, runNetwork } from '../../src/testing/network/run.ts'
import { SeededRandom } from '../../src/testing/seeded-random.ts'

// More seeds: WITAN_SEEDS=100 npx vitest run test/property/parsec-network.test.ts
const SEEDS = Number(process.env['WITAN_SEEDS'] ?? 8)
const hash = (bytes: Uint8Array): Uint8Array => new Uint8Array(createHash('sha3-256').update(bytes).digest())

describe('random networks with fewer than a third of the voters forking', () => {
  const reports: RunReport[] = []

  it.each(Array.from({ length: SEEDS }, (_, i) => `network ${i}`))(
    'seed "%s": agreement, integrity, validity, termination, and the same again from its facts',
    (seed) => {
      // Forkers stay and go on forking; test/property/malice-network.test.ts has them removed.
      const report = runNetwork({ ...randomOptions(new SeededRandom(seed), hash), detectsMalice: false })
      reports.push(report)
      expect(report).toMatchObject({ seed, violations: [] })
      expect(report.events).toBeGreaterThanOrEqual(2_000)
      expect(report.elections).toBeGreaterThanOrEqual(5)
    },
  )

  it('did what it is for: forks, changes of voters, removals in the middle of a message, crashes', () => {
    const sum = (of: (report: RunReport) => number): number => reports.reduce((total, report) => total + of(report), 0)
    const total = {
      seeds: reports.length,
      events: sum(({ events }) => events),
      elections: sum(({ elections }) => elections),
      blocks: sum(({ blocks }) => blocks),
      knownForks: sum(({ knownForks }) => knownForks),
      voterChanges: sum(({ voterChanges }) => voterChanges),
      removalsMidMessage: sum(({ removalsMidMessage }) => removalsMidMessage),
      crashes: sum(({ crashes }) => crashes),
      fromCheckpoint: sum(({ fromCheckpoint }) => fromCheckpoint.peers),
      theirEvents: sum(({ fromCheckpoint }) => fromCheckpoint.events),
      theirVotes: sum(({ fromCheckpoint }) => fromCheckpoint.votes),
      startedAgain: sum(({ startedAgain }) => startedAgain),
      theirAccusations: sum(({ fromCheckpoint }) => fromCheckpoint.accusations),
      comparisons: sum(({ comparisons }) => comparisons),
      mostRounds: Math.max(...reports.map(({ mostRounds }) => mostRounds)),
    }
    process.stdout.write(`parsec networks: ${JSON.stringify(total)}\n`)
    expect(reports).toHaveLength(SEEDS)
    expect(total.knownForks).toBeGreaterThanOrEqual(5 * SEEDS)
    expect(total.voterChanges).toBeGreaterThanOrEqual(4 * SEEDS)
    expect(total.removalsMidMessage).toBeGreaterThanOrEqual(5 * SEEDS)
    expect(total.fromCheckpoint).toBeGreaterThanOrEqual(SEEDS / 4)
    expect(total.theirVotes).toBeGreaterThanOrEqual(SEEDS)
    expect(total.crashes).toBeGreaterThanOrEqual(5 * SEEDS)
    expect(total.comparisons).toBeGreaterThanOrEqual(50 * SEEDS)
  })
})
