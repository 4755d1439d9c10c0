/**
 * @module cli/peer/audit
 *
 * `witan log` shows facts; `witan replay` folds them again, derives every block, compares, and prints the hash of the
 * order. Both read the log of a peer that does not run, or any EventStoreDB.
 */

import { sha256 } from '@noble/hashes/sha2.js'
import { Command } from 'commander'
import { utf8 } from '../../base/bytes.ts'
import { toHex } from '../../base/text.ts'
import { systemRandom } from '../../crypto/index.ts'
import { History } from '../../engine/peer/history.ts'
import { PeerStore } from '../../engine/peer/store.ts'
import { line } from '../output.ts'
import { wholeNumber } from '../whole-number.ts'
import { PeerFolder } from './folder.ts'

export function logCommand(): Command {
  return new Command('log')
    .description('the facts of a log, oldest first')
    .argument('<folder>', 'of a peer that does not run (with EventStoreDB it may run)')
    .option('--stream <prefix>', 'only streams whose name begins so, such as gossip- or block-')
    .option('--type <name>', 'only facts of this type, such as GossipEventAccepted')
    .option('--log <place>', 'as for `witan run`')
    .option('--json', 'print JSON')
    .exitOverride()
    .action(
      async (
        path: string,
        options: { readonly stream?: string; readonly type?: string; readonly log?: string; readonly json?: true },
      ) => {
        const log = await new PeerFolder(path).openLog(options.log)
        try {
          for await (const { stream, revision, type, id, data, metadata } of log.readAll()) {
            if (!stream.startsWith(options.stream ?? '') || (options.type !== undefined && options.type !== type))
              continue
            line(
              options.json === true
                ? JSON.stringify({ stream, revision, type, id, data, metadata })
                : `${stream}@${revision}  ${type}  ${JSON.stringify(data)}`,
            )
          }
        } finally {
          await log.close()
        }
      },
    )
}

export function replayCommand(): Command {
  return new Command('replay')
    .description(
      'derive every block again from the gossip events alone, compare with the logged ones, print the hash of the order',
    )
    .argument('<folder>', 'of a peer that does not run (with EventStoreDB it may run)')
    .option('--until <position>', 'hash the order before this position only', wholeNumber('--until'))
    .option('--log <place>', 'as for `witan run`')
    .option('--json', 'print JSON')
    .exitOverride()
    .action(async (path: string, options: { readonly until?: number; readonly log?: string; readonly json?: true }) => {
      const folder = new PeerFolder(path)
      const group = folder.group()
      const log = await folder.openLog(options.log)
      try {
        const store = new PeerStore(log, group, folder.signer(), systemRandom)
        const startedAtMs = performance.now()
        const recovered = await store.recover({ isAudit: true })
        const elapsedMs = performance.now() - startedAtMs
        const hash = await hashOfOrder(new History(log, store.blockStream, group.format), options.until)
        const { facts = 0, blocks = 0 } = recovered ?? {}
        line(
          options.json === true
            ? JSON.stringify({ facts, blocks, elapsedMs, ...hash })
            : `${facts} facts, ${blocks} blocks derived again in ${elapsedMs.toFixed(0)} ms, all as logged\norder of ${hash.positions} positions: ${hash.order}`,
        )
      } finally {
        await log.close()
      }
    })
}

async function hashOfOrder(
  history: History,
  until = Number.POSITIVE_INFINITY,
): Promise<{ readonly positions: number; readonly order: string }> {
  const hash = sha256.create()
  let positions = 0
  for await (const block of history.allBlocks()) {
    if (block.position >= until) break
    hash.update(utf8(`${block.position} ${block.hash}\n`))
    positions = block.position + Math.max(block.payloads.length, 1)
  }
  return { positions, order: toHex(hash.digest()) }
}
