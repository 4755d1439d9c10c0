/**
 * @module cli/demo/ballots/peer-process
 *
 * One peer of the demonstration, in a process of its own: its key, its log and its sessions. Whatever it learns it learns
 * from its log or from messages; when it starts on a log that holds facts, it goes on from there and asks the others for
 * what it missed.
 */

import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { equalBytes, fromUtf8, utf8 } from '../../../base/bytes.ts'
import { fromHex, toHex } from '../../../base/text.ts'
import {
  BallotError,
  decodeProposal,
  decodeVote,
  encodeProposal,
  encodeVote,
  type Proposal,
} from '../../../core/ballot/index.ts'
import { ethereumSigner, generateEthereumKey } from '../../../crypto/index.ts'
import { ConsensusService } from '../../../engine/ballots/consensus-service.ts'
import { type EventLog, embeddedLog } from '../../../log/index.ts'
import { hearParent, sayLastToParent, sayToParent } from '../parent.ts'
import { DEMO_PEERS, type DemoPeer, type DemoProposal } from './proposals-file.ts'
import type { FromPeer, PeerMessage, ToPeer } from './protocol.ts'
import { DEMO_SCOPE, decisionsHash, demoServiceOptions, stateHash } from './state-hash.ts'

/** Messages that mean only that we know already, or are late. */
const EXPECTED_REFUSALS: ReadonlySet<string> = new Set([
  'ProposalAlreadyExist',
  'DuplicateVote',
  'ProposalExpired',
  'VoteExpired',
  'SessionNotActive',
  'SessionNotFound',
])

const say: (message: FromPeer) => void = sayToParent

class DemoPeerProcess {
  readonly #name: DemoPeer
  readonly #log: EventLog
  readonly #service: ConsensusService
  readonly #proposals: ReadonlyMap<string, DemoProposal>

  constructor(name: DemoPeer, log: EventLog, service: ConsensusService, proposals: readonly DemoProposal[]) {
    this.#name = name
    this.#log = log
    this.#service = service
    this.#proposals = new Map(proposals.map((proposal) => [proposal.name, proposal]))
  }

  static async start(message: Extract<ToPeer, { type: 'start' }>): Promise<DemoPeerProcess> {
    const signer = ethereumSigner(keyOf(message.folder))
    const log = await embeddedLog({ folder: join(message.folder, 'log') })
    const service = new ConsensusService(demoServiceOptions(signer, log))
    const peer = new DemoPeerProcess(message.name, log, service, message.proposals)
    await peer.#begin()
    return peer
  }

