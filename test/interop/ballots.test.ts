import { deepStrictEqual } from 'node:assert/strict'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { LineProcess } from '../../bench/support/rust.ts'
import { fromHex, toHex } from '../../src/base/text.ts'
import { decodeProposal, decodeVote, encodeProposal, type Proposal } from '../../src/core/ballot/index.ts'
import { SeededRandom } from '../../src/testing/seeded-random.ts'
import { type BallotPeer, CorePeer, cratePeer, type Request, type ScopeSettings } from './support/ballot-peers.ts'
import { type Answer, reference, seeds, valueOf } from './support/reference.ts'

const crate = reference('ballots-bench')
const START_SEC = 1_700_000_000
const EXPIRES_IN_SEC = 40

const keyOf = (random: SeededRandom): string => `01${toHex(random.bytes(31))}`

function scopeOf(random: SeededRandom): ScopeSettings {
  return { p2p: random.chance(0.4), threshold: random.pick([2 / 3, 2 / 3, 0.5, 0.6, 0.9, 1, 0.1]) }
}

function requestOf(random: SeededRandom, voters: number): Request {
  return {
    name: random.pick(['', 'upgrade', 'größer']),
    payload: toHex(random.bytes(random.int(0, 40))),
    voters,
    expiresIn: EXPIRES_IN_SEC,
    liveness: random.chance(0.5),
  }
}

/** One byte changed, or the end cut off. */
function damaged(message: string, random: SeededRandom): string {
  const bytes = fromHex(message)
  if (random.chance(0.2)) return toHex(bytes.subarray(0, random.int(0, bytes.length - 1)))
  const at = random.int(0, bytes.length - 1)
  bytes[at] = (bytes[at] ?? 0) ^ (1 << random.int(0, 7))
  return toHex(bytes)
}

/** Does the same with a peer of the crate and with ours, and holds every answer, session and event equal. */
class Twins {
  readonly #crate: BallotPeer
  readonly #ours: BallotPeer
  /** Proposals on which this peer was given a vote: again, the two differ on purpose where it was too late to count. */
  readonly voted = new Set<number>()
  /** How many were equal. */
  answers = 0

  constructor(crate: BallotPeer, ours: BallotPeer) {
    this.#crate = crate
    this.#ours = ours
  }

