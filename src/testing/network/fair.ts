/**
 * @module testing/network/fair
 *
 * A fair period: all-to-all rounds of gossip in which nothing is lost, until all that correct voters vote for is agreed.
 * Judges validity and termination (parsec §12). Forkers go on as they like.
 */

import { compareBytes } from '../../base/bytes.ts'
import { fromHex, toHex } from '../../base/text.ts'
import type { Proposal } from './agenda.ts'
import { evidentOffenders } from './evident.ts'
import type { Delivery } from './links.ts'
import type { ParsecNetwork } from './network.ts'
import type { NetworkNode } from './node.ts'

/** Within so many rounds something must be agreed while anything is to be agreed. */
export const MAX_FAIR_ROUNDS = 30

export interface FairReport {
  readonly violations: readonly string[]
  readonly mostRounds: number
}

export function runFairly(network: ParsecNetwork): FairReport {
  network.calm()
  let rounds = 0
  let mostRounds = 0
  let agreed = leastAgreed(network)
  for (;;) {
    const active = activeNodes(network)
    const missing = expectedKeys(network, active)
    if (missing.length === 0 && isLevel(active)) return { violations: [], mostRounds }
    if (rounds >= MAX_FAIR_ROUNDS) {
      const waiting = missing.slice(0, 3).join(', ')
      return { violations: [`no election within ${rounds} fair rounds; waiting for: ${waiting}`], mostRounds: rounds }
    }
    for (const node of active) voteForAll(network, node)
    round(network)
    rounds += 1
    mostRounds = Math.max(mostRounds, rounds)
    const now = leastAgreed(network)
    if (now > agreed) {
      agreed = now
      rounds = 0
    }
  }
}

/** How often a peer gossips in a round, about. */
const OF_A_ROUND = 5

/** Within so many rounds an offender is removed whose offence is provable and evident to a correct voter (parsec §9). */
export const MAX_REMOVAL_ROUNDS = 60

export interface RemovalReport {
  readonly violations: readonly string[]
  /** Offenders that were evident, by number; all of them are removed, or there are violations. */
  readonly evident: readonly number[]
  readonly rounds: number
}

/** Goes on until no evident offender is a voter, where the group detects malice. */
export function removeOffenders(network: ParsecNetwork): RemovalReport {
  const evident = new Set<number>()
  for (let rounds = 0; ; rounds += 1) {
    const left = new Set<number>()
    for (const node of activeNodes(network)) {
      for (const offender of evidentOffenders(node)) {
        const peer = network.numberOf(fromHex(offender))
        evident.add(peer)
        if (node.parsec.voters().some((id) => toHex(id) === offender)) left.add(peer)
      }
    }
    if (left.size === 0 || !network.group.detectsMalice) return { violations: [], evident: [...evident], rounds }
    if (rounds >= MAX_REMOVAL_ROUNDS) {
      return { violations: [`malice: ${[...left].join()} not removed`], evident: [...evident], rounds }
    }
    round(network)
  }
}

/** Correct peers that are voters as far as anybody correct knows. */
function activeNodes(network: ParsecNetwork): readonly NetworkNode[] {
  const voters = network.voters()
  const isVoter = (node: NetworkNode): boolean => voters.some((id) => compareBytes(id, node.id) === 0)
  return [...network.correct.values()].filter(isVoter)
}

/** Blocks that all of them have. */
function leastAgreed(network: ParsecNetwork): number {
  return Math.min(...activeNodes(network).map(({ blocks }) => blocks.length))
}

function isLevel(active: readonly NetworkNode[]): boolean {
  return new Set(active.map(({ blocks }) => blocks.length)).size === 1
}

/** parsec §12, validity: what all correct voters vote for, and in `single` mode what one of them voted for. */
function expectedKeys(network: ParsecNetwork, active: readonly NetworkNode[]): readonly string[] {
  const missing = new Set<string>()
  for (const { blocks } of active) {
    const made = new Set(blocks.map(({ key }) => key))
    for (const proposal of network.agenda.proposals) {
      const key = expectedKey(network, active, proposal)
      if (key !== null && !made.has(key)) missing.add(key)
    }
  }
  return [...missing]
}

function expectedKey(network: ParsecNetwork, active: readonly NetworkNode[], proposal: Proposal): string | null {
  if (proposal.by === null) return isVoid(network, active, proposal) ? null : proposal.hash
  const voter = active.find(({ peer }) => peer === proposal.by)
  const hasVoted = voter?.parsec.haveVotedFor(proposal.observation) === true
  return voter !== undefined && hasVoted ? network.agenda.keyOf(proposal, voter.id) : null
}

/** parsec §5(f): Remove of who was removed meanwhile, for malice perhaps, makes no block. */
function isVoid(network: ParsecNetwork, active: readonly NetworkNode[], { observation }: Proposal): boolean {
  if (observation.type !== 'Remove') return false
  const peer = network.numberOf(observation.peerId)
  return active.some(({ blocks }) =>
    blocks.some(({ payload }) => payload.type === 'Accusation' && network.numberOf(payload.offender) === peer),
  )
}

function voteForAll(network: ParsecNetwork, node: NetworkNode): void {
  const made = new Set(node.blocks.map(({ key }) => key))
  for (const proposal of network.agenda.proposals) {
    if (proposal.by !== null && proposal.by !== node.peer) continue
    if (!made.has(network.agenda.keyOf(proposal, node.id))) network.vote(node, proposal)
  }
}

/** Everybody gossips to everybody that may be gossiped to; requests and answers arrive at once. */
function round(network: ParsecNetwork): void {
  network.noteRound()
  const instances = [
    ...network.correct.values(),
    ...[...network.forkers.values()].flatMap(({ instances: those }) => those),
  ]
  const pass = (...waiting: Delivery[]): void => {
    for (let message = waiting.shift(); message !== undefined; message = waiting.shift()) {
      waiting.push(...network.deliver(message))
    }
  }
  for (const node of network.random.shuffle(instances)) {
    node.noteReach(OF_A_ROUND)
    if (node.startedAt > 0) pass(network.follow(node))
    for (const to of network.recipientsOf(node)) {
      pass(...network.perform(node, (parsec) => parsec.createGossip(network.idOf(to))))
    }
  }
}
