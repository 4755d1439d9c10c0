/**
 * @module core/ballot/safe/settings
 *
 * What a scope of the policy `safe` assumes where a proposal says nothing, and whose proposals it takes (ballots §8.1).
 */

import { type Bytes, compareBytes } from '../../../base/bytes.ts'
import { AssertionError } from '../../../base/errors.ts'
import { fromBase64Url, toBase64Url } from '../../../base/text.ts'
import type { JsonObject, JsonValue } from '../../../ports/event-log.ts'
import type { Finality, SignedProposal } from '../../../wire/ballot/index.ts'
import { refuseSafe } from './errors.ts'
import { DEFAULT_SAFE_THRESHOLD } from './propose.ts'
import { Roster } from './roster.ts'

export interface SafeScopeSettings {
  readonly finality: Finality
  /** Ascending; `null`: what each proposal lists, or the group's voters. */
  readonly roster: readonly Bytes[] | null
  /** Those before the present one: their proposals stay valid. */
  readonly earlierRosters: readonly (readonly Bytes[])[]
  readonly threshold: number
  /** How Close weighs silence (`ordered`). */
  readonly livenessCriteriaYes: boolean
  readonly expiresInSec: number
  /** Keys that may propose without being in the roster; in `quorum` only. */
  readonly proposers: readonly Bytes[]
}

export type SafeScopeChange = Partial<Omit<SafeScopeSettings, 'earlierRosters'>>

const DEFAULT_EXPIRES_IN_SEC = 3_600

export function defaultSafeSettings(finality: Finality): SafeScopeSettings {
  return {
    finality,
    roster: null,
    earlierRosters: [],
    threshold: DEFAULT_SAFE_THRESHOLD,
    livenessCriteriaYes: false,
    expiresInSec: DEFAULT_EXPIRES_IN_SEC,
    proposers: [],
  }
}

/** A roster changes between proposals, never within one (ballots §8.1). Throws a `SafeBallotError`. */
export function changedSettings(before: SafeScopeSettings, change: SafeScopeChange): SafeScopeSettings {
  const roster = change.roster === undefined ? before.roster : change.roster
  const sorted = roster === null ? null : Roster.of(roster).keys
  const { threshold = before.threshold, expiresInSec = before.expiresInSec } = change
  if (!(threshold >= 0 && threshold <= 1)) throw refuseSafe({ code: 'InvalidConsensusThreshold', threshold })
  if (!Number.isSafeInteger(expiresInSec) || expiresInSec < 1) {
    throw refuseSafe({ code: 'InvalidTimeout', createdSec: 0, expirySec: expiresInSec })
  }
  const isNew = before.roster !== null && (sorted === null || !isSame(before.roster, sorted))
  const earlierRosters =
    isNew && before.roster !== null ? [...before.earlierRosters, before.roster] : before.earlierRosters
  return { ...before, ...change, roster: sorted, threshold, expiresInSec, earlierRosters }
}

/** Throws `InvalidRoster` for a proposal that lists a roster which the scope was never told of. */
export function checkRosterOfScope({ proposal }: SignedProposal, settings: SafeScopeSettings): void {
  const { roster } = proposal
  if (roster.type !== 'Listed') return
  const rosters = settings.roster === null ? settings.earlierRosters : [settings.roster, ...settings.earlierRosters]
  // ballots §8.1: earlier rosters of a scope stay valid for their proposals.
  if (rosters.some((known) => isSame(known, roster.keys))) return
  throw refuseSafe({
    code: 'InvalidRoster',
    why: 'the scope was never told of this one: configure({ roster }) does so',
  })
}

function isSame(a: readonly Bytes[], b: readonly Bytes[]): boolean {
  return a.length === b.length && a.every((key, i) => compareBytes(key, b[i] as Bytes) === 0)
}

export function settingsToJson(settings: SafeScopeSettings): JsonObject {
  const { roster, earlierRosters, proposers, ...plain } = settings
  return {
    ...plain,
    roster: roster?.map(toBase64Url) ?? null,
    earlierRosters: earlierRosters.map((keys) => keys.map(toBase64Url)),
    proposers: proposers.map(toBase64Url),
  }
}

/** Trusts the log. */
export function settingsFromJson(json: JsonObject): SafeScopeSettings {
  const { finality, roster, earlierRosters, threshold, livenessCriteriaYes, expiresInSec, proposers } = json
  if (finality !== 'quorum' && finality !== 'ordered') throw corrupted('finality')
  if (typeof threshold !== 'number' || typeof expiresInSec !== 'number') throw corrupted('a number')
  return {
    finality,
    roster: roster === null ? null : keysOf(roster),
    earlierRosters: Array.isArray(earlierRosters) ? earlierRosters.map(keysOf) : [],
    threshold,
    livenessCriteriaYes: livenessCriteriaYes === true,
    expiresInSec,
    proposers: keysOf(proposers),
  }
}

function keysOf(value: JsonValue | undefined): readonly Bytes[] {
  if (!Array.isArray(value)) throw corrupted('keys')
  return value.map((key: JsonValue) => {
    if (typeof key !== 'string') throw corrupted('a key')
    return fromBase64Url(key)
  })
}

function corrupted(what: string): AssertionError {
  return new AssertionError(`the log holds settings of a scope without ${what}`)
}
