/**
 * What can be mutated, and which tests must notice: the tests of the mutated file's own folder first, then those of the
 * whole target, the fastest first, so that most mutations cost little and only the survivors meet all of them.
 */

import { type Mutation, PLANTED } from './planted.ts'
import { PLANTED_BALLOTS } from './planted-ballots.ts'

/** Arguments of node. */
type Stage = readonly string[]

interface Neighbourhood {
  /** The start of the mutated file's path. */
  readonly folder: string
  readonly first: Stage
  /** For what is left at the end. */
  readonly last?: Stage
}

export interface Target {
  /** With their folders below. */
  readonly folders: readonly string[]
  readonly planted: readonly Mutation[]
  /** The first that fits counts. */
  readonly neighbourhoods: readonly Neighbourhood[]
  readonly stages: readonly Stage[]
}

/** The code under test is loaded once. */
const IN_ONE_PROCESS = ['--pool=threads', '--maxWorkers=1', '--no-isolate']

const vitest = (...tests: readonly string[]): Stage => [
  'node_modules/vitest/vitest.mjs',
  'run',
  '--bail=1',
  '--reporter=dot',
  ...IN_ONE_PROCESS,
  ...tests,
]

const PARSEC = 'src/core/parsec'
const UNIT = 'test/unit/parsec'

const SAFE = { first: vitest('test/unit/safe'), last: vitest('test/integration/safe', 'test/property/safe') }

export const TARGETS: Readonly<Record<string, Target>> = {
  parsec: {
    folders: [PARSEC],
    planted: PLANTED,
    neighbourhoods: [
      {
        folder: `${PARSEC}/malice`,
        first: vitest(`${UNIT}/malice`, 'test/conformance/malice.test.ts', 'test/unit/cli-verify-malice.test.ts'),
        last: vitest('test/property/malice-network.test.ts'),
      },
      {
        folder: `${PARSEC}/checkpoint`,
        first: vitest(`${UNIT}/checkpoint`, `${UNIT}/from-checkpoint`, 'test/unit/cli-verify-checkpoints.test.ts'),
        last: vitest('test/property/parsec-from-checkpoint.test.ts'),
      },
      { folder: `${PARSEC}/gossip/schedule`, first: vitest('test/property/gossip-schedule.test.ts') },
      {
        folder: `${PARSEC}/gossip`,
        first: vitest(`${UNIT}/messages.test.ts`, `${UNIT}/admission.test.ts`, `${UNIT}/stronger-order.test.ts`),
        last: vitest('test/property/membership.test.ts'),
      },
      { folder: `${PARSEC}/explain`, first: vitest(`${UNIT}/explain.test.ts`, 'test/unit/inspector.test.ts') },
      { folder: `${PARSEC}/inspect`, first: vitest('test/unit/inspector.test.ts', `${UNIT}/explain.test.ts`) },
      {
        folder: `${PARSEC}/fact`,
        first: vitest(`${UNIT}/fact-codec.test.ts`, `${UNIT}/messages.test.ts`, 'test/property/parsec-facts.test.ts'),
      },
    ],
    stages: [
      ['--import', 'tsx', 'test/mutation/probe.ts'],
      vitest(UNIT, 'test/unit/inspector.test.ts', 'test/property/parsec-facts.test.ts'),
    ],
  },
  ballot: {
    folders: ['src/core/ballot'],
    planted: PLANTED_BALLOTS,
    neighbourhoods: [
      { folder: 'src/core/ballot/safe', ...SAFE },
      { folder: 'src/wire/ballot', ...SAFE },
    ],
    stages: [
      vitest('test/unit/ballots', 'test/conformance/ballots.test.ts', 'test/property/ballots-core.test.ts'),
      vitest('test/property/ballots', 'test/integration/ballots'),
    ],
  },
}

/** In turn; the first that fails has caught it. */
export function stagesFor({ neighbourhoods, stages }: Target, file: string): readonly Stage[] {
  const near = neighbourhoods.find(({ folder }) => file.startsWith(folder))
  if (near === undefined) return stages
  return [near.first, ...stages, ...(near.last === undefined ? [] : [near.last])]
}
