/**
 * @module log/eventstoredb/connection-string
 *
 * Reads `esdb://[user:password@]host[:port][,host…][?option=value&…]` and says what is wrong with it. The client has
 * a parser too, but it prints the whole string, password and all, where it meets an option that it does not know.
 *
 * Guarantees: a password, or what might be one, is in no error.
 */

import { LogError } from '../../ports/event-log.ts'

export interface Endpoint {
  readonly address: string
  readonly port: number
}

export interface ConnectionSettings {
  /** One node; nodes that are asked for the leader; or a DNS name behind which nodes are asked for it. */
  readonly discovery: 'none' | 'gossip' | 'dns'
  readonly endpoints: readonly Endpoint[]
  readonly tls: boolean
  readonly credentials?: { readonly username: string; readonly password: string }
  readonly texts: ReadonlyMap<TextOption, string>
  readonly integers: ReadonlyMap<IntegerOption, number>
  /** Scheme and hosts, without credentials: for messages. */
  readonly shown: string
}

const TEXT_OPTIONS = ['connectionName', 'tlsCAFile', 'userCertFile', 'userKeyFile'] as const
const INTEGER_OPTIONS = [
  'defaultDeadline',
  'discoveryInterval',
  'gossipTimeout',
  'keepAliveInterval',
  'keepAliveTimeout',
  'maxDiscoverAttempts',
] as const
type TextOption = (typeof TEXT_OPTIONS)[number]
type IntegerOption = (typeof INTEGER_OPTIONS)[number]

const OPTIONS: readonly string[] = [...TEXT_OPTIONS, ...INTEGER_OPTIONS, 'nodePreference', 'tls', 'tlsVerifyCert']
const SCHEMES: readonly string[] = ['esdb', 'esdb+discover', 'kurrentdb', 'kurrentdb+discover']
const DEFAULT_PORT = 2113
const EXAMPLE = 'esdb://admin:changeit@localhost:2113?tls=false'

/** Throws `InvalidLogArgument`, which names the part, its value (never a password) and the way out. */
export function parseConnectionString(text: string): ConnectionSettings {
  const [written, rest] = split(text.trim(), '://')
  const scheme = written.toLowerCase()
  if (rest === undefined || !SCHEMES.includes(scheme)) {
    throw invalid('scheme', rest === undefined ? '' : scheme, `begin with one of ${SCHEMES.join(', ')}, as ${EXAMPLE}`)
  }
  const [place, query] = split(rest, '?')
  const authority = place.replace(/\/+$/, '')
  const at = authority.lastIndexOf('@')
  // A password with an unescaped `/` or `?` ends the authority early; what follows must not be shown.
  if ((query ?? '').includes('@') || authority.includes('/')) {
    throw invalid('credentials', '***', 'percent-encode the characters @ : / ? # & of user name and password')
  }
  const endpoints = parseEndpoints(authority.slice(at + 1))
  const credentials = at < 0 ? undefined : parseCredentials(authority.slice(0, at))
  const discovery = scheme.endsWith('+discover') ? 'dns' : endpoints.length > 1 ? 'gossip' : 'none'
  if (discovery === 'dns' && endpoints.length > 1) {
    throw invalid(
      'hosts',
      authority.slice(at + 1),
      'name one DNS name after +discover, or list nodes without +discover',
    )
  }
  return {
    discovery,
    endpoints,
    ...(credentials === undefined ? {} : { credentials }),
    ...parseOptions(query ?? ''),
    shown: `${scheme}://${authority.slice(at + 1)}`,
  }
}

function parseCredentials(text: string): { username: string; password: string } {
  const colon = text.indexOf(':')
  if (colon < 1 || colon === text.length - 1)
    throw invalid('credentials', '***', 'write user:password@ before the host')
  try {
    return {
      username: decodeURIComponent(text.slice(0, colon)),
      password: decodeURIComponent(text.slice(colon + 1)),
    }
  } catch {
    throw invalid('credentials', '***', 'percent-encode user name and password; a bare % must be %25')
  }
}

function parseEndpoints(text: string): readonly Endpoint[] {
  return text.split(',').map((host) => {
    const match = /^([A-Za-z0-9._-]+)(?::(\d{1,5}))?$/.exec(host)
    const port = match?.[2] === undefined ? DEFAULT_PORT : Number(match[2])
    if (match?.[1] === undefined || port < 1 || port > 65_535) {
      throw invalid('host', host, 'write a DNS name or IPv4 address, and a port from 1 to 65535 after a colon')
    }
    return { address: match[1], port }
  })
}

function parseOptions(query: string): Pick<ConnectionSettings, 'tls' | 'texts' | 'integers'> {
  const texts = new Map<TextOption, string>()
  const integers = new Map<IntegerOption, number>()
  let tls = true
  for (const pair of query.split('&')) {
    if (pair === '') continue
    const [rawKey, rawValue] = split(pair, '=')
    const key = OPTIONS.find((option) => option.toLowerCase() === rawKey.trim().toLowerCase())
    if (key === undefined) throw invalid(rawKey, '', `use only the options ${OPTIONS.join(', ')}`)
    const value = decoded(key, rawValue ?? '')
    if (isOneOf(TEXT_OPTIONS, key)) texts.set(key, value)
    else if (isOneOf(INTEGER_OPTIONS, key)) integers.set(key, integer(key, value))
    else if (key === 'tls') tls = boolean(key, value)
    else check(key, value)
  }
  if (texts.has('userCertFile') !== texts.has('userKeyFile')) {
    throw invalid('userCertFile', texts.get('userCertFile') ?? '', 'give userCertFile and userKeyFile together')
  }
  return { tls, texts, integers }
}

function check(key: string, value: string): void {
  if (key === 'nodePreference' && value.toLowerCase() !== 'leader') {
    // A follower may not yet have what we wrote; a log that reads so would take itself for two processes.
    throw invalid(key, value, 'leave it out: a log reads what it wrote from the leader')
  }
  if (key === 'tlsVerifyCert' && !boolean(key, value)) {
    throw invalid(key, value, 'the client always verifies; name your certificate authority with tlsCAFile instead')
  }
}

function integer(key: IntegerOption, value: string): number {
  const number = Number(value)
  const least = key.startsWith('keepAlive') ? -1 : 1
  if (value === '' || !Number.isSafeInteger(number) || number < least) {
    throw invalid(key, value, `give a whole number from ${least}${key === 'gossipTimeout' ? ', in seconds' : ''}`)
  }
  return number
}

function boolean(key: string, value: string): boolean {
  if (value !== 'true' && value !== 'false') throw invalid(key, value, 'write true or false')
  return value === 'true'
}

function decoded(key: string, value: string): string {
  try {
    return decodeURIComponent(value.trim())
  } catch {
    throw invalid(key, value, 'percent-encode the value')
  }
}

function isOneOf<Name extends string>(names: readonly Name[], name: string): name is Name {
  return names.some((known) => known === name)
}

function split(text: string, separator: string): readonly [string, string?] {
  const at = text.indexOf(separator)
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + separator.length)]
}

function invalid(argument: string, value: string, wayOut: string): LogError {
  return new LogError(
    { code: 'InvalidLogArgument', argument, value },
    `connection string of EventStoreDB: ${argument || 'option'} ${value === '' ? 'is wrong' : `cannot be "${value}"`}; ${wayOut}`,
  )
}
