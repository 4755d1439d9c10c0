/**
 * @module bench/order/replay
 *
 * A peer rebuilt from its log, every block compared: as a process finds it that starts, and once the compiler knows the
 * work. And by phases: reading, decoding, the graph with its elections, the blocks.
 */

import { Parsec, type ParsecFact, parsecFactFromJson } from '../../src/core/parsec/index.ts'
import { systemRandom } from '../../src/crypto/index.ts'
import { nodeBase64Url } from '../../src/engine/base64url.ts'
import { agreedBlock, isSameBlock, positionsOf } from '../../src/engine/peer/blocks.ts'
import { PeerStore } from '../../src/engine/peer/store.ts'
import type { EventLog, RecordedFact } from '../../src/log/index.ts'
import { median, timed } from '../support/measure.ts'
import { perSecond } from '../support/report.ts'
import { first, firstLog, group } from './group.ts'

const ROUNDS = 5

export interface Replay {
  /** Gossip and blocks. */
  readonly facts: number
  readonly coldPerSec: number
  readonly warmPerSec: number
  /** Microseconds a fact, each phase by itself. */
  readonly phases: Readonly<Record<Phase, number>>
}

export const PHASES = ['read', 'decode', 'fold', 'compare'] as const
export type Phase = (typeof PHASES)[number]

export async function replay(folder: string): Promise<Replay> {
  const log = await firstLog(folder)
  try {
    const times: number[] = []
    let facts = 0
    for (let round = 0; round <= ROUNDS; round += 1) {
      times.push(
        await timed(async () => {
          const recovered = await storeOf(log).recover({ isAudit: true })
          facts = (recovered?.facts ?? 0) + (recovered?.blocks ?? 0)
        }),
      )
    }
    const [cold = Number.NaN, ...warm] = times
    const rounds: Record<Phase, number>[] = []
    for (let round = 0; round < ROUNDS; round += 1) rounds.push(await phases(log))
    const typical = (phase: Phase): number => (median(rounds.map((round) => round[phase])) * 1000) / facts
    return {
      facts,
      coldPerSec: perSecond(facts, cold),
      warmPerSec: perSecond(facts, median(warm)),
      phases: { read: typical('read'), decode: typical('decode'), fold: typical('fold'), compare: typical('compare') },
    }
  } finally {
    await log.close()
  }
}

const storeOf = (log: EventLog): PeerStore => new PeerStore(log, group, first, systemRandom)

/** Milliseconds. */
async function phases(log: EventLog): Promise<Record<Phase, number>> {
  const { gossipStream, blockStream } = storeOf(log)
  let gossip: readonly RecordedFact[] = []
  let logged: readonly RecordedFact[] = []
  const read = await timed(async () => {
    gossip = await all(log.read(gossipStream))
    logged = await all(log.read(blockStream))
  })
  let facts: readonly ParsecFact[] = []
  const decode = await timed(() => {
    facts = gossip.map(({ type, data }) => parsecFactFromJson(type, data, nodeBase64Url))
  })
  let parsec: Parsec | undefined
  const fold = await timed(() => {
    parsec = Parsec.fromFacts(group, first, facts)
  })
  const compare = await timed(() => {
    let position = 0
    for (const [index, { data }] of logged.entries()) {
      const block = parsec?.poll()
      if (block === undefined) throw new Error(`block ${index} does not follow`)
      const agreed = agreedBlock(block, index, position)
      position += positionsOf(agreed)
      if (!isSameBlock(data, agreed, group.format)) throw new Error(`block ${index} differs`)
    }
  })
  return { read, decode, fold, compare }
}

async function all(facts: AsyncIterable<RecordedFact>): Promise<readonly RecordedFact[]> {
  const list: RecordedFact[] = []
  for await (const fact of facts) list.push(fact)
  return list
}
