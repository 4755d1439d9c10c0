/**
 * @module cli/peer/prove
 *
 * `witan prove FOLDER checkpoint|INDEX FILE`: what proves the order of a running peer to a stranger, for `witan verify`.
 */

import { writeFileSync } from 'node:fs'
import { Command } from 'commander'
import { fromHex, toHex } from '../../base/text.ts'
import type { Witan } from '../../engine/peer/witan.ts'
import { line } from '../output.ts'
import { UsageError } from '../usage-error.ts'
import { wholeNumber } from '../whole-number.ts'
import { askOrRefuse, type ControlRequest } from './control.ts'
import { PeerFolder } from './folder.ts'

export function proveCommand(): Command {
  return new Command('prove')
    .description('write what proves the newest checkpoint, or the place of a block in the order')
    .argument('<folder>', 'of a running peer')
    .argument('<what>', '`checkpoint`, or the index of a block among all blocks, from 0')
    .argument('<file>', 'where to write it, for `witan verify`')
    .option('--json', 'print JSON')
    .exitOverride()
    .action(async (path: string, what: string, file: string, { json }: { readonly json?: true }) => {
      const request = { command: 'prove', index: what === 'checkpoint' ? null : wholeNumber('what')(what) } as const
      for await (const value of await askOrRefuse(new PeerFolder(path).controlPath, path, request)) {
        const { bytes, blocks } = value as Proven
        writeFileSync(file, fromHex(bytes))
        const size = bytes.length / 2
        line(json === true ? JSON.stringify({ file, bytes: size, blocks }) : `${file}: ${size} bytes`)
      }
    })
}

interface Proven {
  /** Hex. */
  readonly bytes: string
  /** How many blocks the newest checkpoint covers. */
  readonly blocks: number
}

/** In the running peer. */
export async function proven(witan: Witan, { index }: ControlRequest & { readonly command: 'prove' }): Promise<Proven> {
  const newest = witan.checkpoints.all().at(-1)
  if (newest === undefined) throw new UsageError('no checkpoint is proven yet')
  const bytes = index === null ? newest.proof : await witan.checkpoints.positionProof(index)
  if (bytes === undefined) {
    throw new UsageError(`no checkpoint covers block ${index} yet; the newest covers ${newest.blocks} blocks`)
  }
  return { bytes: toHex(bytes), blocks: newest.blocks }
}
