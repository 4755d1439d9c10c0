/** The command line in processes of their own, killed after the test. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { later } from './eventstoredb/harness.ts'

const MAIN = join(import.meta.dirname, '../../src/cli/main.ts')

export class Running {
  readonly #child: ChildProcess
  readonly #ended: Promise<number | null>
  #out = ''
  #err = ''
  #isAtEnd = false
  #news: (() => void)[] = []

  constructor(args: readonly string[]) {
    const stdio = ['ignore', 'pipe', 'pipe'] as const
    this.#child = spawn(process.execPath, ['--import', 'tsx', MAIN, ...args], { stdio: [...stdio] })
    this.#child.stdout?.on('data', (chunk: Buffer) => {
      this.#out += chunk.toString()
      this.#tell()
    })
    this.#child.stderr?.on('data', (chunk: Buffer) => (this.#err += chunk.toString()))
    this.#ended = once(this.#child, 'close').then(([code]) => {
      this.#isAtEnd = true
      this.#tell()
      return code as number | null
    })
    later(() => this.kill())
  }

  /** The first line that is so, of all that it prints. */
  async told(isSo: (line: string) => boolean): Promise<string> {
    for (;;) {
      const told = this.#out.split('\n').slice(0, -1).find(isSo)
      if (told !== undefined) return told
      if (this.#isAtEnd) throw new Error(`it ended before it said so: ${this.#out}${this.#err}`)
      await new Promise<void>((resolve) => this.#news.push(resolve))
    }
  }

  async ended(): Promise<{ readonly code: number | null; readonly out: string; readonly err: string }> {
    const code = await this.#ended
    return { code, out: this.#out, err: this.#err }
  }

  async kill(): Promise<void> {
    if (!this.#isAtEnd) this.#child.kill('SIGKILL')
    await this.#ended
  }

  #tell(): void {
    for (const tell of this.#news.splice(0)) tell()
  }
}

export function jsonOf(line: string): Record<string, unknown> {
  return JSON.parse(line) as Record<string, unknown>
}

/** A line of JSON that is so, of all that it prints. */
export async function toldJson(
  peer: Running,
  isSo: (value: Record<string, unknown>) => boolean,
): Promise<Record<string, unknown>> {
  return jsonOf(await peer.told((line) => isSo(jsonOf(line))))
}

export function witan(...args: readonly string[]): ReturnType<Running['ended']> {
  return new Running(args).ended()
}

/** `--listen` with a port that nobody has. */
export async function listen(): Promise<readonly [string, string]> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  return ['--listen', `127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`]
}
