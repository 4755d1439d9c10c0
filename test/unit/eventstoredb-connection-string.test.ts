import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseConnectionString } from '../../src/log/eventstoredb/connection-string.ts'
import { LogError } from '../../src/ports/event-log.ts'

function refused(text: string): LogError {
  try {
    parseConnectionString(text)
  } catch (error) {
    if (error instanceof LogError) return error
    throw error
  }
  throw new Error(`taken: ${text}`)
}

/** All that a message could show of it. */
function shownOf(text: string): string {
  try {
    return parseConnectionString(text).shown
  } catch (error) {
    if (!(error instanceof LogError)) throw error
    return `${error.message} ${JSON.stringify(error.data)}`
  }
}

describe('a connection string', () => {
  it('names one node, several, or a DNS name', () => {
    expect(parseConnectionString('esdb://localhost')).toMatchObject({
      discovery: 'none',
      endpoints: [{ address: 'localhost', port: 2113 }],
      tls: true,
      shown: 'esdb://localhost',
    })
    expect(parseConnectionString('esdb://a:1,b,10.0.0.3:3/?tls=false')).toMatchObject({
      discovery: 'gossip',
      endpoints: [
        { address: 'a', port: 1 },
        { address: 'b', port: 2113 },
        { address: '10.0.0.3', port: 3 },
      ],
      tls: false,
    })
    expect(parseConnectionString('esdb+discover://cluster.example:2115')).toMatchObject({
      discovery: 'dns',
      endpoints: [{ address: 'cluster.example', port: 2115 }],
    })
    expect(parseConnectionString('kurrentdb://h').discovery).toBe('none')
    expect(parseConnectionString('ESDB://h').shown).toBe('esdb://h')
    expect(parseConnectionString('kurrentdb+discover://h').discovery).toBe('dns')
  })

  it('carries credentials, whatever characters they have', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.string({ minLength: 1 }), (username, password) => {
        const text = `esdb://${encodeURIComponent(username)}:${encodeURIComponent(password)}@h:1?tls=true`
        const settings = parseConnectionString(text)
        expect(settings.credentials).toEqual({ username, password })
        expect(settings.shown).toBe('esdb://h:1')
      }),
    )
    expect(parseConnectionString('esdb://h').credentials).toBeUndefined()
    expect(parseConnectionString('esdb://u:p@ss@h').credentials).toEqual({ username: 'u', password: 'p@ss' })
  })

  it('carries options, in any case', () => {
    const { tls, texts, integers } = parseConnectionString(
      'esdb://h?TLS=false&keepAliveInterval=-1&maxDiscoverAttempts=3&connectionName=my%20peer&nodePreference=leader',
    )
    expect(tls).toBe(false)
    expect([...texts]).toEqual([['connectionName', 'my peer']])
    expect([...integers]).toEqual([
      ['keepAliveInterval', -1],
      ['maxDiscoverAttempts', 3],
    ])
  })

  const wrong: (readonly [string, string, string])[] = [
    ['localhost:2113', 'scheme', ''],
    ['http://localhost', 'scheme', 'http'],
    ['esdb://', 'host', ''],
    ['esdb://h:70000', 'host', 'h:70000'],
    ['esdb://h:0', 'host', 'h:0'],
    ['esdb://a,,b', 'host', ''],
    ['esdb://ho st', 'host', 'ho st'],
    ['esdb://[::1]:2113', 'host', '[::1]:2113'],
    ['esdb+discover://a,b', 'hosts', 'a,b'],
    ['esdb://h?tls=maybe', 'tls', 'maybe'],
    ['esdb://h?tls', 'tls', ''],
    ['esdb://h?tlz=true', 'tlz', ''],
    ['esdb://h?throwOnAppendFailure=false', 'throwOnAppendFailure', ''],
    ['esdb://h?gossipTimeout=5s', 'gossipTimeout', '5s'],
    ['esdb://h?defaultDeadline=0', 'defaultDeadline', '0'],
    ['esdb://h?keepAliveTimeout=-2', 'keepAliveTimeout', '-2'],
    ['esdb://h?nodePreference=follower', 'nodePreference', 'follower'],
    ['esdb://h?tlsVerifyCert=false', 'tlsVerifyCert', 'false'],
    ['esdb://h?userCertFile=a.pem', 'userCertFile', 'a.pem'],
    ['esdb://h?connectionName=%', 'connectionName', '%'],
    ['esdb://user@h', 'credentials', '***'],
    ['esdb://:secret@h', 'credentials', '***'],
    ['esdb://user:100%@h', 'credentials', '***'],
    ['esdb://user:sec/ret@h', 'credentials', '***'],
    ['esdb://user:sec?ret@h', 'credentials', '***'],
  ]
  it.each(wrong)('%s is refused: %s', (text, argument, value) => {
    const error = refused(text)
    expect(error.data).toEqual({ code: 'InvalidLogArgument', argument, value })
    expect(error.message).toContain(argument)
    expect(error.message).toContain(';')
  })

  it('never shows a password', () => {
    const secret = 'hunter2'
    const around = fc.constantFrom('', '@', ':', '/', '?', '#', '&', '%', '%zz', '=', ',', ' ', '\\')
    fc.assert(
      fc.property(
        around,
        around,
        fc.constantFrom('', '?tls=maybe', '?x=1', '?tls=false&', ':x'),
        (before, after, rest) => {
          const text = `esdb://user:${before}${secret}${after}@host:2113${rest}`
          expect(shownOf(text)).not.toContain(secret)
        },
      ),
    )
  })
})
