/**
 * @module testing/conformance/parsec
 *
 * Replays the reference's transcripts: every file of a folder, sub-folders included.
 */

import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { type ReplayOptions, TranscriptReplay } from './parsec-replay.ts'
import { outOfScope, readTranscript } from './parsec-transcript.ts'

export interface TranscriptResult {
  readonly file: string
  readonly verdict: 'passed' | 'failed' | 'out of scope'
  /** The first difference, or why the file is out of scope. */
  readonly detail: string
}

export function runTranscript(file: string, options: ReplayOptions): TranscriptResult {
  const transcript = readTranscript(file)
  const reason = outOfScope(transcript)
  if (reason !== null) return { file, verdict: 'out of scope', detail: reason }
  const mismatch = new TranscriptReplay(transcript, options).run()
  if (mismatch === null) return { file, verdict: 'passed', detail: `${transcript.steps.length} steps` }
  const { step, what, expected, actual } = mismatch
  const detail = `step ${step}: ${what}: expected ${expected.slice(0, 200)}, got ${actual.slice(0, 200)}`
  return { file, verdict: 'failed', detail }
}

export function* runTranscripts(folder: string, options: ReplayOptions): Generator<TranscriptResult> {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => /\.json(\.gz)?$/.test(file))
  for (const file of files.sort()) yield runTranscript(join(folder, file), options)
}