  /** `draw`: what of the crate's answer is the id that it drew. */
  async both<T>(
    ids: readonly number[],
    operate: (peer: BallotPeer, draw: number) => Promise<Answer<T>>,
    draw: (given: T) => number = () => 0,
  ): Promise<Answer<T>> {
    const theirs = await operate(this.#crate, 0)
    const ours = await operate(this.#ours, 'ok' in theirs ? draw(theirs.ok) : 1)
    deepStrictEqual(ours, theirs)
    for (const id of ids) deepStrictEqual(await this.#ours.session(id), await this.#crate.session(id))
    deepStrictEqual(await this.#ours.events(), await this.#crate.events())
    this.answers += 1
    return theirs
  }
}

describe.skipIf(crate.isMissing)('ballots beside the crate', () => {
  let running: LineProcess
  beforeAll(() => {
    running = crate.start()
  })
  afterAll(() => running.close())

  test.each(seeds(30))('a peer of ours answers as one of the crate, byte for byte (seed %i)', async (seed) => {
    const random = new SeededRandom(`twins-${seed}`)
    const scope = scopeOf(random)
    const voters = random.int(1, 6)
    const peers: Twins[] = []
    for (let i = 0; i < voters; i += 1) {
      const key = keyOf(random)
      const twins = new Twins(await cratePeer(running, `twins-${seed}-${i}`, key), new CorePeer(key))
      await twins.both([], (peer) => peer.setScope(scope))
      peers.push(twins)
    }
    const proposals: string[] = []
    const votes: string[] = []
    const ids: number[] = []
    let now = START_SEC
    const maybeDamaged = (message: string) => (random.chance(0.15) ? damaged(message, random) : message)
    for (let step = 0; step < 150; step += 1) {
      if (random.chance(0.1)) now += random.int(1, 6)
      const peer = random.pick(peers)
      const what = ids.length === 0 ? 0 : random.fraction()
      const id = ids.length === 0 ? 0 : random.pick(ids)
      const at = now
      if (what < 0.05) {
        const request = requestOf(random, random.chance(0.8) ? voters : random.int(0, voters + 1))
        const given = await peer.both(
          ids,
          (twin, draw) => twin.createProposal(request, at, draw),
          (message) => decodeProposal(fromHex(message)).proposalId,
        )
        if ('ok' in given) {
          proposals.push(given.ok)
          ids.push(decodeProposal(fromHex(given.ok)).proposalId)
        }
      } else if (what < 0.3 && !peer.voted.has(id)) {
        const choice = random.chance(0.6)
        const given = await peer.both(
          [id],
          (twin, draw) => twin.castVote(id, choice, at, draw),
          (message) => decodeVote(fromHex(message)).voteId,
        )
        if ('ok' in given) {
          votes.push(given.ok)
          peer.voted.add(id)
        }
      } else if (what < 0.45) {
        const message = maybeDamaged(random.pick(proposals))
        await peer.both(ids, (twin) => twin.incomingProposal(message, at))
      } else if (what < 0.95 && votes.length > 0) {
        const message = maybeDamaged(random.pick(votes))
        await peer.both(ids, (twin) => twin.incomingVote(message, at))
      } else {
        await peer.both([id], (twin) => twin.timeout(id, at))
      }
    }
    const answers = peers.reduce((sum, peer) => sum + peer.answers, 0)
    expect(answers).toBeGreaterThan(50)
  })

  test.each(seeds(20))('peers of both kinds agree in one network, late joiners too (seed %i)', async (seed) => {
    const random = new SeededRandom(`network-${seed}`)
    const scope = scopeOf(random)
    const peers: BallotPeer[] = []
    const join = async (kind: 'crate' | 'ours') => {
      const key = keyOf(random)
      const peer = kind === 'ours' ? new CorePeer(key) : await cratePeer(running, `net-${seed}-${peers.length}`, key)
      valueOf(await peer.setScope(scope))
      peers.push(peer)
      return peer
    }
    const voters = random.int(2, 8)
    for (let i = 0; i < voters; i += 1) await join(i % 2 === 0 ? 'crate' : 'ours')
    const everybodyElse = (peer: BallotPeer) => peers.filter((other) => other !== peer)

    const owner = random.pick(peers)
    const created = valueOf(
      await owner.createProposal(requestOf(random, voters), START_SEC, random.int(1, 2 ** 32 - 1)),
    )
    for (const peer of everybodyElse(owner)) valueOf(await peer.incomingProposal(created, START_SEC + 1))
    const { proposalId } = decodeProposal(fromHex(created))

    // One order of votes for all: with the compatible policy, the result may depend on it.
    let collected: Proposal = decodeProposal(fromHex(created))
    for (const voter of random.shuffle(peers)) {
      const cast = await voter.castVote(proposalId, random.chance(0.6), START_SEC + 2, random.int(1, 2 ** 32 - 1))
      if ('error' in cast) continue
      const vote = decodeVote(fromHex(cast.ok))
      const before = await voter.session(proposalId)
      for (const peer of everybodyElse(voter)) {
        await peer.incomingVote(cast.ok, START_SEC + 3)
        expect(await peer.session(proposalId)).toEqual(before)
      }
      if (valueOf(before)?.votes.includes(vote.voteId)) {
        collected = { ...collected, votes: [...collected.votes, vote] }
      }
    }
    const reached = valueOf(await owner.session(proposalId))
    for (const kind of ['crate', 'ours'] as const) {
      const late = await join(kind)
      const message = toHex(encodeProposal(collected))
      expect(await late.incomingProposal(message, START_SEC + 4)).toEqual({ ok: null })
      const { state, votes } = valueOf(await late.session(proposalId)) ?? {}
      expect(votes).toEqual(collected.votes.map((vote) => vote.voteId))
      // A limit of rounds fails a session for who saw the vote beyond it.
      expect([state, 'failed']).toContain(reached?.state)
    }
    const results = []
    for (const peer of peers) results.push(await peer.timeout(proposalId, START_SEC + EXPIRES_IN_SEC))
    for (const result of results) expect(result).toEqual(results[0])
  })
})
