/**
 * @module testing/sim/workloads/ballots
 *
 * Ballots of both finalities (ballots §8.4), with short deadlines among the faults: peers propose and vote, external voters'
 * votes are carried by any of them, one external voter signs both choices and tells different peers different things.
 *
 * What must come of it: each ballot of the order is settled alike at all correct peers that stay; `quorum` ballots are over
 * everywhere, with the same set of votes; every decision is on the disk before it is shown, is shown once, and comes with a
 * certificate that a stranger verifies. What the disks hold is checked by `checks/ballot-log.ts`.
 */

import type { Bytes } from '../../../base/bytes.ts'
import { fromHex, toHex } from '../../../base/text.ts'
import { safe } from '../../../core/ballot/index.ts'
import { CheckpointError, verifyCheckpoint } from '../../../core/parsec/index.ts'
import type { Decision } from '../../../engine/ballots/safe/decision.ts'
import { groupOf } from '../../../engine/peer/options.ts'
import type { Signer } from '../../../ports/signature-scheme.ts'
import type { PayloadFrame } from '../../../wire/payload.ts'
import type { SeededRandom } from '../../seeded-random.ts'
import { ballotsOf } from '../checks/ballot-log.ts'
import { simulatedSigner } from '../scheme.ts'
import type { Life, SimPeer } from '../sim-peer.ts'
import type { Lack, Stage, Workload, WorkloadMaker } from '../stage.ts'
import { violation } from '../violation.ts'

const ORDERED = 'ordered scope'
const QUORUM = 'quorum scope'
const MOST_PROPOSALS = 4

interface Asked {
  readonly scope: string
  readonly id: string
  readonly proposer: SimPeer
  readonly roster: readonly Bytes[] | null
}

class BallotWork implements Workload {
  readonly #stage: Stage
  readonly #random: SeededRandom
  readonly #asked = new Map<string, Asked>()
  readonly #externals: readonly Signer[]
  readonly #followed = new WeakSet<Life>()
  readonly #shown = new Map<SimPeer, Set<string>>()

  constructor(stage: Stage) {
    this.#stage = stage
    this.#random = stage.random.fork('ballots')
    this.#externals = [0, 1].map((i) => simulatedSigner(`${stage.random.seed}/external-${i}`))
  }

