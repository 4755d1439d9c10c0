/**
 * @module cli/peer/explain
 *
 * `witan explain FOLDER block INDEX` and `witan why-stuck`: what a peer's graph says about its order. From the running peer, which
 * folds its log again for it, or else from the log.
 */

import { Command } from 'commander'
import { type Bytes, concatBytes } from '../../base/bytes.ts'
import { present } from '../../base/errors.ts'
import { toHex } from '../../base/text.ts'
import {
  type BlockExplanation,
  type EventName,
  explainBlock,
  type Group,
  type Observation,
  type ParsecFact,
  parsecFactFromJson,
  type Stuck,
  whyStuck,
} from '../../core/parsec/index.ts'
import { streamName } from '../../engine/streams.ts'
import type { EventLog } from '../../ports/event-log.ts'
import { decodeBase } from '../../wire/checkpoint/base.ts'
import { decodeCheckpointProof } from '../../wire/checkpoint/proof.ts'
import { decodeStatement } from '../../wire/checkpoint/statement.ts'
import { line } from '../output.ts'
import { UsageError } from '../usage-error.ts'
import { askRunning, type ControlRequest } from './control.ts'
import { PeerFolder } from './folder.ts'

type ExplainRequest = ControlRequest & { readonly command: 'explainBlock' | 'whyStuck' }

interface Options {
  readonly log?: string
  readonly json?: true
}

/** Lines for people, and the same as data. */
interface Explained {
  readonly text: string
  readonly data: object
}

export function whyStuckCommand(): Command {
  return new Command('why-stuck')
    .description('what the running election waits for: votes, events of silent peers, or an agreement')
    .argument('<folder>')
    .option('--log <place>', 'as for `witan run`; for a peer that does not run')
    .option('--json', 'print JSON')
    .exitOverride()
    .action((path: string, options: Options) => printExplanation(path, { command: 'whyStuck' }, options))
}

export async function printExplanation(path: string, request: ExplainRequest, options: Options): Promise<void> {
  const folder = new PeerFolder(path)
  const values = (await askRunning(folder.controlPath, request)) ?? fromLog(folder, request, options.log)
  for await (const value of values) {
    const { text, data } = value as Explained
    line(options.json === true ? JSON.stringify(data) : text)
  }
}

async function* fromLog(
  folder: PeerFolder,
  request: ExplainRequest,
  place: string | undefined,
): AsyncGenerator<Explained> {
  const log = await folder.openLog(place)
  try {
    const group = folder.group()
    yield await explained(log, group, toHex(folder.signer().identity), request)
  } finally {
    await log.close()
  }
}

export async function explained(
  log: EventLog,
  group: Group<Bytes>,
  peer: string,
  request: ExplainRequest,
  signal?: AbortSignal,
): Promise<Explained> {
  const facts: ParsecFact[] = []
  const stream = streamName({ category: 'gossip', peer })
  for await (const { type, data } of log.read(stream, signal === undefined ? {} : { signal })) {
    facts.push(parsecFactFromJson(type, data))
  }
  if (facts.length === 0) throw new UsageError('the log holds nothing of this peer')
  if (request.command === 'whyStuck') {
    const stuck = whyStuck(group, facts)
    return { text: describeStuck(stuck), data: toData(stuck) }
  }
  const block = explainBlock(group, facts, request.index)
  if (block === null) {
    const startedAt = startOf(facts, group)
    throw new UsageError(
      request.index < startedAt
        ? `this peer started from the checkpoint at ${startedAt} and does not have what was before: ask a member for block ${request.index}`
        : `there is no block ${request.index} yet`,
    )
  }
  return { text: describeBlock(block), data: toData(block) }
}

/** How many blocks the base covers that the peer started from last; 0 without one. */
function startOf(facts: readonly ParsecFact[], { format }: Group<Bytes>): number {
  // What a crash cut off does not count.
  const whole = facts.slice(0, facts.findLastIndex((fact) => fact.type === 'BaseTaken' && fact.isLast) + 1)
  const parts = whole
    .slice(whole.findLastIndex(({ type }) => type === 'PeerStarted'))
    .filter((fact) => fact.type === 'BaseTaken')
  if (parts.length === 0) return 0
  const { path } = decodeCheckpointProof(
    decodeBase(concatBytes(...parts.map(({ part }) => part)), format).proof,
    format,
  )
  return decodeStatement(present(path.at(-1), 'a path leads somewhere').statement, format).position
}

