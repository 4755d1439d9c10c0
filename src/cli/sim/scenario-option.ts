/**
 * @module cli/sim/scenario-option
 *
 * `--scenario`: what stands there in place of what the seed would draw.
 */

import { ADVERSARIES } from '../../testing/sim/adversaries/index.ts'
import { FAULT_KINDS, type Scenario } from '../../testing/sim/scenario.ts'
import { WORKLOADS } from '../../testing/sim/workloads/index.ts'
import { UsageError } from '../usage-error.ts'

type Check = readonly [isRight: (value: unknown) => boolean, what: string]

const count = (least: number): Check => [
  (value) => Number.isSafeInteger(value) && (value as number) >= least,
  `a whole number from ${least}`,
]
const oneOf = (names: readonly unknown[]): Check => [(value) => names.includes(value), `one of ${names.join(', ')}`]
const listOf = ([isRight, what]: Check): Check => [
  (value) => Array.isArray(value) && value.every(isRight),
  `a list, each ${what}`,
]
const HOURS: Check = [(value) => typeof value === 'number' && value >= 0, 'a number from 0']

const CHECKS: Readonly<Record<keyof Scenario, Check>> = {
  peers: count(1),
  adversaries: listOf(oneOf(Object.keys(ADVERSARIES))),
  workloads: listOf(oneOf(Object.keys(WORKLOADS))),
  checkpointInterval: count(0),
  chaosMs: count(0),
  minEvents: count(0),
  minElections: count(0),
  voteEveryMs: count(1),
  votesAtOnce: count(1),
  faultEveryMs: count(1),
  maxJoins: count(0),
  joinsFrom: oneOf(['graph', 'checkpoint']),
  faults: listOf(oneOf(FAULT_KINDS)),
  crashAt: listOf(count(1)),
  idleHours: HOURS,
}

export function readScenario(text: string): Partial<Scenario> {
  const value = parse(text)
  for (const [name, field] of Object.entries(value)) {
    const check = Object.hasOwn(CHECKS, name) ? CHECKS[name as keyof Scenario] : undefined
    if (check === undefined)
      throw new UsageError(`--scenario has ${JSON.stringify(name)}; there are ${Object.keys(CHECKS).join(', ')}`)
    if (!check[0](field))
      throw new UsageError(`--scenario has ${name} as ${JSON.stringify(field)}; it must be ${check[1]}`)
  }
  return value
}

function parse(text: string): object {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    // What is no JSON is no object either.
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new UsageError(`--scenario is ${JSON.stringify(text)}; it must be a JSON object such as {"peers":7}`)
  return value
}
