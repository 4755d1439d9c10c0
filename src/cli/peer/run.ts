/**
 * @module cli/peer/run
 *
 * `witan run`: a peer in the foreground, until it is interrupted, removed or fenced; with `--from-checkpoint` one that joins from a checkpoint.
 * `witan follow`: the same of a peer that only follows.
 */

import { Command } from 'commander'
import { pino } from 'pino'
import { filter, firstValueFrom } from 'rxjs'
import { fromHex, toHex } from '../../base/text.ts'
import { systemRandom } from '../../crypto/index.ts'
import type { FollowStatus } from '../../engine/peer/follow/following.ts'
import { type FollowOptions, groupOf, startOptions, type WitanOptions } from '../../engine/peer/options.ts'
import { createWitan, type Witan } from '../../engine/peer/witan.ts'
import { streamName } from '../../engine/streams.ts'
import { systemClock } from '../../engine/system-clock.ts'
import type { EventLog } from '../../ports/event-log.ts'
import { SILENT } from '../../ports/logger.ts'
import { createTcpTransport } from '../../transport/index.ts'
import { collect } from '../collect.ts'
import { line, paint } from '../output.ts'
import { UsageError } from '../usage-error.ts'
import { wholeNumber } from '../whole-number.ts'
import { Acquaintances } from './acquaintances.ts'
import { answer, textOf } from './answers.ts'
import { serveControl } from './control.ts'
import { type PeerConfig, PeerFolder, parseId } from './folder.ts'

const STOPPED = new Set(['fenced', 'removed', 'stopped'])

export function runCommand(): Command {
  return new Command('run')
    .description('run a peer in the foreground; Ctrl-C stops it')
    .argument('<folder>', 'made by `witan init`')
    .option('--log <place>', 'a folder, esdb://…, or memory: (default: WITAN_LOG, else FOLDER/log)')
    .option('--follower <id>', 'a peer that may follow the order from here, once for each', collect, [])
    .option('--from-checkpoint', 'of a peer that joins: start from a recent checkpoint, not from the whole graph')
    .option(
      '--sponsor <id>',
      'with --from-checkpoint: a member to ask, once for each (default: every listed peer)',
      collect,
      [],
    )
    .option(
      '--timeout <seconds>',
      'with --from-checkpoint: how long to look for one (default: without end)',
      wholeNumber('--timeout', 1),
    )
    .option('--verbose', 'what the engine does, as JSON lines on standard error')
    .option('--json', 'one JSON object a line')
    .exitOverride()
    .action((path: string, options: RunCommandOptions) =>
      run(path, options, (config, self) => beginning(path, options, config, self)),
    )
}

export function followCommand(): Command {
  return new Command('follow')
    .description('follow a running group from a recent checkpoint, without taking part; Ctrl-C stops it')
    .argument(
      '<folder>',
      'made by `witan init`, with the genesis of the group; some members must run with --follower ID of this peer',
    )
    .option('--sponsor <id>', 'a member to ask, once for each (default: every listed peer)', collect, [])
    .option('--timeout <seconds>', 'how long to look for a checkpoint', wholeNumber('--timeout', 1), 60)
    .option('--log <place>', 'as for `witan run`')
    .option('--verbose', 'what the engine does, as JSON lines on standard error')
    .option('--json', 'one JSON object a line')
    .exitOverride()
    .action((path: string, options: FollowCommandOptions) =>
      run(path, options, (config, self) => {
        if (config.genesis.includes(self))
          throw new UsageError(`${path} is of a genesis member, which takes part: start it with \`witan run ${path}\``)
        return { follow: startFrom(path, options, config, self) }
      }),
    )
}

interface RunOptions {
  readonly log?: string
  readonly verbose?: true
  readonly json?: true
  readonly follower?: readonly string[]
}

/** Whom to ask for a checkpoint, and how long; without `timeout`: without end. */
interface StartOptions {
  readonly sponsor: readonly string[]
  readonly timeout?: number
}

interface RunCommandOptions extends RunOptions, StartOptions {
  readonly fromCheckpoint?: true
}

interface FollowCommandOptions extends RunOptions, StartOptions {}

/** How the peer begins, and what else depends on the command. */
type Beginnings = (config: PeerConfig, self: string) => Pick<WitanOptions, 'join' | 'follow' | 'followers'>

function beginning(path: string, options: RunCommandOptions, config: PeerConfig, self: string): ReturnType<Beginnings> {
  const { follower = [] } = options
  const followers = new Set(follower.map((id) => toHex(parseId('--follower', id))))
  const join = joining(path, options, config, self)
  return {
    ...(join === undefined ? {} : { join }),
    ...(followers.size === 0 ? {} : { followers: { permits: (peer) => followers.has(peer) } }),
  }
}

/** Nothing of a genesis member. */
function joining(
  path: string,
  options: RunCommandOptions,
  config: PeerConfig,
  self: string,
): WitanOptions['join'] | undefined {
  const isMember = config.genesis.includes(self)
  if (options.fromCheckpoint === true) {
    if (isMember)
      throw new UsageError(`${path} is of a genesis member, which does not join; leave --from-checkpoint out`)
    return { checkpoint: startFrom(path, options, config, self) }
  }
  if (options.sponsor.length > 0 || options.timeout !== undefined)
    throw new UsageError('--sponsor and --timeout are of --from-checkpoint; give that too')
  return isMember ? undefined : { section: [] }
}

