import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { maliciousOptions, type RunReport, runNetwork } from '../../src/testing/network/run.ts'
import { SeededRandom } from '../../src/testing/seeded-random.ts'

// More seeds: WITAN_SEEDS=1000 npx vitest run test/property/malice-network.test.ts
const SEEDS = Number(process.env['WITAN_SEEDS'] ?? 16)
const RUN = { periods: 2, minEvents: 600, ticks: 160, payloads: 8, joins: 2, removals: 1 }
const hash = (bytes: Uint8Array): Uint8Array => new Uint8Array(createHash('sha3-256').update(bytes).digest())

describe('random networks with fewer than a third of the voters malicious', () => {
  const reports: RunReport[] = []

  it.each(Array.from({ length: SEEDS }, (_, i) => `malice ${i}`))(
    'seed "%s": agreement, termination, every evident offender removed, and no correct peer accused',
    (seed) => {
      const report = runNetwork(maliciousOptions(new SeededRandom(seed), hash), RUN)
      reports.push(report)
      expect(report).toMatchObject({ seed, violations: [] })
    },
  )

  it('did what it is for: crimes, evident offenders, convictions of several kinds', () => {
    const sum = (of: (report: RunReport) => number): number => reports.reduce((total, report) => total + of(report), 0)
    const kinds = new Map<string, number>()
    for (const kind of reports.flatMap(({ convictions }) => convictions)) kinds.set(kind, (kinds.get(kind) ?? 0) + 1)
    const total = {
      seeds: reports.length,
      events: sum(({ events }) => events),
      crimes: sum(({ crimes }) => crimes),
      evident: sum(({ evident }) => evident),
      lostToBudgets: sum(({ lostToBudgets }) => lostToBudgets),
      spamReports: sum(({ spamReports }) => spamReports),
      crashes: sum(({ crashes }) => crashes),
      fromCheckpoint: sum(({ fromCheckpoint }) => fromCheckpoint.peers),
      theirEvents: sum(({ fromCheckpoint }) => fromCheckpoint.events),
      theirVotes: sum(({ fromCheckpoint }) => fromCheckpoint.votes),
      startedAgain: sum(({ startedAgain }) => startedAgain),
      theirAccusations: sum(({ fromCheckpoint }) => fromCheckpoint.accusations),
      mostRounds: Math.max(...reports.map(({ mostRounds }) => mostRounds)),
      removalRounds: Math.max(...reports.map(({ removalRounds }) => removalRounds)),
      convictions: Object.fromEntries(kinds),
    }
    process.stdout.write(`malice networks: ${JSON.stringify(total)}\n`)
    expect(reports).toHaveLength(SEEDS)
    expect(total.crimes).toBeGreaterThanOrEqual(4 * SEEDS)
    expect(total.evident).toBeGreaterThanOrEqual(SEEDS / 4)
    // parsec §8: joiners that started from a checkpoint are voters like all others.
    expect(total.fromCheckpoint).toBeGreaterThanOrEqual(SEEDS / 4)
    expect(total.theirEvents).toBeGreaterThanOrEqual(5 * SEEDS)
    expect(Math.min(total.theirVotes, total.theirAccusations)).toBeGreaterThan(0)
    expect(kinds.size).toBeGreaterThanOrEqual(Math.min(4, SEEDS / 4))
  })
})

describe('networks in which a third at most does nothing but flood', () => {
  const reports: RunReport[] = []

  it.each(Array.from({ length: Math.ceil(SEEDS / 4) }, (_, i) => `flood ${i}`))(
    'seed "%s": budgets hold it, agreement, termination, and no correct peer is held back or accused',
    (seed) => {
      const drawn = maliciousOptions(new SeededRandom(seed), hash)
      const report = runNetwork({ ...drawn, powers: ['flood'], crimeRate: 0.1 }, RUN)
      reports.push(report)
      expect(report).toMatchObject({ seed, violations: [] })
    },
  )

  it('did what it is for: messages that were not taken, accusations, removals for spam', () => {
    const sum = (of: (report: RunReport) => number): number => reports.reduce((total, report) => total + of(report), 0)
    const total = {
      seeds: reports.length,
      crimes: sum(({ crimes }) => crimes),
      lostToBudgets: sum(({ lostToBudgets }) => lostToBudgets),
      spamReports: sum(({ spamReports }) => spamReports),
      removed: sum(({ convictions }) => convictions.filter((kind) => kind === 'Unprovable').length),
    }
    process.stdout.write(`flooded networks: ${JSON.stringify(total)}\n`)
    expect(total.lostToBudgets).toBeGreaterThanOrEqual(100 * reports.length)
    expect(total.spamReports).toBeGreaterThanOrEqual(3 * reports.length)
    expect(total.removed).toBeGreaterThanOrEqual(reports.length / 4)
  })
})

describe('networks in which a forker opens branches in the past, and all joiners start from checkpoints', () => {
  const reports: RunReport[] = []

  it.each(Array.from({ length: Math.ceil(SEEDS / 4) }, (_, i) => `old branch ${i}`))(
    'seed "%s": who stands still goes on by the whole graph; agreement, termination, and no correct peer is accused',
    (seed) => {
      const drawn = maliciousOptions(new SeededRandom(seed), hash)
      const options = { ...drawn, powers: ['past'], crimeRate: 0.0025, fromCheckpointRate: 1 } as const
      const report = runNetwork(options, { ...RUN, periods: 3, joins: 3 })
      reports.push(report)
      expect(report).toMatchObject({ seed, violations: [] })
    },
  )

  it('did what it is for: voters from checkpoints, that accuse forkers, or stand still and start again', () => {
    const sum = (of: (report: RunReport) => number): number => reports.reduce((total, report) => total + of(report), 0)
    const total = {
      seeds: reports.length,
      crimes: sum(({ crimes }) => crimes),
      convictions: sum(({ convictions }) => convictions.length),
      fromCheckpoint: sum(({ fromCheckpoint }) => fromCheckpoint.peers),
      theirEvents: sum(({ fromCheckpoint }) => fromCheckpoint.events),
      theirAccusations: sum(({ fromCheckpoint }) => fromCheckpoint.accusations),
      startedAgain: sum(({ startedAgain }) => startedAgain),
    }
    process.stdout.write(`networks with branches in the past: ${JSON.stringify(total)}\n`)
    expect(total.fromCheckpoint).toBeGreaterThanOrEqual(2 * reports.length)
    expect(total.startedAgain).toBeGreaterThan(0)
  })
})
