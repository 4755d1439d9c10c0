/**
 * @module testing/conformance/ballots/story-run
 *
 * Plays one story and compares every answer, event and session with it.
 */

import { fromHex, toHex } from '../../../base/text.ts'
import { decodeProposal, decodeVote, encodeProposal, encodeVote } from '../../../core/ballot/index.ts'
import type { Comparison } from '../verdict.ts'
import { type Answer, applyCalls, attempt, configJson, overrideOf, requestOf } from './format.ts'
import { Peer } from './peer.ts'
import type { Step, Story } from './story.ts'
import { activeIn, reachedIn, scopeOf, scopesOf, statsOf } from './story-queries.ts'
import { SECOND_OWN_VOTE } from './validation.ts'

const DRAWN_TWICE = 'ballots §6: an id that exists is not given to a second proposal'

/** A step made ready: its peer, and what is missing in it filled in. */
interface Scene {
  readonly peer: Peer
  readonly step: Step
  readonly scope: string
  readonly bytes: Uint8Array
  readonly draw: { readonly nowSec?: bigint; readonly id?: number }
  readonly proposalId: number
}

const OPERATIONS: Readonly<Record<string, (scene: Scene) => unknown>> = {
  async scope({ peer, scope, step }) {
    const builder = peer.service.scope(scope)
    applyCalls(builder, step.calls)
    if (step.end === 'getConfig') return configJson(builder.getConfig())
    await builder[step.end ?? 'initialize']()
    return null
  },
  async createProposal(scene) {
    return toHex(encodeProposal(await create(scene)))
  },
  async createProposalWithConfig(scene) {
    return toHex(encodeProposal(await create(scene)))
  },
  async castVote({ peer, scope, proposalId, step, draw }) {
    return toHex(encodeVote(await peer.service.castVote(scope, proposalId, step.choice === true, draw)))
  },
  async castVoteAndGetProposal({ peer, scope, proposalId, step, draw }) {
    const proposal = await peer.service.castVoteAndGetProposal(scope, proposalId, step.choice === true, draw)
    return toHex(encodeProposal(proposal))
  },
  async processIncomingProposal({ peer, scope, bytes, draw }) {
    await peer.service.processIncomingProposal(scope, bytes, draw)
    return null
  },
  async processIncomingVote({ peer, scope, bytes, draw }) {
    await peer.service.processIncomingVote(scope, bytes, draw)
    return null
  },
  handleConsensusTimeout: ({ peer, scope, proposalId, draw }) =>
    peer.service.handleConsensusTimeout(scope, proposalId, draw),
  async deleteScope({ peer, scope }) {
    await peer.service.deleteScope(scope)
    return null
  },
  getConsensusResult: ({ peer, scope, proposalId }) => peer.service.getConsensusResult(scope, proposalId),
  getProposal: ({ peer, scope, proposalId }) => toHex(encodeProposal(peer.service.getProposal(scope, proposalId))),
  getProposalConfig: ({ peer, scope, proposalId }) => configJson(peer.service.getProposalConfig(scope, proposalId)),
  getScopeConfig: ({ peer, scope }) => configJson(peer.service.getScopeConfig(scope)),
  getActiveProposals: ({ peer, scope }) => activeIn(peer, scope),
  getReachedProposals: ({ peer, scope }) => reachedIn(peer, scope),
  getScopeStats: ({ peer, scope }) => statsOf(peer, scope),
  listScopes: ({ peer }) => scopesOf(peer),
}

function create({ peer, scope, step, draw }: Scene): ReturnType<Peer['service']['createProposal']> {
  if (step.request === undefined) throw new RangeError('a proposal is created from a request')
  return peer.service.createProposalWithConfig(scope, requestOf(step.request), overrideOf(step.config), draw)
}

export class StoryRun {
  readonly #story: Story
  readonly #comparison: Comparison
  readonly #peers = new Map<string, Peer>()
  /** Peers that have given a vote on a decided session, by session. */
  readonly #lateVotes = new Set<string>()
  /** Scopes in which the reference replaced a session, and the sessions concerned: nothing to compare there. */
  readonly #replaced = new Set<string>()

  constructor(story: Story, comparison: Comparison) {
    this.#story = story
    this.#comparison = comparison
    for (const { name, sharesWith, ...options } of story.peers) {
      const shared = sharesWith === undefined ? undefined : this.#peers.get(sharesWith)
      this.#peers.set(name, new Peer(options, shared))
    }
  }

