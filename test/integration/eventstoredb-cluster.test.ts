/** Clusters, TLS and credentials: who is asked, who answers, and what the error says where nobody may. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { status } from '@grpc/grpc-js'
import { describe, expect, it } from 'vitest'
import { eventStoreDbLog } from '../../src/log/eventstoredb/event-store-db-log.ts'
import { type EventLog, LogError, NO_STREAM } from '../../src/ports/event-log.ts'
import { collect, facts, failureOf, range, revisions } from '../contract/event-log-support.ts'
import { later, openLog, QUICK, startNode, until } from '../support/eventstoredb/harness.ts'
import { CERTIFICATE_PEM, type Cluster, type Node, startCluster, UNAVAILABLE } from '../support/eventstoredb/index.ts'

async function cluster(): Promise<{ cluster: Cluster; nodes: readonly [Node, Node, Node] }> {
  const started = await startCluster(3)
  later(() => started.stop())
  const [a, b, c] = started.nodes
  if (a === undefined || b === undefined || c === undefined) throw new Error('three nodes')
  return { cluster: started, nodes: [a, b, c] }
}

/** Roomier tries: discovery asks one node after the other. */
const PATIENT = { timeoutMs: 8000, attemptTimeoutMs: 1000 }
const DISCOVERY = '&discoveryInterval=20&gossipTimeout=1&maxDiscoverAttempts=5'

async function authority(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'witan-ca-'))
  later(() => rm(folder, { recursive: true }))
  const path = join(folder, 'ca.pem')
  await writeFile(path, CERTIFICATE_PEM)
  return encodeURIComponent(path)
}

const failing = async (log: EventLog): Promise<LogError> => {
  const error: unknown = await log.append('s', facts(1), NO_STREAM).catch((error: unknown) => error)
  if (!(error instanceof LogError)) throw new Error('no LogError', { cause: error })
  return error
}

const open = (options: object): unknown => {
  try {
    eventStoreDbLog({ url: 'esdb://h', ...QUICK, ...options })
  } catch (error) {
    return error instanceof LogError ? error.data : error
  }
  throw new Error('taken')
}

const invalid = (argument: string, value: string): object => ({ code: 'InvalidLogArgument', argument, value })

const LATE = { kind: 'status', code: status.UNAVAILABLE, details: 'Server Is Shutting Down' } as const

describe('a cluster', () => {
  it('is asked by gossip for its leader, who gets the appends', async () => {
    const { cluster: three, nodes } = await cluster()
    three.elect(nodes[1])
    const log = openLog(`${three.url}${DISCOVERY}`, PATIENT)
    expect(await log.append('s', facts(2), NO_STREAM)).toBe(1)
    expect(nodes.map((node) => node.calls.append)).toEqual([0, 1, 0])
    expect(nodes.reduce((sum, node) => sum + node.calls.gossip, 0)).toBe(1)
  })

  it('is found behind a DNS name', async () => {
    const { cluster: three, nodes } = await cluster()
    three.elect(nodes[2])
    const log = openLog(`esdb+discover://localhost:${nodes[0].wire.port}?tls=false${DISCOVERY}`, PATIENT)
    expect(await log.append('s', facts(2), NO_STREAM)).toBe(1)
    expect(nodes.map((node) => node.calls.append)).toEqual([0, 0, 1])
  })

  it('may be reached by a node that does not lead: the log goes to the leader', async () => {
    const { nodes } = await cluster()
    const log = openLog(nodes[1].url, PATIENT)
    expect(await log.append('s', facts(2), NO_STREAM)).toBe(1)
    // The one that does not lead refused it first.
    expect(nodes.map((node) => node.calls.append)).toEqual([1, 1, 0])
    const reader = openLog(nodes[2].url, PATIENT)
    expect(revisions(await collect(reader.read('s')))).toEqual([0, 1])
    expect(nodes.map((node) => node.calls.read)).toEqual([1, 0, 1])
  })

  it('may elect another leader at any time', async () => {
    const { cluster: three, nodes } = await cluster()
    const log = openLog(`${three.url}${DISCOVERY}`, PATIENT)
    const subscriber = collect(log.subscribeAll(), 40)
    for (let n = 0; n < 40; n += 4) {
      const leader = nodes[(n / 4) % 3]
      if (leader !== undefined) three.elect(leader)
      expect(await log.append('s', facts(4, n), n - 1)).toBe(n + 3)
    }
    expect(revisions(await collect(log.read('s')))).toEqual(range(0, 40))
    expect(revisions(await subscriber)).toEqual(range(0, 40))
  })

  it('may lose its leader: the next one is found', async () => {
    const { cluster: three, nodes } = await cluster()
    const log = openLog(`${three.url}${DISCOVERY}`, PATIENT)
    await log.append('s', facts(1), NO_STREAM)
    const subscriber = collect(log.subscribe('s'), 2)
    await nodes[0].wire.down()
    three.elect(nodes[1])
    expect(await log.append('s', facts(1, 1), 0)).toBe(1)
    expect(nodes.map((node) => node.calls.append)).toEqual([1, 1, 0])
    expect(revisions(await subscriber)).toEqual([0, 1])
  })

  it('that is lost while calls of the old connection still fail rejects nothing unhandled', async () => {
    const unhandled: unknown[] = []
    const note = (reason: unknown): void => void unhandled.push(reason)
    process.on('unhandledRejection', note)
    later(() => Promise.resolve(process.off('unhandledRejection', note)))
    const { cluster: three, nodes } = await cluster()
    const log = openLog(`${three.url}&discoveryInterval=100&maxDiscoverAttempts=4`, { ...PATIENT, timeoutMs: 1500 })
    await log.append('s', facts(1), NO_STREAM)
    nodes[0].faults.next('append', { ...LATE, delayMs: 100 }, LATE)
    const late = failureOf(log.append('s', facts(1, 1), 0))
    await until(() => nodes[0].calls.append === 2)
    for (const node of nodes) node.faults.always('gossip', UNAVAILABLE)
    // Fails first: its failure closes the channel, and the next one is looked for when the other fails.
    const refused = failureOf(log.append('t', facts(1), NO_STREAM))
    for (const failure of [refused, late]) expect(['LogUnavailable', 'LogTimeout']).toContain((await failure).code)
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(unhandled).toEqual([])
  })

  it('that is down as a whole makes LogUnavailable', async () => {
    const { cluster: three, nodes } = await cluster()
    await Promise.all(nodes.map((node) => node.wire.down()))
    const soon = '&discoveryInterval=20&maxDiscoverAttempts=2'
    const log = openLog(`${three.url}${soon}`, { timeoutMs: 1500, attemptTimeoutMs: 1000 })
    expect(await failureOf(log.append('s', facts(1), NO_STREAM))).toMatchObject({ code: 'LogUnavailable' })
    expect(await failureOf(collect(log.readAll()))).toMatchObject({ code: 'LogUnavailable' })
  })
})

