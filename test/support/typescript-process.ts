import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'

export interface TypescriptProcess {
  readonly child: ChildProcessByStdio<null, Readable, null>
  /** Lines of stdout; ends with the process. */
  readonly lines: AsyncIterable<string>
  /** Resolves to exit code or signal, once its output is read. */
  readonly ended: Promise<number | NodeJS.Signals | null>
}

/** Runs a file of `test/support` in a process of its own; `before` is what the shell does first, such as a limit. */
export function startProcess(file: string, args: readonly string[], before = ':'): TypescriptProcess {
  const path = fileURLToPath(new URL(file, import.meta.url))
  const command = [process.execPath, '--import', 'tsx', path, ...args]
  const child = spawn('/bin/sh', ['-c', `${before}; exec "$@"`, 'sh', ...command], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = new Promise<number | NodeJS.Signals | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve(code ?? signal))
  })
  return { child, lines: createInterface({ input: child.stdout }), ended }
}
