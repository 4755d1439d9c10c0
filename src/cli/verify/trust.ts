/**
 * @module cli/verify/trust
 *
 * What the person at the keyboard trusts, from options: whatever is verified is held against it, and against nothing else.
 */

import { existsSync, readFileSync } from 'node:fs'
import { type Bytes, EMPTY_BYTES } from '../../base/bytes.ts'
import { fromHex } from '../../base/text.ts'
import type { Group } from '../../core/parsec/index.ts'
import { ed25519, ethereum } from '../../crypto/index.ts'
import type { SignatureScheme } from '../../ports/signature-scheme.ts'
import { PeerFolder } from '../peer/folder.ts'
import { UsageError } from '../usage-error.ts'

export interface TrustOptions {
  /** A peer's folder: its genesis is trusted. */
  readonly peer?: string
  readonly scheme: string
  readonly scope?: string
  readonly group?: string
  readonly roster?: string
  readonly proposer: readonly string[]
  readonly finality?: string
  readonly threshold: string
  readonly silence: string
}

const SCHEMES: Readonly<Record<string, SignatureScheme>> = { ed25519, ethereum }

export function schemeOf({ scheme }: TrustOptions): SignatureScheme {
  const found = SCHEMES[scheme]
  if (found === undefined) throw wrong('--scheme', scheme, `one of ${Object.keys(SCHEMES).join(', ')}`)
  return found
}

/** The group whose genesis is trusted; `undefined` without --peer. */
export function trustedGroup({ peer }: TrustOptions): Group<Bytes> | undefined {
  return peer === undefined ? undefined : new PeerFolder(peer).group()
}

/** `null`: outside of any group. */
export function groupIdOf(options: TrustOptions): Bytes | null {
  if (options.group !== undefined) return hexOf('--group', options.group, 32)
  return trustedGroup(options)?.id ?? null
}

export function scopeOf({ scope }: TrustOptions): string {
  if (scope === undefined) throw missing('--scope', 'a decision holds in one scope')
  return scope
}

/** The keys of --roster: a file with one a line, or a list with commas. */
export function rosterOf(options: TrustOptions): readonly Bytes[] | undefined {
  const { roster } = options
  if (roster === undefined) return trustedGroup(options)?.members
  const text = existsSync(roster) ? readFileSync(roster, 'utf8') : roster
  const keys = text.split(/[\s,]+/).filter((key) => key !== '')
  if (keys.length === 0) throw wrong('--roster', roster, 'a file with one key a line, or keys with commas')
  return keys.map((key) => hexOf('--roster', key, schemeOf(options).identityLength))
}

export function requiredRosterOf(options: TrustOptions): readonly Bytes[] {
  const roster = rosterOf(options)
  if (roster === undefined) throw missing('--roster (or --peer)', 'the voters must be known')
  return roster
}

export function proposersOf(options: TrustOptions): readonly Bytes[] {
  return options.proposer.map((key) => hexOf('--proposer', key, schemeOf(options).identityLength))
}

export function policyOf({ finality, threshold, silence }: TrustOptions): {
  readonly finality: 'quorum' | 'ordered'
  readonly threshold: number
  readonly livenessCriteriaYes: boolean
} {
  if (finality !== 'quorum' && finality !== 'ordered') throw wrong('--finality', finality ?? '', 'quorum or ordered')
  const least = Number(threshold)
  if (threshold.trim() === '' || !(least >= 0 && least <= 1)) throw wrong('--threshold', threshold, 'from 0 to 1')
  if (silence !== 'yes' && silence !== 'no') throw wrong('--silence', silence, 'yes or no')
  return { finality, threshold: least, livenessCriteriaYes: silence === 'yes' }
}

function hexOf(option: string, text: string, length: number): Bytes {
  const bytes = /^([0-9a-f]{2})*$/i.test(text) ? fromHex(text) : EMPTY_BYTES
  if (bytes.length !== length) throw wrong(option, text, `${2 * length} hex digits`)
  return bytes
}

function wrong(option: string, value: string, expected: string): UsageError {
  return new UsageError(`${option} is ${JSON.stringify(value)}; it must be ${expected}`)
}

function missing(option: string, why: string): UsageError {
  return new UsageError(`${option} is missing: ${why}`)
}