/** Bytes as hex. */
function toData(value: object): object {
  return JSON.parse(JSON.stringify(value, (_, it: unknown) => (it instanceof Uint8Array ? toHex(it) : it))) as object
}

const short = (id: Bytes): string => toHex(id).slice(0, 8)
const shortAll = (ids: readonly Bytes[]): string => (ids.length === 0 ? 'nobody' : ids.map(short).join(', '))
const named = ({ hash, creator, index }: EventName): string => `${short(creator)}#${index} (${short(hash)})`

function whatIs(observation: Observation): string {
  switch (observation.type) {
    case 'Add':
    case 'Remove':
      return `${observation.type} ${short(observation.peerId)}`
    case 'Accusation':
      return `Accusation of ${short(observation.offender)}: ${observation.malice.type}`
    case 'OpaquePayload':
      return `payload of ${observation.payload.length} bytes`
    case 'Genesis':
    case 'StartDkg':
    case 'DkgResult':
    case 'DkgMessage':
      return observation.type
  }
}

function describeBlock(block: BlockExplanation<Bytes>): string {
  const { election, agreements } = block
  const counted = agreements.filter(({ isCounted }) => isCounted)
  const by = block.voter === null ? '' : ` by ${short(block.voter)}`
  return [
    `block ${block.index}: ${whatIs(block.observation)}${by}`,
    `election ${election.number} of ${election.voters.length} voters ended at ${named(election.endedBy)}; it decided ${election.blocks} blocks, this is number ${election.place + 1}`,
    `voted for by ${block.votes.map(named).join(', ')}`,
    'observers, and whose first interesting events they strongly see:',
    ...block.observers.map(({ event, observed }) => `  ${named(event)}: ${shortAll(observed)}`),
    `counted (${counted.length} of ${agreements.length}):`,
    ...agreements.map(({ about, isCounted, round, step, first, place }) => {
      if (!isCounted || first === null) return `  ${short(about)}: no, decided in round ${round}, ${step}`
      const at = place === null ? 'which does not hold the block' : `which holds the block at place ${place + 1}`
      return `  ${short(about)}: yes, decided in round ${round}, ${step}: ${named(first)}, ${at}`
    }),
    `order: lowest place ${block.lowestPlace + 1}, in ${block.lists} of ${counted.length} lists; then by hash`,
  ].join('\n')
}

const WAITS: Readonly<Record<Stuck<Bytes>['waitsFor'], string>> = {
  nothing: 'nothing is undecided',
  removed: 'this peer was removed; its elections are over',
  votes: 'waits for votes: nothing that is undecided has enough of them',
  spread: 'waits for gossip: too few voters have an event that knows enough of what is undecided',
  observer: 'waits for gossip: no event strongly sees the interesting events of enough voters yet',
  agreement: 'waits for the agreements on whose events count',
}

function describeStuck(stuck: Stuck<Bytes>): string {
  const { undecided, silent, agreements, interested, notInterested, observers } = stuck
  const lines = [
    WAITS[stuck.waitsFor],
    `${stuck.elections} elections ended; ${stuck.voters.length} voters, of whom ${stuck.needed} are a supermajority`,
  ]
  if (undecided.length === 0) return lines.join('\n')
  return [
    ...lines,
    'undecided:',
    ...undecided.map(({ observation, voter, supporters, lacks, missing }) => {
      const by = voter === null ? `votes of ${shortAll(supporters)}` : `by ${short(voter)}`
      return `  ${whatIs(observation)}, ${by}${lacks === 0 ? '' : `; lacks ${lacks} of ${shortAll(missing)}`}`
    }),
    `interesting events: of ${shortAll(interested)}; none of ${shortAll(notInterested)}`,
    `observers: ${observers.length === 0 ? 'none' : observers.map(named).join(', ')}`,
    ...agreements.map(
      ({ about, round, step, decided }) => `  on ${short(about)}: round ${round}, ${step}${decided ? ', decided' : ''}`,
    ),
    `silent about the first undecided vote: ${shortAll(silent.map(({ peer }) => peer))}`,
  ].join('\n')
}
