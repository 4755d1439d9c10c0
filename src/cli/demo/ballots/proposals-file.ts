/**
 * @module cli/demo/ballots/proposals-file
 *
 * The input of the demonstration: one JSON object a line, `name` and `payload` (any JSON), and optionally `owner` (the
 * peer that proposes it), `votes` (a choice for each peer; absent: true) and `expiresInSec`. Blank lines are skipped.
 */

import { readFileSync } from 'node:fs'
import { UsageError } from '../../usage-error.ts'

export const DEMO_PEERS = ['alice', 'bob', 'carol', 'dave'] as const
export type DemoPeer = (typeof DEMO_PEERS)[number]

export interface DemoProposal {
  readonly name: string
  readonly payload: string
  readonly owner: DemoPeer
  readonly expiresInSec: number
  readonly votes: Readonly<Record<DemoPeer, boolean>>
}

const DEFAULT_EXPIRES_IN_SEC = 60
const MAX_PROPOSALS = 10_000
const FIELDS = ['name', 'payload', 'owner', 'votes', 'expiresInSec']

export function readProposals(file: string): readonly DemoProposal[] {
  const proposals: DemoProposal[] = []
  const lineOfName = new Map<string, number>()
  for (const [index, line] of readText(file).split('\n').entries()) {
    if (line.trim() === '') continue
    const where = `${file}, line ${index + 1}`
    const proposal = parseProposal(line, where, proposals.length)
    const earlier = lineOfName.get(proposal.name)
    if (earlier !== undefined)
      throw new UsageError(
        `${where}: the name ${JSON.stringify(proposal.name)} stands in line ${earlier} too; names tell proposals apart here`,
      )
    lineOfName.set(proposal.name, index + 1)
    proposals.push(proposal)
  }
  if (proposals.length === 0)
    throw new UsageError(
      `${file}: no proposals in it; each line is an object such as {"name":"Release 1.2","payload":{}}`,
    )
  if (proposals.length > MAX_PROPOSALS)
    throw new UsageError(`${file}: ${proposals.length} proposals; the demonstration takes at most ${MAX_PROPOSALS}`)
  return proposals
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new UsageError(`cannot read the file of proposals ${file}: ${(error as Error).message}`)
  }
}

function parseProposal(line: string, where: string, ordinal: number): DemoProposal {
  const value = parseObject(line, where)
  const unknown = Object.keys(value).find((name) => !FIELDS.includes(name))
  if (unknown !== undefined)
    throw new UsageError(`${where}: unknown field ${JSON.stringify(unknown)}; known are ${FIELDS.join(', ')}`)
  const {
    name,
    payload = null,
    owner = DEMO_PEERS[ordinal % DEMO_PEERS.length],
    votes = {},
    expiresInSec = DEFAULT_EXPIRES_IN_SEC,
  } = value
  if (typeof name !== 'string' || name === '')
    throw new UsageError(`${where}: "name" is ${JSON.stringify(name)}; it must be a text that is not empty`)
  if (!isDemoPeer(owner))
    throw new UsageError(`${where}: "owner" is ${JSON.stringify(owner)}; it must be one of ${DEMO_PEERS.join(', ')}`)
  if (typeof expiresInSec !== 'number' || !Number.isInteger(expiresInSec) || expiresInSec < 1)
    throw new UsageError(
      `${where}: "expiresInSec" is ${JSON.stringify(expiresInSec)}; it must be a whole number of seconds, at least 1`,
    )
  return { name, payload: JSON.stringify(payload), owner, expiresInSec, votes: parseVotes(votes, where) }
}

function parseObject(line: string, where: string): Readonly<Record<string, unknown>> {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch (error) {
    throw new UsageError(`${where}: no JSON: ${(error as Error).message}`)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new UsageError(`${where}: not an object; each line is one such as {"name":"Release 1.2","payload":{}}`)
  return value as Record<string, unknown>
}

function parseVotes(votes: unknown, where: string): Record<DemoPeer, boolean> {
  if (typeof votes !== 'object' || votes === null || Array.isArray(votes))
    throw new UsageError(`${where}: "votes" is ${JSON.stringify(votes)}; it must be an object such as {"alice":true}`)
  const choices: Record<DemoPeer, boolean> = { alice: true, bob: true, carol: true, dave: true }
  for (const [peer, choice] of Object.entries(votes)) {
    if (!isDemoPeer(peer))
      throw new UsageError(`${where}: "votes" names ${JSON.stringify(peer)}; the peers are ${DEMO_PEERS.join(', ')}`)
    if (typeof choice !== 'boolean')
      throw new UsageError(`${where}: the vote of ${peer} is ${JSON.stringify(choice)}; it must be true or false`)
    choices[peer] = choice
  }
  return choices
}

function isDemoPeer(name: unknown): name is DemoPeer {
  return (DEMO_PEERS as readonly unknown[]).includes(name)
}
