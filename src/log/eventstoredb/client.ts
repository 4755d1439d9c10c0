/**
 * @module log/eventstoredb/client
 *
 * The client of `@eventstore/db-client`, with changes, all by members that it leaves open to subclasses:
 *
 * - It never uses batch appends. All batch appends of a process share one table of pending promises: they have no
 *   deadline of their own, an error of one connection rejects what others have in flight, and an answer that comes
 *   after that is thrown where nobody can catch it. A plain append is a call of its own, with a deadline.
 *   The question whether the server can do batches, asked first without any deadline, is gone with it.
 * - It can close its channel.
 * - What goes wrong while it reacts to a failed call stays there. It waits for the next channel, on nobody's behalf; where
 *   no node is found that would be an unhandled rejection.
 *
 * Clients are shared: one for each connection string of a process, counted.
 */

import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import {
  type ChannelCredentialOptions,
  type DNSClusterOptions,
  EventStoreDBClient,
  type GossipClusterOptions,
  type SingleNodeOptions,
} from '@eventstore/db-client'
import { LogError } from '../../ports/event-log.ts'
import type { ConnectionSettings } from './connection-string.ts'

export class LogClient extends EventStoreDBClient {
  #channel: { close(): void } | undefined

  constructor(
    settings: SingleNodeOptions | GossipClusterOptions | DNSClusterOptions,
    channel: ChannelCredentialOptions,
    credentials: ConnectionSettings['credentials'],
  ) {
    // One of three overloads, which do the same.
    super(settings as SingleNodeOptions, channel, credentials)
    const open = this.getChannel
    this.getChannel = async () => {
      const opened = await open()
      this.#channel = opened
      return opened
    }
    this.supports = () => Promise.resolve(false)
    const react = this.handleError
    this.handleError = (...failed) => react(...failed).catch(() => undefined)
  }

  /** Its users have ended their calls before; those that wait for a connection fail. */
  close(): void {
    this.#channel?.close()
    this.#channel = undefined
  }
}

interface Shared {
  readonly client: LogClient
  users: number
}

const clients = new Map<string, Shared>()

export interface Lease {
  readonly client: LogClient
  /** The last user's release closes the client. Idempotent. */
  release(): void
}

export function leaseClient(settings: ConnectionSettings): Lease {
  const key = JSON.stringify({ ...settings, texts: [...settings.texts], integers: [...settings.integers] })
  const shared = clients.get(key) ?? { client: createClient(settings), users: 0 }
  clients.set(key, shared)
  shared.users += 1
  let released = false
  return {
    client: shared.client,
    release: () => {
      if (released) return
      released = true
      shared.users -= 1
      if (shared.users > 0) return
      clients.delete(key)
      shared.client.close()
    },
  }
}

function createClient(settings: ConnectionSettings): LogClient {
  const connectionName = settings.texts.get('connectionName')
  const common = {
    ...Object.fromEntries(settings.integers),
    ...(connectionName === undefined ? {} : { connectionName }),
  }
  const endpoints = [...settings.endpoints]
  const [first] = endpoints
  if (first === undefined) throw invalidFile('host', '', 'name a host')
  // A server without TLS has no users, and gRPC refuses to send credentials in the clear.
  const credentials = settings.tls ? settings.credentials : undefined
  const channel = { insecure: !settings.tls, ...(settings.tls ? certificates(settings) : {}) }
  if (settings.discovery === 'none') return new LogClient({ ...common, endpoint: first }, channel, credentials)
  if (settings.discovery === 'dns') return new LogClient({ ...common, discover: first }, channel, credentials)
  return new LogClient({ ...common, endpoints }, channel, credentials)
}

function certificates(settings: ConnectionSettings): ChannelCredentialOptions {
  const rootCertificate = fileOf(settings, 'tlsCAFile')
  const userCertFile = fileOf(settings, 'userCertFile')
  const userKeyFile = fileOf(settings, 'userKeyFile')
  return {
    ...(rootCertificate === undefined ? {} : { rootCertificate }),
    ...(userCertFile === undefined ? {} : { userCertFile }),
    ...(userKeyFile === undefined ? {} : { userKeyFile }),
  }
}

function fileOf(
  settings: ConnectionSettings,
  option: 'tlsCAFile' | 'userCertFile' | 'userKeyFile',
): Buffer | undefined {
  const path = settings.texts.get(option)
  if (path === undefined) return undefined
  try {
    return readFileSync(resolve(path))
  } catch (cause) {
    throw invalidFile(option, path, 'name a PEM file that this process can read', cause)
  }
}

function invalidFile(argument: string, value: string, wayOut: string, cause?: unknown): LogError {
  return new LogError(
    { code: 'InvalidLogArgument', argument, value },
    `connection string of EventStoreDB: ${argument} cannot be "${value}"; ${wayOut}`,
    { cause },
  )
}
