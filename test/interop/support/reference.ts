/**
 * Starts the programs around the Rust references, or says aloud why it cannot.
 */

import { type BuiltProgram, buildRust, LineProcess, type RustProgram } from '../../../bench/support/rust.ts'

export interface Reference {
  readonly isMissing: boolean
  /** A new process; the caller closes it. */
  readonly start: () => LineProcess
}

/** Builds the program; prints a line where cargo or protoc is missing, for the tests that are then skipped. */
export function reference(program: RustProgram): Reference {
  const built: BuiltProgram = buildRust(program)
  if ('path' in built) return { isMissing: false, start: () => new LineProcess(built.path, ['serve']) }
  process.stderr.write(`\nSKIPPED: interop with ${program} does not run here. ${built.missing}\n\n`)
  return {
    isMissing: true,
    start: () => {
      throw new Error(built.missing)
    },
  }
}

/** What an operation gave: a value, or the name of an error. */
export type Answer<T = unknown> = { readonly ok: T } | { readonly error: string }

export function valueOf<T>(answer: Answer<T>): T {
  if ('error' in answer) throw new Error(`refused: ${answer.error}`)
  return answer.ok
}

/** The seeds of a run: `WITAN_SEED=7` repeats one that failed. */
export function seeds(count: number): readonly number[] {
  const one = process.env['WITAN_SEED']
  return one === undefined ? Array.from({ length: count }, (_, seed) => seed + 1) : [Number(one)]
}
