/**
 * @module cli/peer/folder
 *
 * A peer's folder: `key` (readable by its owner alone), `witan.json`, and `log/` unless the log is elsewhere.
 */

import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import type { Bytes } from '../../base/bytes.ts'
import { fromHex, toHex } from '../../base/text.ts'
import type { Group } from '../../core/parsec/index.ts'
import { ed25519Signer, generateEd25519Seed, systemRandom } from '../../crypto/index.ts'
import type { GenesisOptions } from '../../engine/peer/options.ts'
import { type EventLog, openLog } from '../../log/index.ts'
import type { Signer } from '../../ports/signature-scheme.ts'
import { UsageError } from '../usage-error.ts'
import { checkParameters, genesisWith, groupWith, type ParameterFields } from './parameters.ts'

export interface PeerAddress {
  /** Hex, 64 digits. */
  readonly id: string
  readonly host: string
  readonly port: number
}

export interface PeerConfig {
  readonly listen: { readonly host: string; readonly port: number }
  /** The members at genesis, in any order; the same in every peer's file. */
  readonly genesis: readonly string[]
  /** Everybody that we may talk to. */
  readonly peers: readonly PeerAddress[]
  /** Of the group, where they are not the defaults; the same in every peer's file. */
  readonly parameters?: ParameterFields
}

/** Longer ones the operating systems cut without a word, so that two peers could end at one socket. */
const MAX_SOCKET_PATH_BYTES = 103

const ADDRESS = /^([0-9a-f]{64})@(.+):(\d{1,5})$/i
const ENDPOINT = /^(.+):(\d{1,5})$/

export function parseEndpoint(argument: string, text: string): { host: string; port: number } {
  const [, host, port] = ENDPOINT.exec(text) ?? []
  if (host === undefined || Number(port) > 65_535)
    throw new UsageError(`${argument} is ${JSON.stringify(text)}; it must be HOST:PORT, such as 127.0.0.1:7001`)
  return { host, port: Number(port) }
}

export function parseAddress(argument: string, text: string): PeerAddress {
  const [, id, host, port] = ADDRESS.exec(text) ?? []
  if (id === undefined || host === undefined || Number(port) > 65_535) {
    throw new UsageError(`${argument} is ${JSON.stringify(text)}; it must be ID@HOST:PORT, as \`witan init\` prints it`)
  }
  return { id: id.toLowerCase(), host, port: Number(port) }
}

export function parseId(argument: string, text: string): Uint8Array {
  if (!/^[0-9a-f]{64}$/i.test(text))
    throw new UsageError(`${argument} is ${JSON.stringify(text)}; an id is 64 hex digits`)
  return fromHex(text)
}

/** What a person may have written: throws an error that names the field. */
function checkConfig(value: unknown): PeerConfig {
  const { listen, genesis, peers, parameters } = (value ?? {}) as Partial<Record<keyof PeerConfig, unknown>>
  if (!isEndpoint(listen)) throw new UsageError('`listen` must be {"host", "port"}')
  if (!Array.isArray(genesis) || !genesis.every(isId))
    throw new UsageError('`genesis` must be a list of ids, 64 hex digits each')
  if (!Array.isArray(peers) || !peers.every((peer) => isEndpoint(peer) && isId((peer as Partial<PeerAddress>).id)))
    throw new UsageError('`peers` must be a list of {"id", "host", "port"}')
  const config = { listen, genesis, peers: peers as PeerAddress[] }
  return parameters === undefined ? config : { ...config, parameters: checkParameters(parameters) }
}

function isId(value: unknown): value is string {
  return typeof value === 'string' && /^[0-9a-f]{64}$/.test(value)
}

function isEndpoint(value: unknown): value is PeerConfig['listen'] {
  const { host, port } = (value ?? {}) as Partial<PeerConfig['listen']>
  return typeof host === 'string' && Number.isInteger(port) && Number(port) >= 0 && Number(port) <= 65_535
}

export class PeerFolder {
  readonly path: string

  constructor(path: string) {
    this.path = path
  }

  get #keyFile(): string {
    return join(this.path, 'key')
  }

  get #configFile(): string {
    return join(this.path, 'witan.json')
  }

  /** Where the running peer takes commands. */
  get controlPath(): string {
    if (process.platform === 'win32') return `\\\\.\\pipe\\witan-${toHex(this.signer().identity).slice(0, 16)}`
    const path = join(this.path, 'control.sock')
    const shortest = [path, resolve(path), relative('.', path)].toSorted((a, b) => a.length - b.length)[0] ?? path
    if (Buffer.byteLength(shortest) > MAX_SOCKET_PATH_BYTES) {
      throw new UsageError(
        `${this.path} is too long for the path of a local socket, ${MAX_SOCKET_PATH_BYTES} bytes; use a shorter one, or start from a folder nearer to it`,
      )
    }
    return shortest
  }

  /** Makes the key if there is none; never replaces one. */
  ensureKey(): Signer {
    if (!existsSync(this.#keyFile)) {
      mkdirSync(this.path, { recursive: true })
      writeFileSync(this.#keyFile, `${toHex(generateEd25519Seed(systemRandom))}\n`, { mode: 0o600, flag: 'wx' })
    }
    return this.signer()
  }

  signer(): Signer {
    return ed25519Signer(fromHex(this.#read(this.#keyFile).trim()))
  }

  config(): PeerConfig {
    const text = this.#read(this.#configFile)
    try {
      return checkConfig(JSON.parse(text))
    } catch (error) {
      throw new UsageError(`${this.#configFile}: ${(error as Error).message}; \`witan init ${this.path}\` writes it`)
    }
  }

  /** The group of this peer, by its genesis and its parameters. */
  group(): Group<Bytes> {
    const { genesis, parameters = {} } = this.config()
    return groupWith(genesis.map(fromHex), parameters)
  }

  /** The same, for a peer that is to run. */
  genesis(): GenesisOptions {
    const { genesis, parameters = {} } = this.config()
    return genesisWith(genesis.map(fromHex), parameters)
  }

  hasConfig(): boolean {
    return existsSync(this.#configFile)
  }

  /** The old one stays whole until the new one is. */
  writeConfig(config: PeerConfig): void {
    const next = `${this.#configFile}.new`
    writeFileSync(next, `${JSON.stringify(config, undefined, 2)}\n`)
    renameSync(next, this.#configFile)
  }

  /** `place`: as `--log` or WITAN_LOG give it. Default: a folder beside the key. */
  openLog(place: string | undefined): Promise<EventLog> {
    return openLog(place ?? process.env['WITAN_LOG'] ?? join(this.path, 'log'))
  }

  #read(file: string): string {
    try {
      return readFileSync(file, 'utf8')
    } catch (error) {
      throw new UsageError(
        `cannot read ${file}: ${(error as Error).message}; \`witan init ${this.path}\` makes a peer's folder`,
      )
    }
  }
}
