/**
 * What can be mutated, and which tests must notice: the fastest first, so that most mutations cost little.
 */

import { type Mutation, PLANTED } from './planted.ts'
import { PLANTED_BALLOTS } from './planted-ballots.ts'

export interface Target {
  /** With their folders below. */
  readonly folders: readonly string[]
  readonly planted: readonly Mutation[]
  /** Arguments of node, in turn; the first that fails has caught it. */
  readonly stages: readonly (readonly string[])[]
}

const vitest = (...tests: readonly string[]): readonly string[] => [
  'node_modules/vitest/vitest.mjs',
  'run',
  '--bail=1',
  '--reporter=dot',
  ...tests,
]

/** The code under test is loaded once. */
const IN_ONE_PROCESS = ['--pool=threads', '--maxWorkers=1', '--no-isolate']

export const TARGETS: Readonly<Record<string, Target>> = {
  parsec: {
    folders: ['src/core/parsec'],
    planted: PLANTED,
    stages: [
      ['--import', 'tsx', 'test/mutation/probe.ts'],
      vitest(
        ...IN_ONE_PROCESS,
        'test/unit/parsec',
        'test/unit/inspector.test.ts',
        'test/property/gossip-schedule.test.ts',
        'test/property/parsec-facts.test.ts',
      ),
    ],
  },
  ballot: {
    folders: ['src/core/ballot'],
    planted: PLANTED_BALLOTS,
    stages: [
      vitest('test/unit/safe', 'test/unit/ballots'),
      vitest('test/conformance/ballots.test.ts', 'test/property/ballots-core.test.ts', 'test/integration/safe'),
      vitest('test/property/safe', 'test/property/ballots', 'test/integration/ballots'),
    ],
  },
}
