/**
 * A copy of the tree that mutations are tried in, so that the tree itself is never touched.
 */

import { type ChildProcess, spawn } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

type Stages = readonly (readonly string[])[]

export type Verdict = 'killed' | 'timed out' | 'survived' | 'invalid'

const COPIED = ['src', 'machines', 'test', 'package.json', 'tsconfig.json', 'vitest.config.ts']

const SIGNALS = ['SIGINT', 'SIGTERM'] as const

interface Outcome {
  /** Null: it took too long. */
  readonly code: number | null
  readonly output: string
}

export class MutationTree {
  readonly #folder = mkdtempSync(join(tmpdir(), 'witan-mutants-'))

  constructor(root: string) {
    for (const name of COPIED) cpSync(join(root, name), join(this.#folder, name), { recursive: true })
    symlinkSync(join(root, 'node_modules'), join(this.#folder, 'node_modules'))
  }

  read(file: string): string {
    return readFileSync(join(this.#folder, file), 'utf8')
  }

  /** Runs one stage of tests after the other, with `source` for the file, until one fails. */
  async judge(file: string, source: string, stages: Stages, timeoutMs: number): Promise<Verdict> {
    const path = join(this.#folder, file)
    const original = readFileSync(path)
    writeFileSync(path, source)
    try {
      for (const stage of stages) {
        const { code, output } = await this.#run(stage, timeoutMs)
        if (/Transform failed|SyntaxError|ReferenceError/.test(output)) return 'invalid'
        if (code === null) return 'timed out'
        if (code !== 0) return 'killed'
      }
      return 'survived'
    } finally {
      writeFileSync(path, original)
    }
  }

  #run(args: readonly string[], timeoutMs: number): Promise<Outcome> {
    const child: ChildProcess = spawn(process.execPath, args, {
      cwd: this.#folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    })
    let output = ''
    child.stdout?.on('data', (text: Buffer) => (output += text.toString()))
    child.stderr?.on('data', (text: Buffer) => (output += text.toString()))
    const stop = (): void => {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
    }
    // A group of its own: whoever ends us would leave it running, and mutations like to run for ever.
    const interrupted = (): never => {
      stop()
      process.exit(1)
    }
    for (const signal of SIGNALS) process.once(signal, interrupted)
    return new Promise((resolve) => {
      let isLate = false
      const timer = setTimeout(() => {
        isLate = true
        stop()
      }, timeoutMs)
      child.on('close', (code) => {
        clearTimeout(timer)
        for (const signal of SIGNALS) process.off(signal, interrupted)
        resolve({ code: isLate ? null : code, output })
      })
    })
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
