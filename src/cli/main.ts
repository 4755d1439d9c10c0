#!/usr/bin/env node
/**
 * @module cli/main
 *
 * The command line. Exit codes: 0 done; 1 it ran and something is wrong (disagreement, refused, not found); 2 wrong
 * usage; 3 the environment failed (log locked, corrupted or unreachable, port in use).
 */

import { Command, CommanderError } from 'commander'
import { WitanError } from '../base/errors.ts'
import { LogError } from '../ports/event-log.ts'
import { TransportError } from '../ports/transport.ts'
import { demoCommand } from './demo/command.ts'
import { paint } from './output.ts'
import { logCommand, replayCommand } from './peer/audit.ts'
import { ballotCommands } from './peer/ballot-commands.ts'
import { blocksCommand, statusCommand, voteCommand } from './peer/commands.ts'
import { whyStuckCommand } from './peer/explain.ts'
import { initCommand } from './peer/init.ts'
import { membersCommands } from './peer/members.ts'
import { proveCommand } from './peer/prove.ts'
import { followCommand, runCommand } from './peer/run.ts'
import { simCommand } from './sim/command.ts'
import { UsageError } from './usage-error.ts'
import { verifyCommand } from './verify/command.ts'

const EXIT = { failed: 1, usage: 2, environment: 3 } as const

function program(): Command {
  const witan = new Command('witan')
    .description('Byzantine fault tolerant agreement: one order of blocks, and yes/no proposals')
    .configureHelp({ showGlobalOptions: true })
    .exitOverride()
    .addCommand(demoCommand())
    .addCommand(initCommand())
    .addCommand(runCommand())
    .addCommand(followCommand())
    .addCommand(voteCommand())
    .addCommand(blocksCommand())
    .addCommand(statusCommand())
    .addCommand(logCommand())
    .addCommand(replayCommand())
    .addCommand(verifyCommand())
    .addCommand(proveCommand())
    .addCommand(simCommand())
    .addCommand(whyStuckCommand())
  for (const command of [...membersCommands(), ...ballotCommands()]) witan.addCommand(command)
  return witan
}

function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT.usage
  const colour = paint(process.stderr)
  if (error instanceof UsageError) {
    process.stderr.write(`${colour.red('error:')} ${error.message}\n`)
    return EXIT.usage
  }
  if (error instanceof WitanError) {
    process.stderr.write(`${colour.red(`error ${error.code}:`)} ${error.message}\n`)
    return error instanceof LogError || error instanceof TransportError ? EXIT.environment : EXIT.failed
  }
  process.stderr.write(
    `${colour.red('unexpected error:')} ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  )
  return EXIT.failed
}

// A reader that closes the pipe (`witan … | head`) has seen enough: no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit(0)
})

try {
  await program().parseAsync()
} catch (error) {
  process.exitCode = exitCodeOf(error)
}
