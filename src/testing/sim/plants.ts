/**
 * @module testing/sim/plants
 *
 * Faults of an engine, planted from outside by wrapping what it stands on, so that a run of the simulator can show that it
 * would have found them. Each does to the outside what the named bug would do.
 */

import type { EventLog, NewFact, Revision } from '../../ports/event-log.ts'
import { LogError } from '../../ports/event-log.ts'
import type { Scenario } from './scenario.ts'
import type { Hooks } from './sim-peer.ts'
import type { Rule } from './violation.ts'

export interface Plant {
  readonly hooks: Hooks
  /** What the checker must find; one of them. */
  readonly finds: readonly Rule[]
  readonly scenario?: Partial<Scenario>
}

const RESTARTS: Partial<Scenario> = {
  adversaries: [],
  faultEveryMs: 150,
  faults: ['crash', 'crashAtDealing', 'disk'],
}

type Append = (stream: string, facts: readonly NewFact[], expected: Revision) => Promise<Revision>

/** The log with another `append`. */
function withAppend(log: EventLog, append: Append): EventLog {
  return { ...passing(log), append }
}

function passing(log: EventLog): EventLog {
  return {
    append: (stream, facts, expected) => log.append(stream, facts, expected),
    read: (stream, options) => log.read(stream, options),
    readAll: (options) => log.readAll(options),
    subscribe: (stream, options) => log.subscribe(stream, options),
    subscribeAll: (options) => log.subscribeAll(options),
    lastRevision: (stream) => log.lastRevision(stream),
    close: () => log.close(),
  }
}

/** Says that it is written when it is only under way. */
function early(log: EventLog, isMeant: (stream: string) => boolean): EventLog {
  return withAppend(log, (stream, facts, expected) => {
    const written = log.append(stream, facts, expected)
    if (!isMeant(stream)) return written
    // The planted bug looks away when it fails, too.
    written.catch(() => undefined)
    return Promise.resolve(expected + facts.length)
  })
}

const isOfGossip = (stream: string): boolean => stream.startsWith('gossip-')

async function appendUnfenced(
  log: EventLog,
  stream: string,
  facts: readonly NewFact[],
  at: Revision,
): Promise<Revision> {
  try {
    return await log.append(stream, facts, at)
  } catch (error) {
    if (!(error instanceof LogError) || error.data.code !== 'WrongExpectedRevision') throw error
    return appendUnfenced(log, stream, facts, error.data.actual)
  }
}

/** Says so of our signatures at its end alone. */
async function earlyWithSignatures(log: EventLog, ...[stream, facts, at]: Parameters<Append>): Promise<Revision> {
  const before = facts.findLastIndex(({ type }) => type !== 'CheckpointSigned') + 1
  if (before === facts.length) return log.append(stream, facts, at)
  const revision = before === 0 ? at : await log.append(stream, facts.slice(0, before), at)
  return early(log, () => true).append(stream, facts.slice(before), revision)
}

async function appendInHalves(log: EventLog, ...[stream, facts, expected]: Parameters<Append>): Promise<Revision> {
  let revision = expected
  for (const fact of facts) revision = await log.append(stream, [fact], revision)
  return revision
}

export const PLANTS = {
  'publish-before-append': {
    finds: ['persist-before-publish', 'durable-before-signal'],
    hooks: { log: (log) => early(log, isOfGossip) },
  },
  'checkpoint-signed-before-append': {
    finds: ['sign-before-durable'],
    scenario: { checkpointInterval: 4 },
    hooks: { log: (log) => withAppend(log, (...append) => earlyWithSignatures(log, ...append)) },
  },
  'signal-before-durable': {
    finds: ['durable-before-signal'],
    hooks: { log: (log) => early(log, (stream) => !isOfGossip(stream)) },
  },
  'unsynced-taken-as-durable': {
    // What a disk says to hold, and loses with the power: found also where nothing was sent too early.
    finds: ['own-fork', 'blocks-lost', 'positions', 'liveness', 'crashed-by-itself'],
    scenario: RESTARTS,
    hooks: { beforeRestart: (disk) => disk.copyFrom(disk, 6) },
  },
  'other-vote-after-restart': {
    finds: ['own-fork', 'blocks-lost', 'positions', 'crashed-by-itself'],
    scenario: RESTARTS,
    hooks: { beforeRestart: (disk) => disk.forgetLastOwn() },
  },
  'fence-ignored': {
    finds: ['own-fork', 'fact-twice', 'agreement', 'positions', 'crashed-by-itself'],
    scenario: { adversaries: [], faultEveryMs: 200, faults: ['secondProcess'] },
    hooks: { log: (log) => withAppend(log, (stream, facts, at) => appendUnfenced(log, stream, facts, at)) },
  },
  'fact-appended-twice': {
    finds: ['fact-twice'],
    hooks: {
      log: (log) =>
        withAppend(log, async (stream, facts, at) => {
          const last = await log.append(stream, facts, at)
          return isOfGossip(stream) ? log.append(stream, facts, last) : last
        }),
    },
  },
  'step-in-two-appends': {
    finds: ['step-in-one-append'],
    hooks: { log: (log) => withAppend(log, (...append) => appendInHalves(log, ...append)) },
  },
  'block-published-twice': {
    finds: ['block-twice'],
    scenario: RESTARTS,
    hooks: { showsAgain: true },
  },
  'position-skipped-in-history': {
    finds: ['history'],
    hooks: { skipsInHistory: true },
  },
  'deadline-not-rearmed': {
    finds: ['liveness', 'quiet'],
    scenario: { ...RESTARTS, faults: ['crash', 'partition', 'silence', 'network'] },
    hooks: { losesTimersAfterRestart: true },
  },
} satisfies Record<string, Plant>

export type PlantName = keyof typeof PLANTS
