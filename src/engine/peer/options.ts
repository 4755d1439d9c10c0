/**
 * @module engine/peer/options
 *
 * What a peer is made of. Whatever must be equal on all peers stands in `genesis` and is agreed with it (parsec §1);
 * everything else is this peer's own affair.
 */

import type { Bytes } from '../../base/bytes.ts'
import { toHex } from '../../base/text.ts'
import {
  BUDGET_DEFAULTS,
  type BudgetOptions,
  bytesGroup,
  type CanonicalLimits,
  DEFAULT_LIMITS,
  type Group,
  SCHEDULE_DEFAULTS,
  type ScheduleOptions,
} from '../../core/parsec/index.ts'
import { sha3, systemRandom } from '../../crypto/index.ts'
import type { Clock } from '../../ports/clock.ts'
import type { EventLog } from '../../ports/event-log.ts'
import { type Logger, SILENT } from '../../ports/logger.ts'
import type { Random } from '../../ports/random.ts'
import type { Signer } from '../../ports/signature-scheme.ts'
import type { Transport } from '../../ports/transport.ts'
import { type PayloadMode, payloadMode } from '../../wire/payload.ts'
import { systemClock } from '../system-clock.ts'
import { PeerError } from './errors.ts'
import type { MembershipPolicy } from './membership-policy.ts'

export interface GenesisOptions {
  /** Ids of the first voters: ed25519 public keys, 32 bytes each. */
  readonly members: readonly Bytes[]
  /** Of application payloads. `single`: one peer's vote orders it; `supermajority`: enough voters must ask for it. Default: `single`. */
  readonly mode?: PayloadMode
  readonly limits?: CanonicalLimits
  /** Blocks between checkpoints; each change of voters is one besides. 0: no others. Default: 100. */
  readonly checkpointInterval?: number
  /** The application's own part of Genesis. Default: empty. */
  readonly application?: Bytes
}

export interface BatchingOptions {
  /** Payloads in one vote, at most. 1: no batching. */
  readonly maxPayloads: number
  /** How long a payload may wait for others. */
  readonly maxDelayMs: number
}

export interface PayloadCodec<Payload> {
  encode(payload: Payload): Bytes
  /** May throw: the payload is then shown to nobody, and the block's bytes stay in `allBlocks$` and history. */
  decode(bytes: Bytes): Payload
}

export interface WitanOptions<Payload = Bytes> {
  /** Our key. It runs in one process at a time, on one log, in one group. */
  readonly identity: Signer
  readonly genesis: GenesisOptions
  /** Present: we are no genesis member, and become one once the group adds us. */
  readonly join?: JoinOptions
  /** Present: we take no part, not even if the group adds us, and follow the order from a recent checkpoint. In place of `join`. */
  readonly follow?: FollowOptions
  /** Who may follow us that is no member. Whom the group added may start from us without. Default: nobody. */
  readonly followers?: FollowerPolicy
  readonly log: EventLog
  readonly transport: Transport
  /** Default: bytes as they are. */
  readonly codec?: PayloadCodec<Payload>
  readonly batching?: BatchingOptions
  /** Which changes of the voters this peer votes for. Default: those that `members` is asked for, and no others. */
  readonly membership?: MembershipPolicy
  readonly schedule?: Partial<ScheduleOptions>
  /** What another peer may cost us (parsec §9, Unprovable). Default: `BUDGET_DEFAULTS`, for 64 MiB of graph or less. */
  readonly budget?: Partial<BudgetOptions>
  /** Votes of ours that are not agreed yet, at most; more are refused. Default: 10,000. */
  readonly maxUnagreed?: number
  /** How long `close()` waits for appends under way. Default: 5,000. */
  readonly closeTimeoutMs?: number
  readonly clock?: Clock
  readonly random?: Random
  /** Default: silent. */
  readonly logger?: Logger
}

