/**
 * @module testing/network/checks
 *
 * The properties of parsec §12 that hold at any time, judged from the blocks that peers polled and from the agenda.
 */

import { fromHex, toHex } from '../../base/text.ts'
import { type CheckpointView, type PeerId, verifyEvidence } from '../../core/parsec/index.ts'
import { insecureChecksum } from './checksum-scheme.ts'
import { accusationsMade } from './evident.ts'
import type { ParsecNetwork } from './network.ts'
import type { NetworkNode } from './node.ts'

export function checkRun(network: ParsecNetwork): readonly string[] {
  const violations = [...network.correct.values()].flatMap((node) => [
    ...checkAgreement(network, node),
    ...checkIntegrity(network, node),
    ...checkOwnAccusations(network, node),
    ...checkOffences(network, node),
    ...checkCheckpoints(network, node),
    ...checkBudgets(network, node),
  ])
  const whole = [...network.correct.values()].filter(({ parsec }) => parsec.startedAt === 0)
  // Whoever has the whole graph can prove all that it found; one is asked, since proofs are long.
  return [...violations, ...checkEvidence(network, network.random.fork('evidence').pick(whole))]
}

/** parsec §9: no correct peer is found to offend. */
function checkOffences(network: ParsecNetwork, { peer, parsec }: NetworkNode): readonly string[] {
  return parsec.offences().flatMap(({ offender, malice }) => {
    const by = network.numberOf(offender)
    return network.correct.has(by) ? [`malice: peer ${peer} finds ${malice.type} by correct peer ${by}`] : []
  })
}

/** parsec §9: evidence convicts at a stranger who knows the genesis alone; only spam has none. */
function checkEvidence({ group }: ParsecNetwork, { peer, parsec }: NetworkNode): readonly string[] {
  return parsec.offences().flatMap(({ offender, malice, evidence }) => {
    if (malice.type === 'Unprovable') return []
    const bytes = evidence()
    if (bytes === null) return [`evidence: peer ${peer} cannot prove ${malice.type}`]
    try {
      const proven = verifyEvidence(bytes, { group, scheme: insecureChecksum })
      const isSame = proven.kind === malice.type && toHex(proven.offender) === toHex(offender)
      return isSame ? [] : [`evidence: peer ${peer} proves ${proven.kind} in place of ${malice.type}`]
    } catch (error) {
      return [`evidence: what peer ${peer} has of ${malice.type} proves nothing: ${String(error)}`]
    }
  })
}

/** parsec §9, Unprovable: budgets hold what floods, and no correct peer ever meets them. */
function checkBudgets(network: ParsecNetwork, { peer }: NetworkNode): readonly string[] {
  const guard = network.guards.get(peer)
  const lost = [...(guard?.lost ?? [])].filter(([from]) => network.correct.has(from))
  return [
    ...(guard?.violations(network.nowMs) ?? []).map((what) => `budget: peer ${peer} ${what}`),
    ...lost.map(([from, count]) => `budget: peer ${peer} lost ${count} messages of correct peer ${from}`),
  ]
}

/** parsec §8: correct peers state the same at each checkpoint, and have the same checkpoints as far as they got. */
function checkCheckpoints(network: ParsecNetwork, node: NetworkNode): readonly string[] {
  const reference = network.mostAdvanced()
  const from = Math.max(node.startedAt, reference.startedAt) + 1
  const to = Math.min(node.blocks.length, reference.blocks.length)
  const theirs = reference.parsec.proofs.checkpoints(from, to).map(textOf)
  const ours = node.parsec.proofs.checkpoints(from, to).map(textOf)
  const at = [...ours, ...theirs].findIndex((_, i) => ours[i] !== theirs[i])
  return at < 0 ? [] : [`checkpoints: peer ${node.peer} states something else at checkpoint ${at} from ${from} on`]
}

function textOf({ epoch, position, chainHash, stateDigest, nextVoters }: CheckpointView): string {
  return [epoch, position, ...[chainHash, stateDigest, ...nextVoters].map(toHex)].join()
}

/** What this peer agreed is the beginning of what the one agreed that agreed most. */
function checkAgreement(network: ParsecNetwork, node: NetworkNode): readonly string[] {
  const reference = network.mostAdvanced()
  const at = node.blocks.findIndex(({ key }, i) => key !== reference.blocks[i]?.key)
  return at < 0 ? [] : [`agreement: block ${at} of peer ${node.peer} is another than that of peer ${reference.peer}`]
}

/** parsec §9: no correct peer is accused, by a block. */
function checkAccusation(network: ParsecNetwork, node: NetworkNode, offender: PeerId): readonly string[] {
  const peer = network.numberOf(offender)
  return network.correct.has(peer) ? [`malice: peer ${node.peer} agreed that correct peer ${peer} is malicious`] : []
}

/** parsec §9: no correct peer accuses another, and of one offender nobody makes more accusations than there are peers. */
function checkOwnAccusations(network: ParsecNetwork, node: NetworkNode): readonly string[] {
  const peers = network.correct.size + network.forkers.size
  return [...accusationsMade(node)].flatMap(([offender, count]) => {
    const peer = network.numberOf(fromHex(offender))
    if (network.correct.has(peer)) return [`malice: correct peer ${node.peer} accuses correct peer ${peer}`]
    return count > peers ? [`malice: peer ${node.peer} accuses ${peer} ${count} times`] : []
  })
}

/** No block twice, and none that nobody voted for: a correct peer, or in `single` mode the voter it names. */
function checkIntegrity(network: ParsecNetwork, node: NetworkNode): readonly string[] {
  const violations: string[] = []
  const seen = new Set<string>()
  for (const { key, payload } of node.blocks) {
    if (seen.has(key)) violations.push(`integrity: peer ${node.peer} has a block twice: ${key}`)
    seen.add(key)
    if (payload.type === 'Genesis') continue
    if (payload.type === 'Accusation') {
      violations.push(...checkAccusation(network, node, payload.offender))
      continue
    }
    const [hash = '', voter] = key.split('/')
    const voters = [...network.agenda.votersFor(hash)]
    const isVotedFor =
      voter === undefined
        ? voters.some((peer) => network.correct.has(peer))
        : voters.some(
            (peer) => network.agenda.keyOf({ observation: payload, hash, by: peer }, network.idOf(peer)) === key,
          )
    if (!isVotedFor) violations.push(`integrity: peer ${node.peer} has a block that nobody voted for: ${key}`)
  }
  return violations
}
