/**
 * @module cli/peer/commands
 *
 * The commands that talk to a running peer: `vote`, `blocks`, `status`.
 */

import { Command } from 'commander'
import { toHex } from '../../base/text.ts'
import { History } from '../../engine/peer/history.ts'
import { streamName } from '../../engine/streams.ts'
import { line } from '../output.ts'
import { UsageError } from '../usage-error.ts'
import { wholeNumber } from '../whole-number.ts'
import { textOf } from './answers.ts'
import { askRunning, type ControlRequest } from './control.ts'
import { PeerFolder, parseId } from './folder.ts'
import { printAnswers } from './print-answers.ts'

interface JsonOption {
  readonly json?: true
}

export function voteCommand(): Command {
  return new Command('vote')
    .description('vote in a ballot; or, without a choice, ask for a payload to be ordered')
    .argument('<folder>')
    .argument('<what>', 'the id of a proposal, as `witan propose` prints it; without a choice, a payload: any text')
    .argument('[choice]', 'yes or no: a vote in the ballot')
    .option('--no-wait', 'return when the vote is durable, not when it is agreed or the ballot decided')
    .option('--json', 'print JSON')
    .exitOverride()
    .action(
      async (
        path: string,
        what: string,
        choice: string | undefined,
        { wait, json }: JsonOption & { readonly wait: boolean },
      ) => {
        if (choice !== undefined) return voteInBallot(path, what, choice, wait, json)
        await printAnswers(path, { command: 'vote', payload: what, wait }, json, (value) => {
          const { type, position, hash } = value as { type: string; position?: number; hash?: string }
          return type === 'agreed' ? `agreed at position ${position}` : `durable: ${hash}`
        })
      },
    )
}

async function voteInBallot(path: string, id: string, choice: string, wait: boolean, json?: true): Promise<void> {
  parseId('what', id)
  if (choice !== 'yes' && choice !== 'no')
    throw new UsageError(`choice is ${JSON.stringify(choice)}; it must be yes or no`)
  const request = { command: 'ballot', id: id.toLowerCase(), choice: choice === 'yes', wait } as const
  await printAnswers(path, request, json, (value) => {
    const { type, outcome } = value as { type: string; outcome?: string }
    return type === 'outcome' ? `decided: ${outcome}` : `durable: ${choice}`
  })
}

export function statusCommand(): Command {
  return new Command('status')
    .description('what a running peer knows of itself and its group')
    .argument('<folder>')
    .option('--json', 'print JSON')
    .exitOverride()
    .action(async (path: string, { json }: JsonOption) => {
      await printAnswers(path, { command: 'status' }, json, (value) => {
        const { id, state, blocks, membership } = value as {
          id: string
          state: string
          blocks: number
          membership: { voters: string[]; silent: string[] }
        }
        const voters = membership.voters.map(
          (voter) =>
            `  ${voter}${voter === id ? ' (this peer)' : ''}${membership.silent.includes(voter) ? ' (silent)' : ''}`,
        )
        return [`${id}: ${state}, ${blocks} blocks`, 'voters:', ...voters].join('\n')
      })
    })
}

export function blocksCommand(): Command {
  return new Command('blocks')
    .description('payloads in the agreed order, from the running peer or else from its log')
    .argument('<folder>')
    .option('--from <position>', 'the first position (default: the first that the peer has)', wholeNumber('--from'))
    .option('--follow', 'go on with what is agreed from now on')
    .option('--log <place>', 'as for `witan run`')
    .option('--json', 'print JSON')
    .exitOverride()
    .action(
      async (
        path: string,
        options: JsonOption & { readonly from?: number; readonly follow?: true; readonly log?: string },
      ) => {
        const folder = new PeerFolder(path)
        const request: ControlRequest = {
          command: 'blocks',
          from: options.from ?? null,
          follow: options.follow === true,
        }
        const values = (await askRunning(folder.controlPath, request)) ?? blocksOfLog(folder, options)
        for await (const value of values) {
          const { position, payload } = value as { position: number; payload: string }
          line(options.json === true ? JSON.stringify(value) : `#${position}  ${payload}`)
        }
      },
    )
}

async function* blocksOfLog(
  folder: PeerFolder,
  options: { readonly from?: number; readonly follow?: true; readonly log?: string },
): AsyncGenerator<object> {
  const log = await folder.openLog(options.log)
  try {
    const stream = streamName({ category: 'block', peer: toHex(folder.signer().identity) })
    const { format } = folder.group()
    const history = new History(log, stream, format)
    for await (const { position, payload, block } of history.payloads({
      ...(options.from === undefined ? {} : { from: options.from }),
      live: options.follow === true,
    })) {
      yield { position, hash: block.hash, payload: textOf(payload) }
    }
  } finally {
    await log.close()
  }
}