  async run(): Promise<void> {
    for (const [i, step] of this.#story.steps.entries()) {
      await this.#play(`${this.#story.name}, step ${i}, ${step.op}`, step)
    }
    this.#compareFinal()
    for (const { service } of this.#peers.values()) await service.close()
  }

  async #play(where: string, step: Step): Promise<void> {
    const scene = this.#stage(step)
    const operation = OPERATIONS[step.op]
    if (operation === undefined) throw new RangeError(`${where}: no operation of this name`)
    const isOurs = this.#isReplacement(scene) || this.#isReplaced(scene) || this.#isSecondOwnVote(scene)
    const answer = await attempt(() => operation(scene))
    const events = [...this.#peers].flatMap(([peer, one]) => one.takeEvents().map((event) => ({ peer, ...event })))
    if (isOurs) return
    this.#comparison.expect(where, answer, this.#expectedAnswer(step))
    this.#comparison.expect(`${where}: events`, events, step.events ?? [])
    if (step.session !== undefined)
      this.#comparison.expect(`${where}: session`, scene.peer.session(scene.scope, scene.proposalId), step.session)
  }

  #stage(step: Step): Scene {
    const peer = this.#peers.get(step.peer)
    if (peer === undefined) throw new RangeError(`no peer is called ${step.peer}`)
    const bytes = fromHex(this.#story.messages[step.message ?? ''] ?? '')
    const draw = {
      ...(step.now === undefined ? {} : { nowSec: BigInt(step.now) }),
      ...(step.id === undefined ? {} : { id: step.id }),
    }
    return { peer, step, scope: step.scope ?? '', bytes, draw, proposalId: proposalIdOf(step, bytes) }
  }

  #expectedAnswer({ ok, error }: Step): Answer {
    if (error !== undefined) return { error }
    const named = typeof ok === 'string' ? this.#story.messages[ok] : undefined
    return { ok: named ?? ok }
  }

  #isReplacement({ peer, step, scope, proposalId }: Scene): boolean {
    const isNew = step.op.startsWith('createProposal') && step.error === undefined
    if (!isNew || peer.find(scope, proposalId) === undefined) return false
    this.#comparison.differsOnPurpose(DRAWN_TWICE)
    this.#replaced.add(scope)
    this.#replaced.add(`${scope}/${proposalId}`)
    return true
  }

  /** Of what follows a replacement: the same session, or a whole scope. */
  #isReplaced({ step, scope, proposalId }: Scene): boolean {
    const isOfSession = step.proposalId !== undefined || step.message !== undefined || step.request !== undefined
    return this.#replaced.has(isOfSession ? `${scope}/${proposalId}` : scope)
  }

  #isSecondOwnVote({ step, scope, proposalId, peer }: Scene): boolean {
    const state = peer.session(scope, proposalId)?.state
    if (!step.op.startsWith('castVote') || step.error !== undefined || (state !== 'yes' && state !== 'no')) return false
    const vote = `${step.peer}/${scope}/${proposalId}`
    if (!this.#lateVotes.has(vote)) {
      this.#lateVotes.add(vote)
      return false
    }
    this.#comparison.differsOnPurpose(SECOND_OWN_VOTE)
    return true
  }

  #compareFinal(): void {
    for (const [name, { listScopes, scopes }] of Object.entries(this.#story.final)) {
      const peer = this.#peers.get(name)
      if (peer === undefined) throw new RangeError(`no peer is called ${name}`)
      const where = `${this.#story.name}, final, ${name}`
      this.#comparison.expect(`${where}: listScopes`, scopesOf(peer), listScopes)
      for (const [scope, expected] of Object.entries(scopes)) {
        if (!this.#replaced.has(scope)) this.#comparison.expect(`${where}: ${scope}`, scopeOf(peer, scope), expected)
      }
    }
  }
}

/** The proposal that a step is about; 0 where it is about none. */
function proposalIdOf(step: Step, bytes: Uint8Array): number {
  if (step.proposalId !== undefined) return step.proposalId
  if (step.op.startsWith('createProposal')) return step.id ?? 0
  if (step.message === undefined || step.error === 'DecodeError') return 0
  return step.op === 'processIncomingVote' ? decodeVote(bytes).proposalId : decodeProposal(bytes).proposalId
}
