/**
 * @module testing/network/joining
 *
 * What peers start from that join at a checkpoint (parsec §8): a base by one correct peer, with the vouches of all correct ones that give one.
 */

import { CheckpointError, stubsOfBase, verifyBase, withVouches } from '../../core/parsec/index.ts'
import type { SeededRandom } from '../seeded-random.ts'
import { insecureChecksum } from './checksum-scheme.ts'
import type { NetworkNode, StartingPoint } from './node.ts'

/** Null where there is none: nothing is proven yet, there is a fork by a peer that may still vote, or too few vouch. */
export function startingPoint(random: SeededRandom, members: readonly NetworkNode[]): StartingPoint | null {
  for (const sponsor of random.shuffle(members)) {
    const point = pointBy(sponsor, members)
    if (point !== null) return point
  }
  return null
}

function pointBy(sponsor: NetworkNode, members: readonly NetworkNode[]): StartingPoint | null {
  const trust = { group: sponsor.group, scheme: insecureChecksum }
  const position = newestProven(sponsor)
  const base = position === undefined ? null : sponsor.parsec.bases.at(position)
  if (position === undefined || base === null) return null
  const stubs = stubsOfBase(base, trust)
  const vouches = members
    .filter((node) => node !== sponsor)
    .map(({ id, parsec }) => ({ signer: id, signature: parsec.bases.vouch(position, stubs) }))
    .flatMap(({ signer, signature }) => (signature === null ? [] : [{ signer, signature }]))
  const bytes = withVouches(base, vouches, trust)
  try {
    verifyBase(bytes, trust)
  } catch (error) {
    if (error instanceof CheckpointError) return null
    throw error
  }
  return { bytes, before: sponsor.blocks.slice(0, position) }
}

function newestProven({ parsec }: NetworkNode): number | undefined {
  return parsec.proofs.checkpoints().findLast(({ isProven }) => isProven)?.position
}
