/**
 * @module bench/support/rust
 *
 * Builds the Rust programs of `bench/rust`, which wrap the two reference crates, and talks with them: a JSON object a
 * line, each way. Where cargo or protoc is missing, the answer says so and what to install; callers print it.
 */

import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'

/** npm runs scripts in the package's folder, wherever they were compiled to. */
const WORKSPACE = resolve('bench/rust')
const NO_CARGO = 'cargo is missing: install Rust 1.95 or later (rustup) to compare with the reference crates'
const NO_PROTOC =
  'protoc is missing: install the package protobuf-compiler (Debian) or grpcio-tools (PyPI), or set PROTOC, to compare with hashgraph-like-consensus'

export type RustProgram = 'parsec-bench' | 'ballots-bench'
export type BuiltProgram = { readonly path: string } | { readonly missing: string }

function runs(command: string, args: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0
}

/** A command that compiles protobuf files; grpcio-tools has one as a Python module only. */
function findProtoc(): string | undefined {
  const given = process.env['PROTOC']
  if (given !== undefined && given !== '') return given
  if (runs('protoc', ['--version'])) return 'protoc'
  if (!runs('python3', ['-m', 'grpc_tools.protoc', '--version'])) return undefined
  const script = join(mkdtempSync(join(tmpdir(), 'witan-protoc-')), 'protoc')
  writeFileSync(script, '#!/bin/sh\nexec python3 -m grpc_tools.protoc "$@"\n')
  chmodSync(script, 0o755)
  return script
}

/** Builds with the release profile, as users of the crates get it. Throws when cargo is there and the build fails. */
export function buildRust(program: RustProgram): BuiltProgram {
  if (!runs('cargo', ['--version'])) return { missing: NO_CARGO }
  const protoc = program === 'ballots-bench' ? findProtoc() : undefined
  if (program === 'ballots-bench' && protoc === undefined) return { missing: NO_PROTOC }
  const build = spawnSync('cargo', ['build', '--release', '--locked', '--quiet', '--package', program], {
    cwd: WORKSPACE,
    env: protoc === undefined ? process.env : { ...process.env, PROTOC: protoc },
    stdio: ['ignore', 'ignore', 'pipe'],
    encoding: 'utf8',
  })
  if (build.status !== 0) throw new Error(`cargo could not build ${program}:\n${build.stderr}`)
  const target = process.env['CARGO_TARGET_DIR'] ?? join(WORKSPACE, 'target')
  return { path: join(target, 'release', program) }
}

interface Waiting {
  readonly resolve: (line: string) => void
  readonly reject: (error: Error) => void
}

/** A running program that answers each line with one line, in order. */
export class LineProcess {
  readonly #child: ChildProcessWithoutNullStreams
  readonly #waiting: Waiting[] = []
  /** Lines that came before anybody asked. */
  readonly #unread: string[] = []
  #errors = ''
  #ended: Error | undefined

  constructor(path: string, args: readonly string[]) {
    this.#child = spawn(path, args)
    createInterface({ input: this.#child.stdout }).on('line', (line) => {
      const next = this.#waiting.shift()
      if (next === undefined) this.#unread.push(line)
      else next.resolve(line)
    })
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#errors += text
    })
    this.#child.stdin.on('error', () => undefined)
    this.#child.on('error', (error) => this.#end(error))
    this.#child.on('close', (code) => this.#end(new Error(`${path} ended with ${code}: ${this.#errors}`)))
  }

  #end(error: Error): void {
    this.#ended ??= error
    for (const { reject } of this.#waiting.splice(0)) reject(this.#ended)
  }

  /** The next line that nobody has read yet, as JSON. */
  async read(): Promise<unknown> {
    const line = this.#unread.shift() ?? (await this.#nextLine())
    return JSON.parse(line)
  }

  #nextLine(): Promise<string> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended)
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject })
    })
  }

  ask(request: object): Promise<unknown> {
    this.#child.stdin.write(`${JSON.stringify(request)}\n`)
    return this.read()
  }

  /** Ends its input, and so the program. */
  close(): Promise<void> {
    if (this.#child.exitCode !== null || this.#ended !== undefined) return Promise.resolve()
    return new Promise((resolve) => {
      this.#child.once('close', () => resolve())
      this.#child.stdin.end()
    })
  }
}