describe('TLS and credentials', () => {
  const credentials = { username: 'peer', password: 'p@ss:w/rd' }
  const encoded = `peer:${encodeURIComponent(credentials.password)}`

  it('work together, over a certificate authority of our own', async () => {
    const node = await startNode({ tls: true, credentials })
    const log = openLog(`esdb://${encoded}@${node.tlsAddress}?tlsCAFile=${await authority()}`, PATIENT)
    expect(await log.append('s', facts(2), NO_STREAM)).toBe(1)
    expect(revisions(await collect(log.read('s')))).toEqual([0, 1])
    expect(revisions(await collect(log.subscribeAll(), 2))).toEqual([0, 1])
  })

  it('fail with AccessDenied where user or password is wrong, and say neither', async () => {
    const node = await startNode({ tls: true, credentials })
    const ca = await authority()
    for (const wrong of ['peer:hunter2@', 'nobody:hunter2@', '']) {
      const log = openLog(`esdb://${wrong}${node.tlsAddress}?tlsCAFile=${ca}`, PATIENT)
      const error = await failing(log)
      expect(error.data).toEqual({ code: 'AccessDenied', operation: 'append to "s"' })
      expect(error.message).toContain(node.tlsAddress)
      expect(error.message).not.toContain('hunter2')
      expect(await failureOf(collect(log.subscribeAll()))).toMatchObject({ code: 'AccessDenied' })
    }
    expect(node.store.stream('s')).toBeUndefined()
  })

  it('fail with LogUnavailable where the certificate is not trusted, or TLS meets none', async () => {
    const [secure, plain] = await Promise.all([startNode({ tls: true }), startNode()])
    const options = { timeoutMs: 400, attemptTimeoutMs: 300 }
    expect((await failing(openLog(secure.url, options))).code).toBe('LogUnavailable')
    const mixed = await failing(openLog(`esdb://${plain.tlsAddress}`, options))
    expect(['LogUnavailable', 'LogTimeout']).toContain(mixed.code)
    const reversed = await failing(openLog(`esdb://${secure.tlsAddress}?tls=false`, options))
    expect(['LogUnavailable', 'LogTimeout']).toContain(reversed.code)
  })

  it('leave credentials out where there is no TLS, as such a server has no users', async () => {
    const node = await startNode()
    const log = openLog(`esdb://${encoded}@${node.address}?tls=false`)
    expect(await log.append('s', facts(1), NO_STREAM)).toBe(0)
  })
})

describe('options', () => {
  it('that are wrong are refused before anything is opened', () => {
    expect(open({ url: 'file:///tmp' })).toEqual(invalid('scheme', 'file'))
    expect(open({ timeoutMs: 0 })).toEqual(invalid('timeoutMs', '0'))
    expect(open({ attemptTimeoutMs: 1.5 })).toEqual(invalid('attemptTimeoutMs', '1.5'))
    expect(open({ retryDelayMs: Number.POSITIVE_INFINITY })).toEqual(invalid('retryDelayMs', 'Infinity'))
    expect(open({ url: 'esdb://h?tlsCAFile=/does/not/exist.pem' })).toEqual(invalid('tlsCAFile', '/does/not/exist.pem'))
  })
})