  begin(): void {
    const { scenario } = this.#stage
    this.#stage.every(
      scenario.voteEveryMs,
      this.#random,
      () => this.#stage.isWorkDone,
      () => this.#act(),
    )
    this.#stage.every(
      20,
      this.#random,
      () => this.#stage.isSettled,
      () => {
        for (const peer of this.#stage.peers) if (peer.isUp) this.#follow(peer)
      },
    )
  }

  #act(): void {
    const up = this.#stage.peers.filter(({ isUp, isLeaving }) => isUp && !isLeaving)
    if (up.length === 0) return
    const peer = this.#random.pick(up)
    const known = [...this.#asked.values()]
    if (known.length < MOST_PROPOSALS && (known.length === 0 || this.#random.chance(0.25)))
      this.#run(peer, this.#propose(peer))
    else if (known.length === 0) return
    else if (this.#random.chance(0.25)) this.#run(peer, this.#carry(peer, this.#random.pick(known)))
    else this.#run(peer, this.#vote(peer, this.#random.pick(known)))
  }

  /** Refusals are the protocol's business: what they must not do is found on the disks. */
  #run(peer: SimPeer, work: Promise<unknown>): void {
    this.#stage.launch(work.catch((error: unknown) => this.#stage.judge(peer.name, error)))
  }

  async #propose(peer: SimPeer): Promise<void> {
    const scope = this.#random.pick([ORDERED, QUORUM])
    const witan = peer.life?.witan
    if (witan === undefined || (scope === QUORUM && witan.scope(QUORUM).settings.finality !== 'quorum')) return
    // In the order sometimes the group's own voters.
    const roster = scope === ORDERED && this.#random.chance(0.5) ? null : this.#roster()
    const { id } = await witan.scope(scope).propose({
      name: `ballot ${this.#asked.size}`,
      expiresInSec: this.#random.chance(0.8) ? 1 : 2,
      ...(roster === null ? {} : { roster }),
      livenessCriteriaYes: this.#random.chance(0.5),
    })
    this.#asked.set(id, { scope, id, proposer: peer, roster })
    this.#stage.counts.proposals += 1
  }

  /** Genesis members and the external voters; fewer than a third of it may sign both choices. */
  #roster(): readonly Bytes[] {
    return [...this.#stage.genesis.members, ...this.#externals.map(({ identity }) => identity)]
  }

  async #vote(peer: SimPeer, { scope, id }: Asked): Promise<void> {
    const witan = peer.life?.witan
    if (witan === undefined) return
    const choice = this.#random.chance(0.65)
    const limit = new AbortController()
    this.#stage.later(2_000, () => limit.abort(safe.refuseSafe({ code: 'SessionNotFound', proposalId: id })))
    await witan.scope(scope).proposal(id).vote(choice, { signal: limit.signal })
    this.#stage.counts.ballotVotes += 1
  }

  /** The first external voter is honest; the second signs whatever is asked for. */
  async #carry(peer: SimPeer, { scope, id }: Asked): Promise<void> {
    const [honest, liar] = this.#externals as [Signer, Signer]
    const isLie = this.#random.chance(0.5)
    const vote = safe.signVote(fromHex(id), isLie ? this.#random.chance(0.5) : true, isLie ? liar : honest)
    await peer.life?.witan.scope(scope).receive(safe.encodeBallotMessage({ type: 'votes', votes: [vote] }))
  }

  /** A life that is new to us: it declares the quorum scope, and its decisions are watched. */
  #follow(peer: SimPeer): void {
    const { life } = peer
    if (life === undefined || this.#followed.has(life)) return
    this.#followed.add(life)
    const { witan, process } = life
    if (witan.scope(QUORUM).settings.finality !== 'quorum') {
      const declared = witan.scope(QUORUM).configure({ finality: 'quorum', roster: this.#roster() })
      const again = (error: unknown): void => {
        this.#stage.judge(peer.name, error)
        this.#followed.delete(life)
      }
      this.#stage.launch(declared.catch(again))
    }
    witan.decisions$.subscribe((decision) => {
      if (!process.isDead) this.#stage.guard(() => this.#decided(peer, decision))
    })
    witan.evidence$.subscribe(({ error }) => {
      if (error instanceof safe.SafeBallotError) this.#stage.counts.equivocations += 1
    })
  }

  #decided(peer: SimPeer, { proposalId, scope, outcome, certificate }: Decision): void {
    const shown = this.#shown.get(peer) ?? new Set<string>()
    this.#shown.set(peer, shown)
    if (shown.has(proposalId)) throw violation('fact-twice', peer.name, `the decision of ${proposalId} is shown twice`)
    shown.add(proposalId)
    const durable = ballotsOf(this.#stage.order).outcomeAt(peer.name, proposalId)
    if (durable !== outcome) {
      throw violation(
        'durable-before-signal',
        peer.name,
        `${proposalId} is shown as ${outcome}, its disk says ${durable}`,
      )
    }
    this.#stage.counts.decisions += 1
    const verify = (bytes: Bytes): void =>
      this.#stage.guard(() => this.#verify(peer, proposalId, scope, outcome, bytes))
    // The peer may go, or no checkpoint come, before there is one.
    certificate.then(verify, () => undefined)
  }

  #verify(peer: SimPeer, id: string, scope: string, outcome: safe.Outcome, bytes: Bytes): void {
    const { scheme } = this.#externals[0] as Signer
    const group = groupOf(this.#stage.genesis)
    const checkpoint = (proof: Bytes): safe.CheckpointView | null => {
      try {
        return verifyCheckpoint(proof, { group, scheme })
      } catch (error) {
        if (error instanceof CheckpointError) return null
        throw error
      }
    }
    const proves = (livenessCriteriaYes: boolean): string => {
      const policy = {
        finality: scope === QUORUM ? 'quorum' : 'ordered',
        threshold: 2 / 3,
        livenessCriteriaYes,
      } as const
      const trust = { scheme, scope, groupId: group.id, policy, roster: this.#roster(), verifyCheckpoint: checkpoint }
      try {
        return safe.verifyCertificate(bytes, trust).outcome
      } catch (error) {
        if (error instanceof safe.SafeBallotError) return error.message
        throw error
      }
    }
    const outcomes = [true, false].map(proves)
    if (!outcomes.includes(outcome)) {
      throw violation('validity', peer.name, `the certificate of ${id} for ${outcome} proves: ${outcomes.join(' / ')}`)
    }
    this.#stage.counts.certificates += 1
  }

  ordered({ kind, body }: PayloadFrame): boolean {
    const { scheme } = this.#externals[0] as Signer
    switch (kind) {
      case 'ballotProposal':
        // Durable, and perhaps ordered, before the proposer is answered.
        return safe.decodeSignedProposal(body, scheme).proposal.scope === ORDERED
      case 'ballotVote':
        return ballotsOf(this.#stage.order).isKnown(toHex(safe.decodeSafeVote(body, scheme).proposalId))
      case 'close':
        return ballotsOf(this.#stage.order).isKnown(toHex(body))
      case 'application':
      case 'batch':
        return false
    }
  }

  lacks(): Lack | undefined {
    const staying = this.#stage.peers.filter(({ isLeaving }) => !isLeaving)
    for (const asked of this.#asked.values()) {
      if (asked.proposer.isLeaving) continue
      for (const peer of staying) {
        const what = this.#lacks(peer, asked, staying)
        if (what !== undefined) return { peer: peer.name, what: `ballot ${asked.id} ${what}` }
      }
    }
    return undefined
  }

  #lacks(peer: SimPeer, { scope, id }: Asked, staying: readonly SimPeer[]): string | undefined {
    const state = peer.life?.witan.scope(scope).proposal(id).state
    // Who starts from a checkpoint knows nothing of those that were ordered before.
    const mayLack = scope === ORDERED && peer.join?.checkpoint !== undefined
    if (state === undefined) return mayLack ? undefined : 'is not there'
    if (state.phase === 'open') return 'is open'
    const first = staying[0]?.life?.witan.scope(scope).proposal(id).state
    if (first === undefined) return 'is not there'
    if (first.outcome !== state.outcome) return `is ${state.outcome} here, ${first.outcome} there`
    return first.votesDigest === state.votesDigest ? undefined : 'has other votes here than there'
  }
}

export const ballots: WorkloadMaker = (stage) => new BallotWork(stage)