function startFrom(path: string, options: StartOptions, config: PeerConfig, self: string): FollowOptions {
  const listed = config.peers.map(({ id }) => id).filter((id) => id !== self)
  const chosen = options.sponsor.map((id) => toHex(parseId('--sponsor', id)))
  const stranger = chosen.find((id) => !listed.includes(id))
  if (stranger !== undefined)
    throw new UsageError(
      `--sponsor ${stranger} is no listed peer; give its address with \`witan init ${path} --peer ID@HOST:PORT\``,
    )
  const sponsors = chosen.length > 0 ? chosen : listed
  if (sponsors.length === 0)
    throw new UsageError(`${path} lists no other peer; give some with \`witan init ${path} --peer ID@HOST:PORT …\``)
  const timeoutMs = options.timeout === undefined ? Number.POSITIVE_INFINITY : options.timeout * 1000
  return { sponsors: sponsors.map(fromHex), timeoutMs }
}

async function run(path: string, options: RunOptions, begin: Beginnings): Promise<void> {
  const folder = new PeerFolder(path)
  const identity = folder.signer()
  const config = folder.config()
  if (config.genesis.length === 0)
    throw new UsageError(
      `${path} has no genesis yet; give the members with \`witan init ${path} --member ID@HOST:PORT …\``,
    )
  const genesis = folder.genesis()
  const self = toHex(identity.identity)
  const begun = begin(config, self)
  const { controlPath } = folder
  const log = await folder.openLog(options.log)
  const transport = await createTcpTransport({
    signer: identity,
    groupId: groupOf(genesis).id,
    clock: systemClock,
    random: systemRandom,
    listen: config.listen,
    peers: [
      ...config.peers
        .filter(({ id }) => id !== self)
        .map(({ id, host, port }) => ({ peer: fromHex(id), address: { host, port } })),
      // Who is listed nowhere dials us.
      ...(options.follower ?? [])
        .filter((follower) => !config.peers.some(({ id }) => id === follower.toLowerCase()))
        .map((follower) => ({ peer: fromHex(follower) })),
    ],
  })
  const logger = options.verbose === true ? pino({ level: 'debug' }, pino.destination(2)) : SILENT
  const start = startOptions(begun)?.options
  if (start !== undefined) await showLooking(log, self, start, options.json === true)
  const witan = await started({ identity, genesis, log, transport, logger, ...begun })
  const acquaintances = new Acquaintances(folder, transport)
  acquaintances.meetVoters(witan.membership$)
  const control = await serveControl(controlPath, (request, signal) => {
    if (request.command === 'add' && request.address !== undefined) {
      acquaintances.meet({ id: request.id, ...request.address })
    }
    return answer(witan, log, request, signal)
  })
  show(witan, options.json === true)
  const interrupted = new Promise<void>((resolve) => {
    process.once('SIGINT', resolve)
    process.once('SIGTERM', resolve)
  })
  const ended = firstValueFrom(witan.status$.pipe(filter(({ state }) => STOPPED.has(state))))
  const end = await Promise.race([interrupted, ended])
  await control.close()
  await witan.close()
  await transport.close()
  await log.close()
  if (end?.error !== undefined) throw end.error
}

/** Unless it goes on from its log. */
async function showLooking(
  log: EventLog,
  self: string,
  { sponsors, timeoutMs = 0 }: FollowOptions,
  isJson: boolean,
): Promise<void> {
  // The first fact is no base yet.
  if ((await log.lastRevision(streamName({ category: 'gossip', peer: self }))) > 0) return
  line(
    isJson
      ? JSON.stringify({ type: 'starting', sponsors: sponsors.map(toHex) })
      : `looking for a checkpoint; asking ${sponsors.length} peers, ${Number.isFinite(timeoutMs) ? `for ${timeoutMs / 1000} s at most` : 'until one gives it'}`,
  )
}

/** A peer that could not begin leaves nothing open. */
async function started(options: WitanOptions): Promise<Witan> {
  try {
    return await createWitan(options)
  } catch (error) {
    await options.transport.close()
    await options.log.close()
    throw error
  }
}

function show(witan: Witan, isJson: boolean): void {
  const colour = paint(process.stdout)
  witan.status$.subscribe(({ state, voters, blocks, follows }) => {
    line(
      isJson
        ? JSON.stringify({ type: 'status', state, voters, blocks, ...(follows === undefined ? {} : { follows }) })
        : colour.dim(`${state}, ${voters} voters, ${blocks} blocks${describeFollowing(follows)}`),
    )
  })
  witan.blocks$.subscribe(({ position, payload }) => {
    line(
      isJson
        ? JSON.stringify({ type: 'block', position, payload: textOf(payload) })
        : `#${position}  ${textOf(payload)}`,
    )
  })
  witan.evidence$.subscribe(({ peer, error }) => {
    line(
      isJson
        ? JSON.stringify({ type: 'evidence', peer, error: error.message })
        : colour.yellow(`peer ${peer.slice(0, 16)}…: ${error.message}`),
    )
  })
}

function describeFollowing(follows: FollowStatus | undefined): string {
  if (follows === undefined) return ''
  const { startedAt, missing, waitsFor } = follows
  const gaps = missing.map(({ from, to }) => `; positions ${from} to ${to - 1} are missing`).join('')
  return `, from the checkpoint at ${startedAt}${gaps}${waitsFor === undefined ? '' : `; ${waitsFor}`}`
}
