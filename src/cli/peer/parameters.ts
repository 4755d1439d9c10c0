/**
 * @module cli/peer/parameters
 *
 * The group parameters (parsec §1) in a peer's `witan.json`: what Genesis says of them, for groups that do not have the defaults. Names
 * and units are those of Genesis; whatever is left out has its default.
 */

import { type Bytes, EMPTY_BYTES, equalBytes } from '../../base/bytes.ts'
import { fromHex } from '../../base/text.ts'
import {
  bytesGroup,
  type Coin,
  decodeParameters,
  type Group,
  type GroupParameters,
  ROUND_PARITY,
} from '../../core/parsec/index.ts'
import { sha3 } from '../../crypto/index.ts'
import { type GenesisOptions, groupOf } from '../../engine/peer/options.ts'
import { type PayloadMode, payloadMode } from '../../wire/payload.ts'
import { UsageError } from '../usage-error.ts'

export interface ParameterFields extends Partial<Omit<GroupParameters, 'application' | 'limits'>> {
  readonly limits?: Partial<GroupParameters['limits']>
  /** Hex. */
  readonly application?: string
}

/** Application payloads, in frames or without. */
const MODES: Readonly<Record<string, { readonly mode: PayloadMode; readonly isFramed: boolean }>> = {
  'witan/frames/single': { mode: 'single', isFramed: true },
  'witan/frames/supermajority': { mode: 'supermajority', isFramed: true },
  single: { mode: 'single', isFramed: false },
  supermajority: { mode: 'supermajority', isFramed: false },
}
/** Who only judges what was decided tosses no coin. */
const COINS: readonly Coin[] = [ROUND_PARITY, { name: 'threshold', toss: () => null }]
const LIMITS = ['maxEventBytes', 'maxPayloadBytes', 'maxSetItems', 'maxMessageBytes'] as const

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0

const CHECKS: Readonly<Record<keyof ParameterFields, readonly [(value: unknown) => boolean, string]>> = {
  mode: [(value) => typeof value === 'string' && Object.hasOwn(MODES, value), Object.keys(MODES).join(', ')],
  coin: [(value) => COINS.some(({ name }) => name === value), COINS.map(({ name }) => name).join(', ')],
  checkpointInterval: [isCount, 'a number of blocks, or 0'],
  detectsMalice: [(value) => typeof value === 'boolean', 'true, false'],
  limits: [
    (value) =>
      typeof value === 'object' &&
      value !== null &&
      Object.entries(value).every(([name, limit]) => LIMITS.some((known) => known === name) && isCount(limit)),
    `numbers named ${LIMITS.join(', ')}`,
  ],
  application: [(value) => typeof value === 'string' && /^([0-9a-f]{2})*$/i.test(value), 'hex'],
}

/** What a person may have written: throws an error that names the field. */
export function checkParameters(value: unknown): ParameterFields {
  if (typeof value !== 'object' || value === null) throw new UsageError('`parameters` must be an object')
  for (const [name, field] of Object.entries(value)) {
    const check = Object.hasOwn(CHECKS, name) ? CHECKS[name as keyof ParameterFields] : undefined
    if (check === undefined)
      throw new UsageError(`\`parameters.${name}\` is none; there are ${Object.keys(CHECKS).join(', ')}`)
    if (!check[0](field)) throw new UsageError(`\`parameters.${name}\` must be one of: ${check[1]}`)
  }
  return value
}

/** The group that these members founded with these parameters. */
export function groupWith(members: readonly Bytes[], fields: ParameterFields): Group<Bytes> {
  const defaults = decodeParameters(groupOf({ members }).genesis.relatedInfo)
  const { mode, coin, checkpointInterval, detectsMalice } = { ...defaults, ...fields }
  return bytesGroup({
    members,
    mode: ruleOf(mode),
    coin: COINS.find(({ name }) => name === coin) ?? ROUND_PARITY,
    checkpointInterval,
    detectsMalice,
    limits: { ...defaults.limits, ...fields.limits },
    relatedInfo: applicationOf(fields),
    hash: sha3,
  })
}

function ruleOf(name: string): PayloadMode | { readonly name: string; modeOf(payload: Bytes): PayloadMode } {
  const { mode, isFramed } = MODES[name] ?? { mode: 'single', isFramed: false }
  return isFramed ? { name, modeOf: (payload) => payloadMode(payload, mode) } : mode
}

const applicationOf = ({ application }: ParameterFields): Bytes =>
  application === undefined ? EMPTY_BYTES : fromHex(application)

/** The same for a peer that is to run; what only the core has, a whole peer refuses. */
export function genesisWith(members: readonly Bytes[], fields: ParameterFields): GenesisOptions {
  const { mode = 'witan/frames/single', checkpointInterval } = fields
  const genesis: GenesisOptions = {
    members,
    mode: MODES[mode]?.mode ?? 'single',
    limits: groupWith(members, fields).format.limits,
    application: applicationOf(fields),
    ...(checkpointInterval === undefined ? {} : { checkpointInterval }),
  }
  if (!equalBytes(groupOf(genesis).id, groupWith(members, fields).id))
    throw new UsageError(
      'a peer runs with framed payloads, the coin round-parity and detectsMalice true; see `parameters`',
    )
  return genesis
}
