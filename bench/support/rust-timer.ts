/**
 * @module bench/support/rust-timer
 *
 * A Rust program as a contender: it prepares its input once, then makes one timed run for each line that it is sent.
 */

import type { Contender } from './measure.ts'
import { buildRust, LineProcess, type RustProgram } from './rust.ts'

export interface RustTimer extends Contender {
  /** What the program says about its input. */
  readonly about: Readonly<Record<string, unknown>>
  readonly close: () => Promise<void>
}

/** Starts timers of one program, or says why there are none. */
export class RustTimers {
  readonly #path: string | undefined
  /** Why the reference takes no part. */
  readonly missing: string | undefined

  constructor(program: RustProgram, say: (text: string) => void) {
    say(`building ${program} (Rust), which takes minutes the first time`)
    const built = buildRust(program)
    this.#path = 'path' in built ? built.path : undefined
    this.missing = 'missing' in built ? built.missing : undefined
    if (this.missing !== undefined) say(`SKIPPED: ${program} takes no part. ${this.missing}`)
  }

  /** None where the reference takes no part. */
  async start(name: string, args: readonly string[]): Promise<readonly RustTimer[]> {
    if (this.#path === undefined) return []
    const running = new LineProcess(this.#path, ['time', ...args])
    const about = (await running.read()) as RustTimer['about']
    const run = async () => ((await running.ask({})) as { readonly ms: number }).ms
    return [{ name, run, about, isCompiled: true, close: () => running.close() }]
  }
}
