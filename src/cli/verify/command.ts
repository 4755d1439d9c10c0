/**
 * @module cli/verify/command
 *
 * `witan verify FILE`: whether a proof holds, offline. Exit code 0: it does; 1: it does not.
 */

import { readFileSync } from 'node:fs'
import { Command, Option } from 'commander'
import { collect } from '../collect.ts'
import { line } from '../output.ts'
import { UsageError } from '../usage-error.ts'
import { verifyBytes } from './rows.ts'
import type { TrustOptions } from './trust.ts'

export function verifyCommand(): Command {
  return new Command('verify')
    .description(
      'verify a certificate, a checkpoint, a place in the order or evidence offline; exit code 0 when it holds, 1 when it does not',
    )
    .argument('<file>', 'its bytes, or - for standard input')
    .option('--peer <folder>', "trust the genesis of this peer's group")
    .addOption(
      new Option('--scheme <name>', 'of owners and voters').choices(['ed25519', 'ethereum']).default('ed25519'),
    )
    .option('--scope <name>', 'the scope that the decision is for')
    .option('--group <hex>', 'id of the ordering group (default: that of --peer, else none)')
    .option('--roster <keys>', 'the voters: a file with one key a line, or keys with commas (default: those of --peer)')
    .option('--proposer <key>', 'who may propose without being a voter; once for each', collect, [])
    .option('--finality <name>', 'quorum or ordered: what the scope agreed on')
    .option('--threshold <share>', 'the least that the scope agreed on', String(2 / 3))
    .option('--silence <choice>', 'how the close of an ordered ballot weighs silence: yes or no', 'no')
    .option('--json', 'print JSON')
    .exitOverride()
    .action((file: string, options: TrustOptions & { readonly json?: true }) => {
      const { what, sentence, json } = verifyBytes(read(file), options)
      line(options.json === true ? JSON.stringify({ valid: true, what, ...json }) : `valid ${what}: ${sentence}`)
    })
}

function read(file: string): Uint8Array {
  try {
    return new Uint8Array(readFileSync(file === '-' ? 0 : file))
  } catch (error) {
    throw new UsageError(`file is ${JSON.stringify(file)}, which cannot be read: ${(error as Error).message}`)
  }
}