/**
 * Where a joiner starts from, for life: its log holds it. With `section` it reads the whole graph; these are peers that may let it in, as far as we know.
 * With `checkpoint` it starts from a recent checkpoint, follows until the group adds it, and has no blocks from before (docs/checkpoints.md).
 */
export type JoinOptions =
  | { readonly section: readonly Bytes[]; readonly checkpoint?: never }
  | { readonly checkpoint: FollowOptions; readonly section?: never }

export interface FollowOptions {
  /** Ids of members, as many as we can reach: one gives a checkpoint with what belongs to it, others vouch. At least a third of the voters must. */
  readonly sponsors: readonly Bytes[]
  /** How long to look for a checkpoint to start from; `Infinity`: without end, as for a joiner that nobody serves before the group adds it. Default: 60,000. */
  readonly timeoutMs?: number
  /** How long to wait for an answer of one sponsor. Default: 10,000. */
  readonly answerTimeoutMs?: number
  /** What is downloaded of a checkpoint, at most. Default: 64 MiB. */
  readonly maxBaseBytes?: number
  /** After so long without a block, while others send what must be refused, start again from a later checkpoint. Default: 15,000. */
  readonly stuckAfterMs?: number
}

export interface FollowerPolicy {
  /** `peer`: hex id, which the transport has proved. */
  permits(peer: string): boolean
  /** What each follower is given: on average, and at once. Default: 4 MiB, 64 MiB. */
  readonly maxBytesPerSec?: number
  readonly maxBurstBytes?: number
}

export interface PeerSettings {
  readonly followers: { readonly maxBytesPerSec: number; readonly maxBurstBytes: number }
  readonly group: Group<Bytes>
  readonly schedule: ScheduleOptions
  readonly budget: BudgetOptions
  readonly batching: BatchingOptions
  readonly maxUnagreed: number
  readonly closeTimeoutMs: number
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
}

const DEFAULT_CHECKPOINT_INTERVAL = 100
const DEFAULT_MAX_UNAGREED = 10_000
const DEFAULT_CLOSE_TIMEOUT_MS = 5_000
const NO_BATCHING: BatchingOptions = { maxPayloads: 1, maxDelayMs: 0 }
const DEFAULT_FOLLOWER_BYTES_PER_SEC = 4 * 1024 * 1024
const DEFAULT_FOLLOWER_BURST_BYTES = 64 * 1024 * 1024
const ID_BYTES = 32

/** The group that these options found; `witan verify` makes the same. */
export function groupOf(genesis: GenesisOptions): Group<Bytes> {
  const mode = genesis.mode ?? 'single'
  return bytesGroup({
    members: genesis.members,
    mode: { name: `witan/frames/${mode}`, modeOf: (payload) => payloadMode(payload, mode) },
    limits: genesis.limits ?? DEFAULT_LIMITS,
    checkpointInterval: atLeast(
      'genesis.checkpointInterval',
      genesis.checkpointInterval ?? DEFAULT_CHECKPOINT_INTERVAL,
      0,
    ),
    hash: sha3,
    ...(genesis.application === undefined ? {} : { relatedInfo: genesis.application }),
  })
}

