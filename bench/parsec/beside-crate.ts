/**
 * @module bench/parsec/beside-crate
 *
 * Recorded gossip, fed to this engine and to the reference crate in turns.
 */

import { statSync } from 'node:fs'
import { basename } from 'node:path'
import { findFiles } from '../../src/testing/conformance/files.ts'
import { outOfScope, readTranscript } from '../../src/testing/conformance/parsec-transcript.ts'
import { type Contender, takeTurns } from '../support/measure.ts'
import { cellText, ratio, type SuiteOptions, type Table } from '../support/report.ts'
import type { RustTimer, RustTimers } from '../support/rust-timer.ts'
import { timePart, timePartInBulk } from './part.ts'
import { recordedPart } from './recorded.ts'

const DEFAULT_FOLDER = 'test/conformance/parsec'
/** Of a folder without long transcripts. */
const MAX_SHORT_FILES = 6

/** The long ones of a folder, or the largest. */
export function chooseFiles(path = DEFAULT_FOLDER): string[] {
  const files = findFiles(path)
  const long = files.filter((file) => basename(file).startsWith('long-'))
  if (long.length > 0 || files.length === 1) return long.length > 0 ? long : files
  return files.sort((a, b) => statSync(b).size - statSync(a).size).slice(0, MAX_SHORT_FILES)
}

async function timeFile(file: string, rounds: number, rust: RustTimers): Promise<Table['rows'][number] | undefined> {
  const transcript = readTranscript(file)
  if (outOfScope(transcript) !== null) return undefined
  const crate: RustTimer[] = [
    ...(await rust.start('crate', [file, '--bytes'])),
    ...(await rust.start('crate, ed25519', [file, '--bytes', '--verify'])),
  ]
  const part = recordedPart(transcript)
  const ours: Contender[] = [
    { name: 'ours', run: () => Promise.resolve(timePart(part, part.unchecked())) },
    { name: 'ours, ed25519', run: () => timePartInBulk(part, part.checked()) },
  ]
  const differences = crate.map(({ about }) => about['differences']).filter((count) => count !== 0)
  if (differences.length > 0) throw new Error(`the crate does not do what ${file} says`)
  const times = await takeTurns([...crate, ...ours], rounds)
  for (const timer of crate) await timer.close()
  const ms = (name: string) => times.get(name) ?? '-'
  const oursMs = times.get('ours') ?? Number.NaN
  const checkedMs = times.get('ours, ed25519') ?? Number.NaN
  return [
    basename(file).replace(/\.json(\.gz)?$/, ''),
    ms('crate'),
    oursMs,
    ratio(times.get('crate'), oursMs),
    ms('crate, ed25519'),
    checkedMs,
    ratio(times.get('crate, ed25519'), checkedMs),
  ]
}

export async function besideCrate({ path, rounds, say }: SuiteOptions, rust: RustTimers): Promise<Table> {
  const rows: Table['rows'][number][] = []
  for (const file of chooseFiles(path)) {
    const row = await timeFile(file, rounds, rust)
    if (row === undefined) continue
    rows.push(row)
    say(row.map(cellText).join(' '))
  }
  return {
    title: 'The part of one peer in recorded gossip, ms',
    columns: ['transcript', 'crate', 'ours', 'ratio', 'crate, ed25519', 'ours, ed25519', 'ratio'],
    rows,
    notes: [
      'First: every signature counts as valid, and own ones come from a list. Then: ed25519 checked and made by both;',
      'ours checks a message on all cores while it handles the one before. Both get bytes and give bytes.',
      ...(rust.missing === undefined ? [] : [rust.missing]),
    ],
  }
}