  async #begin(): Promise<void> {
    const startedAtMs = performance.now()
    const { facts } = await this.#service.recover()
    const elapsedMs = performance.now() - startedAtMs
    say({
      type: 'started',
      identity: toHex(this.#service.identity),
      facts,
      elapsedMs,
      stateHash: stateHash(this.#service),
    })
    for (const { proposalId, proposal, status } of this.#service.storage().sessions(DEMO_SCOPE)) {
      if (status !== 'active') this.#sayDecided(proposalId, proposal.name)
    }
    this.#service.decisions$.subscribe(({ event }) =>
      this.#sayDecided(event.proposalId, this.#service.getProposal(DEMO_SCOPE, event.proposalId).name),
    )
    if (facts > 0) {
      await this.#resume()
      for (const to of DEMO_PEERS) if (to !== this.#name) say({ type: 'send', to, message: { kind: 'sync' } })
    }
  }

  async take(message: Exclude<ToPeer, { type: 'start' }>): Promise<void> {
    switch (message.type) {
      case 'propose':
        return this.#propose(message.name)
      case 'deliver':
        return this.#deliver(message.from, message.message)
      case 'finish':
        return this.#finish()
    }
  }

  async #propose(name: string): Promise<void> {
    const wanted = this.#proposals.get(name)
    if (wanted === undefined || this.#knows(name)) return
    const proposal = await this.#service.createProposal(DEMO_SCOPE, {
      name,
      payload: utf8(wanted.payload),
      proposalOwner: this.#service.identity,
      expectedVotersCount: DEMO_PEERS.length,
      expirationSec: BigInt(wanted.expiresInSec),
      livenessCriteriaYes: true,
    })
    this.#send('all', { kind: 'proposal', bytes: encodeProposal(proposal) })
    await this.#vote(proposal)
  }

  async #deliver(from: DemoPeer, message: PeerMessage): Promise<void> {
    try {
      switch (message.kind) {
        case 'proposal': {
          const proposal = decodeProposal(message.bytes)
          await this.#service.processIncomingProposal(DEMO_SCOPE, proposal)
          return await this.#vote(proposal)
        }
        case 'vote':
          return await this.#service.processIncomingVote(DEMO_SCOPE, decodeVote(message.bytes))
        case 'sync':
          return this.#answerSync(from)
      }
    } catch (error) {
      if (!(error instanceof BallotError && EXPECTED_REFUSALS.has(error.code))) throw error
    }
  }

  /** Votes as the file says; the vote is in the log before it is sent. */
  async #vote({ proposalId, name }: Pick<Proposal, 'proposalId' | 'name'>): Promise<void> {
    const choice = this.#proposals.get(name)?.votes[this.#name]
    if (choice === undefined) return
    const vote = await this.#service.castVote(DEMO_SCOPE, proposalId, choice)
    this.#send('all', { kind: 'vote', bytes: encodeVote(vote) })
  }

  #knows(name: string): boolean {
    return this.#service
      .storage()
      .sessions(DEMO_SCOPE)
      .some(({ proposal }) => proposal.name === name)
  }

  /** After a crash: what was logged but perhaps not sent goes out again; missing votes are cast now. */
  async #resume(): Promise<void> {
    for (const { proposalId, proposal, status } of this.#service.storage().sessions(DEMO_SCOPE)) {
      const known = this.#service.getProposal(DEMO_SCOPE, proposalId)
      if (this.#isOurs(known.proposalOwner)) this.#sendProposal('all', known)
      const own = known.votes.find((vote) => this.#isOurs(vote.voteOwner))
      if (own !== undefined) this.#send('all', { kind: 'vote', bytes: encodeVote(own) })
      else if (status === 'active') await this.#vote({ proposalId, name: proposal.name })
    }
  }

  /** Each proposal as it began, then its votes one by one: the order in which we heard them is ours alone. */
  #answerSync(to: DemoPeer): void {
    for (const { proposalId } of this.#service.storage().sessions(DEMO_SCOPE)) {
      const proposal = this.#service.getProposal(DEMO_SCOPE, proposalId)
      this.#sendProposal(to, proposal)
      for (const vote of proposal.votes) this.#send(to, { kind: 'vote', bytes: encodeVote(vote) })
    }
  }

  async #finish(): Promise<void> {
    await this.#service.close()
    let facts = 0
    for await (const _ of this.#log.readAll()) facts += 1
    const report: FromPeer = {
      type: 'finished',
      identity: toHex(this.#service.identity),
      stateHash: stateHash(this.#service),
      decisionsHash: decisionsHash(this.#service),
      facts,
    }
    await this.#log.close()
    sayLastToParent(report)
  }

  #sayDecided(proposalId: number, name: string): void {
    const { status } = this.#service.storage().session(DEMO_SCOPE, proposalId)
    say({ type: 'decided', name, result: status === 'failed' ? null : status === 'yes' })
  }

  #isOurs(identity: Uint8Array): boolean {
    return equalBytes(identity, this.#service.identity)
  }

  /** As it began, without the votes that we hold. */
  #sendProposal(to: DemoPeer | 'all', proposal: Proposal): void {
    this.#send(to, { kind: 'proposal', bytes: encodeProposal({ ...proposal, votes: [], round: 1 }) })
  }

  #send(to: DemoPeer | 'all', message: PeerMessage): void {
    say({ type: 'send', to, message })
  }
}

/** The key stands beside the log, readable by its owner alone. */
function keyOf(folder: string): Uint8Array {
  const file = join(folder, 'key')
  if (existsSync(file)) return fromHex(fromUtf8(readFileSync(file)).trim())
  mkdirSync(folder, { recursive: true })
  const key = generateEthereumKey({ bytes: (count) => new Uint8Array(randomBytes(count)) })
  writeFileSync(file, `${toHex(key)}\n`, { mode: 0o600 })
  return key
}

let peer: DemoPeerProcess | undefined
hearParent(async (received) => {
  const message = received as ToPeer
  if (message.type === 'start') peer = await DemoPeerProcess.start(message)
  else await peer?.take(message)
})