export function settingsOf(options: Omit<WitanOptions<never>, 'codec'>): PeerSettings {
  const { identity, genesis } = options
  const self = toHex(identity.identity)
  if (genesis.members.length === 0) throw invalid('genesis.members', 'none', 'a group begins with one member at least')
  const named = [...(options.join?.section ?? []), ...(startOptions(options)?.options.sponsors ?? [])]
  for (const id of [...genesis.members, ...named, identity.identity]) {
    if (id.length !== ID_BYTES) throw invalid('an id', toHex(id), `an id is ${ID_BYTES} bytes`)
  }
  const isMember = genesis.members.some((id) => toHex(id) === self)
  if (isMember && options.join !== undefined)
    throw invalid('join', self, 'a genesis member does not join; leave it out')
  checkStart(options, self, isMember)
  if (!isMember && options.join === undefined && options.follow === undefined)
    throw invalid('identity', self, 'it is no genesis member; give `join` to join later, or `follow` to follow only')
  if (toHex(options.transport.localPeer) !== self)
    throw invalid('transport', toHex(options.transport.localPeer), `it speaks for another peer than ${self}`)
  const batching = options.batching ?? NO_BATCHING
  return {
    group: groupOf(genesis),
    followers: {
      maxBytesPerSec: atLeast(
        'followers.maxBytesPerSec',
        options.followers?.maxBytesPerSec ?? DEFAULT_FOLLOWER_BYTES_PER_SEC,
        1,
      ),
      maxBurstBytes: atLeast(
        'followers.maxBurstBytes',
        options.followers?.maxBurstBytes ?? DEFAULT_FOLLOWER_BURST_BYTES,
        1,
      ),
    },
    schedule: { ...SCHEDULE_DEFAULTS, ...options.schedule },
    budget: { ...BUDGET_DEFAULTS, ...options.budget },
    batching: {
      maxPayloads: atLeast('batching.maxPayloads', batching.maxPayloads, 1),
      maxDelayMs: atLeast('batching.maxDelayMs', batching.maxDelayMs, 0),
    },
    maxUnagreed: atLeast('maxUnagreed', options.maxUnagreed ?? DEFAULT_MAX_UNAGREED, 1),
    closeTimeoutMs: atLeast('closeTimeoutMs', options.closeTimeoutMs ?? DEFAULT_CLOSE_TIMEOUT_MS, 0),
    clock: options.clock ?? systemClock,
    random: options.random ?? systemRandom,
    logger: options.logger ?? SILENT,
  }
}

/** Of a peer that starts from a checkpoint: how, and the name of that option. */
export function startOptions({
  join,
  follow,
}: Pick<WitanOptions, 'join' | 'follow'>): { readonly name: string; readonly options: FollowOptions } | undefined {
  if (follow !== undefined) return { name: 'follow', options: follow }
  return join?.checkpoint === undefined ? undefined : { name: 'join.checkpoint', options: join.checkpoint }
}

function checkStart(given: Pick<WitanOptions, 'join' | 'follow'>, self: string, isMember: boolean): void {
  const { follow, join } = given
  if (follow !== undefined && isMember)
    throw invalid('follow', self, 'a genesis member takes part; one that only follows has a key of its own')
  if (follow !== undefined && join !== undefined)
    throw invalid('follow', self, 'who follows does not join; leave `join` out, or give `join.checkpoint` alone')
  const start = startOptions(given)
  if (start === undefined) return
  const { name, options } = start
  const sponsors = options.sponsors.map((id) => toHex(id))
  if (sponsors.length === 0) throw invalid(`${name}.sponsors`, 'none', 'name some members')
  if (sponsors.includes(self)) throw invalid(`${name}.sponsors`, self, 'nobody starts from itself')
  const twice = sponsors.find((id, i) => sponsors.indexOf(id) !== i)
  if (twice !== undefined) throw invalid(`${name}.sponsors`, twice, 'each is named once')
  for (const bound of ['answerTimeoutMs', 'stuckAfterMs', 'maxBaseBytes'] as const)
    atLeast(`${name}.${bound}`, options[bound] ?? 1, 1)
  const { timeoutMs = 1 } = options
  if (timeoutMs !== Number.POSITIVE_INFINITY) atLeast(`${name}.timeoutMs`, timeoutMs, 1)
}

function atLeast(option: string, value: number, least: number): number {
  if (Number.isInteger(value) && value >= least) return value
  throw invalid(option, String(value), `it must be a whole number from ${least}`)
}

function invalid(option: string, value: string, why: string): PeerError {
  return new PeerError({ code: 'InvalidOption', option, value }, `${option} is ${value}: ${why}`)
}
