/**
 * @module cli/peer/members
 *
 * `witan members`, `witan add`, `witan remove` and `witan leave`: who votes, and how a change comes about.
 */

import { Command } from 'commander'
import { filter, firstValueFrom, fromEvent, merge, takeUntil } from 'rxjs'
import { fromHex } from '../../base/text.ts'
import { PeerError } from '../../engine/peer/errors.ts'
import type { Membership } from '../../engine/peer/membership.ts'
import type { Witan } from '../../engine/peer/witan.ts'
import { UsageError } from '../usage-error.ts'
import type { ChangeRequest } from './control.ts'
import { parseAddress, parseId } from './folder.ts'
import { printAnswers } from './print-answers.ts'

interface JsonOption {
  readonly json?: true
}

/** What the running peer tells of a change under way. */
export type ChangeProgress =
  | { readonly type: 'voted'; readonly for: 'add' | 'remove' | 'leave'; readonly id: string }
  | { readonly type: 'progress'; readonly supporters: readonly string[]; readonly needed: number }
  | { readonly type: 'agreed'; readonly voters: readonly string[] }

export function membersCommands(): Command[] {
  return [
    listCommand(),
    changeCommand(
      'add',
      'vote for letting a peer in, and follow it until it is agreed',
      'ID@HOST:PORT as `witan init` prints it; or its id, if it will dial us',
    ),
    changeCommand('remove', 'vote for removing a peer, and follow it until it is agreed', 'its id, 64 hex digits'),
    leaveCommand(),
  ]
}

function listCommand(): Command {
  return new Command('members')
    .description('who votes, who is silent, who was removed, and which changes are under way')
    .argument('<folder>', 'of a running peer')
    .option('--json', 'print JSON')
    .exitOverride()
    .action(async (path: string, { json }: JsonOption) => {
      await printAnswers(path, { command: 'members' }, json, (value) => describe(value as Membership & { id: string }))
    })
}

function describe({ id, voters, silent, removed, changes }: Membership & { readonly id: string }): string {
  const mark = (peer: string): string => {
    const notes = [peer === id ? 'this peer' : '', silent.includes(peer) ? 'silent' : ''].filter((note) => note !== '')
    return notes.length === 0 ? '' : ` (${notes.join(', ')})`
  }
  return [
    `${voters.length} voters:`,
    ...voters.map((peer) => `  ${peer}${mark(peer)}`),
    ...(removed.length === 0 ? [] : ['removed:', ...removed.map((peer) => `  ${peer}`)]),
    ...(changes.length === 0 ? [] : ['under way:']),
    ...changes.map(
      ({ type, peer, supporters, needed }) => `  ${type} ${peer}: ${supporters.length} of ${needed} votes`,
    ),
  ].join('\n')
}

function changeCommand(command: ChangeRequest['command'], description: string, peer: string): Command {
  return new Command(command)
    .description(description)
    .argument('<folder>')
    .argument('<peer>', peer)
    .option('--info <hex>', 'what comes with the change, equal for all who vote for it', '')
    .option('--no-wait', 'return when the vote is durable, not when the change is agreed')
    .option('--json', 'print JSON')
    .exitOverride()
    .action(
      async (path: string, peer: string, options: JsonOption & { readonly info: string; readonly wait: boolean }) => {
        const { id, ...address } = peerOf(command, peer)
        if (!/^([0-9a-f]{2})*$/i.test(options.info)) {
          throw new UsageError(`--info is ${JSON.stringify(options.info)}; it must be hex digits, two for each byte`)
        }
        const request = { command, id, ...address, info: options.info, wait: options.wait }
        await printAnswers(path, request, options.json, (value) => describeProgress(value as ChangeProgress))
      },
    )
}

function peerOf(command: ChangeRequest['command'], text: string): Pick<ChangeRequest, 'id' | 'address'> {
  if (command === 'remove' || !text.includes('@')) {
    parseId('peer', text)
    return { id: text.toLowerCase() }
  }
  const { id, host, port } = parseAddress('peer', text)
  return { id, address: { host, port } }
}

function leaveCommand(): Command {
  return new Command('leave')
    .description('vote for our own removal')
    .argument('<folder>')
    .option('--json', 'print JSON')
    .exitOverride()
    .action(async (path: string, { json }: JsonOption) => {
      await printAnswers(path, { command: 'leave' }, json, () => 'voted to leave; enough others must agree')
    })
}

function describeProgress(progress: ChangeProgress): string {
  switch (progress.type) {
    case 'voted':
      return `voted to ${progress.for} ${progress.id}`
    case 'progress':
      return `${progress.supporters.length} of ${progress.needed} votes`
    case 'agreed':
      return `agreed: ${progress.voters.length} voters`
  }
}

/** In the running peer: votes, and tells how it goes until the change is agreed. */
export async function* change(
  witan: Witan,
  { command, id, info, wait }: ChangeRequest,
  signal: AbortSignal,
): AsyncGenerator<ChangeProgress> {
  if (command === 'add' && witan.membership.removed.includes(id)) {
    const data = { code: 'ChangeRefused', change: command, peer: id } as const
    throw new PeerError(data, `${id} was removed, which is for good; it may come back with a new identity`)
  }
  const hasVoted = witan.membership.changes.some(
    ({ type, peer, supporters }) => type === command && peer === id && supporters.includes(witan.id),
  )
  if (!hasVoted) await witan.members[command](fromHex(id), fromHex(info))
  yield { type: 'voted', for: command, id }
  if (wait) yield* follow(witan, command, id, signal)
}

async function* follow(
  witan: Witan,
  command: 'add' | 'remove',
  id: string,
  signal: AbortSignal,
): AsyncGenerator<ChangeProgress> {
  const ended = merge(fromEvent(signal, 'abort'), witan.status$.pipe(filter(({ state }) => state === 'stopped')))
  let shown = ''
  while (!signal.aborted) {
    const news = witan.membership$.pipe(
      filter((membership) => JSON.stringify(progressOf(membership, command, id)) !== shown),
      takeUntil(ended),
    )
    const membership = await firstValueFrom(news, { defaultValue: undefined })
    if (membership === undefined) return
    const progress = progressOf(membership, command, id)
    shown = JSON.stringify(progress)
    if (progress !== undefined) yield progress
    if (progress?.type === 'agreed') return
  }
}

function progressOf(
  { voters, changes }: Membership,
  command: 'add' | 'remove',
  id: string,
): ChangeProgress | undefined {
  if (voters.includes(id) === (command === 'add')) return { type: 'agreed', voters }
  const change = changes.find(({ type, peer }) => type === command && peer === id)
  return change === undefined ? undefined : { type: 'progress', supporters: change.supporters, needed: change.needed }
}
