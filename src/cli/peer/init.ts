/**
 * @module cli/peer/init
 *
 * `witan init`: a peer's key and configuration. Run again it changes what it is told to, and keeps the rest: the key and the genesis
 * for life.
 */

import { Command } from 'commander'
import { toHex } from '../../base/text.ts'
import { collect } from '../collect.ts'
import { line } from '../output.ts'
import { UsageError } from '../usage-error.ts'
import { type PeerAddress, type PeerConfig, PeerFolder, parseAddress, parseEndpoint } from './folder.ts'

const DEFAULT_LISTEN = { host: '127.0.0.1', port: 7001 }

interface InitOptions {
  readonly listen?: string
  readonly member: readonly string[]
  readonly peer: readonly string[]
  readonly json?: true
}

export function initCommand(): Command {
  return new Command('init')
    .description('make a peer: its key and its configuration; run it again with every --member to set the genesis')
    .argument('<folder>', 'made if it is not there; a key in it is kept')
    .option('--listen <host:port>', 'where this peer accepts others (default: as before, else 127.0.0.1:7001)')
    .option('--member <id@host:port>', 'a genesis member, this peer included; once for each', collect, [])
    .option('--peer <id@host:port>', 'a further peer that we may talk to; once for each', collect, [])
    .option('--json', 'print JSON')
    .exitOverride()
    .action(init)
}

function init(path: string, options: InitOptions): void {
  const folder = new PeerFolder(path)
  const listen = options.listen === undefined ? undefined : parseEndpoint('--listen', options.listen)
  const members = options.member.map((text) => parseAddress('--member', text))
  const others = options.peer.map((text) => parseAddress('--peer', text))
  const before: PeerConfig = folder.hasConfig() ? folder.config() : { listen: DEFAULT_LISTEN, genesis: [], peers: [] }
  const genesis = genesisOf(path, members, before)
  const id = toHex(folder.ensureKey().identity)
  const config = {
    listen: listen ?? before.listen,
    genesis,
    peers: merged([...before.peers, ...members, ...others]),
    ...(before.parameters === undefined ? {} : { parameters: before.parameters }),
  }
  folder.writeConfig(config)
  const address = `${id}@${config.listen.host}:${config.listen.port}`
  line(options.json === true ? JSON.stringify({ id, address, folder: path, members: genesis }) : address)
}

function genesisOf(path: string, members: readonly PeerAddress[], before: PeerConfig): readonly string[] {
  const genesis = members.map(({ id }) => id)
  if (new Set(genesis).size !== genesis.length)
    throw new UsageError('--member names one id twice; each member stands once')
  if (genesis.length === 0) return before.genesis
  if (before.genesis.length > 0 && before.genesis.toSorted().join() !== genesis.toSorted().join()) {
    throw new UsageError(
      `${path} has another genesis already; a peer keeps its genesis for life. Make a new folder for another group`,
    )
  }
  return genesis
}

/** One address for each id, the last that was given. */
function merged(peers: readonly PeerAddress[]): readonly PeerAddress[] {
  return [...new Map(peers.map((peer) => [peer.id, peer])).values()]
}
