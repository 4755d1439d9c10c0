import { deepStrictEqual } from 'node:assert/strict'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { LineProcess } from '../../bench/support/rust.ts'
import { SeededRandom } from '../../src/testing/seeded-random.ts'
import { Network, type Schedule } from './support/parsec-network.ts'
import { cratePeer, OurPeer, type ParsecPeer } from './support/parsec-peers.ts'
import { type Answer, reference, seeds } from './support/reference.ts'

const crate = reference('parsec-bench')

/** Does the same with a peer of the crate and with ours, and holds every answer equal, messages byte for byte. */
function twins(theirs: ParsecPeer, ours: ParsecPeer): ParsecPeer {
  const both = async <T>(operate: (peer: ParsecPeer) => Promise<Answer<T>>): Promise<Answer<T>> => {
    const expected = await operate(theirs)
    deepStrictEqual(await operate(ours), expected)
    return expected
  }
  return {
    voteFor: (observation) => both((peer) => peer.voteFor(observation)),
    createGossip: (to) => both((peer) => peer.createGossip(to)),
    handleRequest: (from, message) => both((peer) => peer.handleRequest(from, message)),
    handleResponse: (from, message) => both((peer) => peer.handleResponse(from, message)),
    poll: () => both((peer) => peer.poll()),
    state: () => both((peer) => peer.state()),
  }
}

const FAULTS = { loss: 0.1, twice: 0.05, damage: 0.03 }

function scheduleOf(random: SeededRandom): Schedule {
  return { members: random.int(1, 7), joiners: random.int(0, 3), removals: random.int(0, 2), steps: 500, ...FAULTS }
}

describe.skipIf(crate.isMissing)('PARSEC beside the crate', () => {
  let running: LineProcess
  beforeAll(() => {
    running = crate.start()
  })
  afterAll(() => running.close())

  test.each(seeds(12))('a peer of ours answers as one of the crate, byte for byte (seed %i)', async (seed) => {
    const random = new SeededRandom(`parsec-twins-${seed}`)
    const mode = random.pick(['single', 'supermajority'] as const)
    const network = new Network(random, scheduleOf(random), mode, async (membership, number) =>
      twins(await cratePeer(running, `twins-${seed}-${number}`, membership), new OurPeer(membership)),
    )
    await network.run(8)
    // Genesis and more; removals can split the reference's peers for good (parsec §8).
    expect(Math.max(...network.members.map(({ blocks }) => blocks.length))).toBeGreaterThan(1)
  })

  test.each(seeds(12))('peers of both kinds order the same blocks (seed %i)', async (seed) => {
    const random = new SeededRandom(`parsec-mixed-${seed}`)
    const mode = random.pick(['single', 'supermajority'] as const)
    const schedule = { members: random.int(2, 8), joiners: random.int(0, 2), removals: 0, steps: 400, ...FAULTS }
    const network = new Network(random, schedule, mode, async (membership, number) =>
      number % 2 === 0 ? cratePeer(running, `mixed-${seed}-${number}`, membership) : new OurPeer(membership),
    )
    await network.run(30)
    const [first] = network.remaining
    expect(first?.blocks.length).toBeGreaterThan(3)
    for (const { blocks } of network.remaining) expect(blocks).toEqual(first?.blocks)
  })
})
