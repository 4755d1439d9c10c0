/**
 * @module cli/peer/run
 *
 * `witan run`: a peer in the foreground, until it is interrupted, removed or fenced.
 */

import { Command } from 'commander'
import { pino } from 'pino'
import { filter, firstValueFrom } from 'rxjs'
import { fromUtf8, utf8 } from '../../base/bytes.ts'
import { fromHex, toHex } from '../../base/text.ts'
import { systemRandom } from '../../crypto/index.ts'
import { groupOf } from '../../engine/peer/options.ts'
import { createWitan, type Witan } from '../../engine/peer/witan.ts'
import { systemClock } from '../../engine/system-clock.ts'
import type { EventLog } from '../../ports/event-log.ts'
import { SILENT } from '../../ports/logger.ts'
import { createTcpTransport } from '../../transport/index.ts'
import { line, paint } from '../output.ts'
import { UsageError } from '../usage-error.ts'
import { Acquaintances } from './acquaintances.ts'
import { answerBallot } from './ballots.ts'
import { type ControlRequest, serveControl } from './control.ts'
import { explained } from './explain.ts'
import { PeerFolder } from './folder.ts'
import { change } from './members.ts'
import { proven } from './prove.ts'

const STOPPED = new Set(['fenced', 'removed', 'stopped'])

export function runCommand(): Command {
  return new Command('run')
    .description('run a peer in the foreground; Ctrl-C stops it')
    .argument('<folder>', 'made by `witan init`')
    .option('--log <place>', 'a folder, esdb://…, or memory: (default: WITAN_LOG, else FOLDER/log)')
    .option('--verbose', 'what the engine does, as JSON lines on standard error')
    .option('--json', 'one JSON object a line')
    .exitOverride()
    .action(run)
}

interface RunOptions {
  readonly log?: string
  readonly verbose?: true
  readonly json?: true
}

async function run(path: string, options: RunOptions): Promise<void> {
  const folder = new PeerFolder(path)
  const identity = folder.signer()
  const config = folder.config()
  if (config.genesis.length === 0)
    throw new UsageError(
      `${path} has no genesis yet; give the members with \`witan init ${path} --member ID@HOST:PORT …\``,
    )
  const genesis = folder.genesis()
  const self = toHex(identity.identity)
  const { controlPath } = folder
  const log = await folder.openLog(options.log)
  const transport = await createTcpTransport({
    signer: identity,
    groupId: groupOf(genesis).id,
    clock: systemClock,
    random: systemRandom,
    listen: config.listen,
    peers: config.peers
      .filter(({ id }) => id !== self)
      .map(({ id, host, port }) => ({ peer: fromHex(id), address: { host, port } })),
  })
  const logger = options.verbose === true ? pino({ level: 'debug' }, pino.destination(2)) : SILENT
  const isMember = config.genesis.includes(self)
  const witan = await createWitan({
    identity,
    genesis,
    log,
    transport,
    logger,
    ...(isMember ? {} : { join: { section: [] } }),
  })
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

function show(witan: Witan, isJson: boolean): void {
  const colour = paint(process.stdout)
  witan.status$.subscribe(({ state, voters, blocks }) => {
    line(
      isJson
        ? JSON.stringify({ type: 'status', state, voters, blocks })
        : colour.dim(`${state}, ${voters} voters, ${blocks} blocks`),
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

/** Text as it is, other bytes as hex. */
export function textOf(bytes: Uint8Array): string {
  try {
    return fromUtf8(bytes)
  } catch {
    return toHex(bytes)
  }
}

async function* answer(
  witan: Witan,
  log: EventLog,
  request: ControlRequest,
  signal: AbortSignal,
): AsyncGenerator<object> {
  switch (request.command) {
    case 'propose':
    case 'ballot':
    case 'decisions':
    case 'explain':
    case 'certificate':
      yield* answerBallot(witan, request, signal)
      return
    case 'status':
      yield { id: witan.id, ...witan.status, membership: witan.membership }
      return
    case 'vote': {
      const receipt = await witan.vote(utf8(request.payload), { signal })
      yield { type: 'durable', hash: receipt.hash }
      if (request.wait) yield { type: 'agreed', position: (await receipt.agreed).position }
      return
    }
    case 'explainBlock':
    case 'whyStuck':
      yield await explained(log, witan.group, witan.id, request, signal)
      return
    case 'prove':
      yield await proven(witan, request)
      return
    case 'members':
      yield { id: witan.id, ...witan.membership }
      return
    case 'add':
    case 'remove':
      yield* change(witan, request, signal)
      return
    case 'leave':
      await witan.members.leave()
      yield { type: 'voted', for: 'leave' }
      return
    case 'blocks':
      for await (const { position, payload, block } of witan.history.blocks({
        from: request.from,
        live: request.follow,
        signal,
      })) {
        yield { position, hash: block.hash, payload: textOf(payload) }
      }
  }
}
