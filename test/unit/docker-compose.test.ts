/** The compose file, by what its readers rely on; that it runs is for a machine with Docker to show. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { parseConnectionString } from '../../src/log/eventstoredb/connection-string.ts'

interface Service {
  readonly image: string
  readonly profiles?: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  readonly ports: readonly string[]
  readonly volumes: readonly string[]
  readonly networks?: Readonly<Record<string, { readonly ipv4_address: string }>>
  readonly healthcheck: { readonly test: readonly string[] }
}

const root = join(import.meta.dirname, '../..')
const text = readFileSync(join(root, 'docker-compose.yml'), 'utf8')
const compose = parse(text, { merge: true }) as {
  readonly services: Readonly<Record<string, Service>>
  readonly volumes: Readonly<Record<string, null>>
}
const services = Object.entries(compose.services)
const cluster = services.filter(([, service]) => service.profiles?.includes('cluster'))

describe('docker-compose.yml', () => {
  it('has one node by default and three under a profile', () => {
    expect(services.filter(([, service]) => service.profiles === undefined).map(([name]) => name)).toEqual(['esdb'])
    expect(cluster.map(([name]) => name)).toEqual(['esdb1', 'esdb2', 'esdb3'])
  })

  it.each(services)(
    '%s has a health check, volumes that exist, system projections, and ports for this machine only',
    (_, one) => {
      expect(one.healthcheck.test.join(' ')).toContain('/health/live')
      for (const volume of one.volumes) expect(Object.keys(compose.volumes)).toContain(volume.split(':')[0])
      for (const port of one.ports) expect(port).toMatch(/^127\.0\.0\.1:\d+:2113$/)
      expect(one.environment).toMatchObject({
        KURRENTDB_RUN_PROJECTIONS: 'All',
        KURRENTDB_START_STANDARD_PROJECTIONS: 'true',
        KURRENTDB_INSECURE: 'true',
      })
    },
  )

  it.each(services)('%s is told the same under the names of both servers', (_, one) => {
    const named = (prefix: string): [string, string][] =>
      Object.entries(one.environment)
        .filter(([name]) => name.startsWith(prefix))
        .map(([name, value]) => [name.slice(prefix.length), value])
    expect(named('EVENTSTORE_')).toEqual(named('KURRENTDB_'))
    expect(one.volumes.map((volume) => volume.split(':')[1])).toEqual(['/var/lib/kurrentdb', '/var/lib/eventstore'])
  })

  it('knows each node of the cluster at its own address and port', () => {
    const addresses = cluster.map(([, one]) => one.networks?.['cluster']?.ipv4_address)
    expect(new Set(addresses).size).toBe(3)
    for (const [, { environment, ports, networks }] of cluster) {
      const own = networks?.['cluster']?.ipv4_address
      expect(environment['KURRENTDB_REPLICATION_IP']).toBe(own)
      const others = addresses.filter((address) => address !== own).map((address) => `${address}:2113`)
      expect(environment['KURRENTDB_GOSSIP_SEED']).toBe(others.join(','))
      expect(ports).toEqual([`127.0.0.1:${environment['KURRENTDB_ADVERTISE_NODE_PORT_TO_CLIENT_AS']}:2113`])
    }
  })

  it('says connection strings that fit, and that this is insecure', () => {
    const [one, three] = [...text.matchAll(/WITAN_LOG='([^']+)'/g)].map(([, url = '']) => parseConnectionString(url))
    expect(one).toMatchObject({ discovery: 'none', tls: false, endpoints: [{ port: 2113 }] })
    expect(three).toMatchObject({ discovery: 'gossip', endpoints: [{ port: 2121 }, { port: 2122 }, { port: 2123 }] })
    expect(text).toContain('INSECURE MODE')
  })
})
