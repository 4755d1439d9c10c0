/**
 * @module cli/peer/ballot-commands
 *
 * `witan propose`, `decisions`, `explain` and `certificate`: ballots of a running peer (ballots §8). Voting in them is
 * `witan vote FOLDER ID yes|no`.
 */

import { writeFileSync } from 'node:fs'
import { Command, Option } from 'commander'
import { fromHex } from '../../base/text.ts'
import { line } from '../output.ts'
import { UsageError } from '../usage-error.ts'
import { wholeNumber } from '../whole-number.ts'
import { askOrRefuse } from './control.ts'
import { printExplanation } from './explain.ts'
import { PeerFolder, parseId } from './folder.ts'
import { printAnswers } from './print-answers.ts'

interface JsonOption {
  readonly json?: true
}

interface LogOption {
  readonly log?: string
}

const DEFAULT_SCOPE = 'default'

export function ballotCommands(): Command[] {
  return [proposeCommand(), decisionsCommand(), explainCommand(), certificateCommand()]
}

interface ProposeOptions extends JsonOption {
  readonly scope: string
  readonly payload: string
  readonly expiresIn?: number
  readonly threshold?: number
  readonly silence?: 'yes' | 'no'
  readonly voter: readonly string[]
}

function proposeCommand(): Command {
  return new Command('propose')
    .description("propose a yes/no question to the group; the group's order decides it")
    .argument('<folder>')
    .argument('<name>', 'what is asked')
    .option('--scope <name>', 'which scope it belongs to', DEFAULT_SCOPE)
    .option('--payload <text>', 'what the application needs of it', '')
    .option(
      '--expires-in <seconds>',
      "how long votes are waited for (default: the scope's)",
      wholeNumber('--expires-in', 1),
    )
    .option('--threshold <share>', "of the voters, 0 to 1; never below two thirds (default: the scope's)", share)
    .addOption(
      new Option('--silence <choice>', "how the close weighs it (default: the scope's)").choices(['yes', 'no']),
    )
    .option('--voter <key>', "who votes, once for each (default: the group's voters)", collect, [])
    .option('--json', 'print JSON')
    .exitOverride()
    .action(async (path: string, name: string, options: ProposeOptions) => {
      const { scope, payload, expiresIn, threshold, silence, voter, json } = options
      for (const key of voter) parseId('--voter', key)
      const request = {
        command: 'propose',
        scope,
        name,
        payload,
        ...(expiresIn === undefined ? {} : { expiresInSec: expiresIn }),
        ...(threshold === undefined ? {} : { threshold }),
        ...(silence === undefined ? {} : { silence }),
        ...(voter.length === 0 ? {} : { roster: voter }),
      } as const
      await printAnswers(path, request, json, (value) => (value as { id: string }).id)
    })
}

function decisionsCommand(): Command {
  return new Command('decisions')
    .description('the ballots that are decided, oldest first')
    .argument('<folder>')
    .option('--scope <name>', 'of this scope only')
    .option('--follow', 'go on with what is decided from now on')
    .option('--json', 'print JSON')
    .exitOverride()
    .action(async (path: string, options: JsonOption & { readonly scope?: string; readonly follow?: true }) => {
      const { scope, follow, json } = options
      const request = {
        command: 'decisions',
        follow: follow === true,
        ...(scope === undefined ? {} : { scope }),
      } as const
      for await (const value of await askOrRefuse(new PeerFolder(path).controlPath, path, request)) {
        const {
          outcome,
          name,
          scope: its,
          proposalId,
        } = value as Record<'outcome' | 'name' | 'scope' | 'proposalId', string>
        line(json === true ? JSON.stringify(value) : `${outcome.padEnd(6)} ${its}: ${name}  ${proposalId}`)
      }
    })
}

function explainCommand(): Command {
  return new Command('explain')
    .description('why a ballot is decided so, or what is missing; with `block INDEX`: why that block stands there')
    .argument('<folder>')
    .argument('<id>', 'of the proposal, 64 hex digits; or the word block')
    .argument('[index]', 'place of the block among all blocks, from 0')
    .option('--log <place>', 'as for `witan run`; for blocks of a peer that does not run')
    .option('--json', 'print JSON')
    .exitOverride()
    .action(async (path: string, id: string, index: string | undefined, options: JsonOption & LogOption) => {
      const { json } = options
      if (id === 'block')
        return printExplanation(path, { command: 'explainBlock', index: wholeNumber('index')(index ?? '') }, options)
      parseId('id', id)
      const request = { command: 'explain', id: id.toLowerCase() } as const
      await printAnswers(path, request, json, (value) => (value as { text: string }).text)
    })
}

function certificateCommand(): Command {
  return new Command('certificate')
    .description('write what proves a decision to a stranger; waits for the checkpoint that covers it')
    .argument('<folder>')
    .argument('<id>', 'of the proposal, 64 hex digits')
    .argument('<file>', 'where to write it, for `witan verify`')
    .option('--json', 'print JSON')
    .exitOverride()
    .action(async (path: string, id: string, file: string, { json }: JsonOption) => {
      parseId('id', id)
      const request = { command: 'certificate', id: id.toLowerCase() } as const
      for await (const value of await askOrRefuse(new PeerFolder(path).controlPath, path, request)) {
        const bytes = fromHex((value as { bytes: string }).bytes)
        writeFileSync(file, bytes)
        line(json === true ? JSON.stringify({ id, file, bytes: bytes.length }) : `${file}: ${bytes.length} bytes`)
      }
    })
}

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value.toLowerCase()]
}

function share(text: string): number {
  const value = Number(text)
  if (text.trim() === '' || !(value >= 0 && value <= 1))
    throw new UsageError(`--threshold is ${JSON.stringify(text)}; it must be from 0 to 1`)
  return value
}
