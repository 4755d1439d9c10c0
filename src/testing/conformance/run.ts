/**
 * @module testing/conformance/run
 *
 * Finds the runner of a file and runs it. What a runner throws is a failure of that file, not of the whole run.
 */

import { ballotRunners } from './ballots/index.ts'
import { readJson } from './files.ts'
import { parsecRunner } from './parsec-runner.ts'
import type { Runner, Verdict } from './verdict.ts'

const RUNNERS: readonly Runner[] = [...ballotRunners, parsecRunner]

export interface FileVerdict extends Verdict {
  readonly file: string
  readonly kind: string
}

export async function runFile(file: string): Promise<FileVerdict> {
  const failed = (kind: string, error: unknown): FileVerdict => {
    const detail = error instanceof Error ? (error.stack ?? error.message) : String(error)
    return { file, kind, status: 'failed', detail, onPurpose: new Map() }
  }
  let kind = 'unreadable'
  try {
    const json = readJson(file)
    kind = 'unknown'
    const runner = RUNNERS.find((one) => one.recognizes(json))
    if (runner === undefined) return failed(kind, 'no runner knows this kind of file')
    kind = runner.kind
    return { file, kind, ...(await runner.run(json)) }
  } catch (error) {
    return failed(kind, error)
  }
}
