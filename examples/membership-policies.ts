/**
 * Who may come and go is the application's to say. Two policies: a change needs the signatures of a majority of the operators,
 * which come with it; and a voter that answers nothing for a stated length is removed by itself.
 *
 * Run it: npx tsx examples/membership-policies.ts
 */

import { argv } from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { ed25519, ed25519Signer, generateEd25519Seed, systemRandom } from '../src/crypto/index.ts'
import { createWitan, type MembershipPolicy, type Signer, systemClock, type Witan } from '../src/index.ts'
import { memoryLog } from '../src/log/index.ts'
import { MemoryNetwork } from '../src/transport/index.ts'

/** What an operator signs: the change, so that no signature serves for another. */
function orderFor(type: 'add' | 'remove', peer: string): Uint8Array {
  return new TextEncoder().encode(`my-group: ${type} ${peer}`)
}

/** Related info of a change: key and signature of each operator, one after the other. */
export function signedByOperators(type: 'add' | 'remove', peer: string, operators: readonly Signer[]): Uint8Array {
  const order = orderFor(type, peer)
  return new Uint8Array(operators.flatMap((operator) => [...operator.identity, ...operator.sign(order)]))
}

/** Agrees to what more than half of the operators signed. */
export function byMajorityOf(operators: readonly Uint8Array[]): MembershipPolicy {
  const known = operators.map((key) => Buffer.from(key).toString('hex'))
  return {
    agrees: ({ type, peer, relatedInfo }) => {
      const signed = new Set<string>()
      for (let at = 0; at + 96 <= relatedInfo.length; at += 96) {
        const key = relatedInfo.subarray(at, at + 32)
        const name = Buffer.from(key).toString('hex')
        const isValid = ed25519.verify(key, orderFor(type, peer), relatedInfo.subarray(at + 32, at + 96)) === 'valid'
        if (isValid && known.includes(name)) signed.add(name)
      }
      return 2 * signed.size > known.length
    },
  }
}

/** Agrees to removing whom it finds silent for so long itself, and to nothing else: each voter judges by what it noticed. */
export function removingTheSilent(silenceMs: number): MembershipPolicy {
  const silent = new Set<string>()
  return {
    silenceMs,
    agrees: ({ type, peer, origin }) => {
      if (type === 'remove' && origin === 'silence') silent.add(peer)
      return type === 'remove' && silent.has(peer)
    },
  }
}

/** One policy after the other: a change needs the agreement of one of them. */
export function anyOf(...policies: readonly MembershipPolicy[]): MembershipPolicy {
  const lengths = policies.flatMap(({ silenceMs }) => (silenceMs === undefined ? [] : [silenceMs]))
  return {
    agrees: (change) => policies.map((policy) => policy.agrees(change)).includes(true),
    ...(lengths.length === 0 ? {} : { silenceMs: Math.min(...lengths) }),
  }
}

const newKey = (): Signer => ed25519Signer(generateEd25519Seed(systemRandom))

export async function demonstrate(say: (line: string) => void, silenceMs = 3_000): Promise<readonly string[]> {
  const operators = [newKey(), newKey(), newKey()]
  const keys = Array.from({ length: 5 }, newKey)
  const genesis = { members: keys.slice(0, 4).map(({ identity }) => identity) }
  const network = new MemoryNetwork({ clock: systemClock, random: systemRandom })
  const start = (identity: Signer): Promise<Witan> =>
    createWitan({
      identity,
      genesis,
      log: memoryLog(),
      transport: network.join(identity.identity),
      membership: anyOf(byMajorityOf(operators.map((operator) => operator.identity)), removingTheSilent(silenceMs)),
      ...(genesis.members.includes(identity.identity) ? {} : { join: { section: genesis.members } }),
    })
  const peers = await Promise.all(keys.map(start))
  const [ann, ben, , , eve] = peers as [Witan, Witan, Witan, Witan, Witan]
  try {
    const eveKey = (keys[4] as Signer).identity
    await ann.members.add(eveKey).catch((error: Error) => say(`without the operators: ${error.message}`))
    await ann.members.add(eveKey, signedByOperators('add', eve.id, operators.slice(0, 2)))
    while (!ben.membership.voters.includes(eve.id)) await sleep(10)
    say('two of three operators signed: one peer asked, the others agreed by themselves')

    await ben.close()
    say('ben stops answering')
    for (let i = 0; ann.membership.voters.includes(ben.id); i += 1) {
      await ann.vote(new TextEncoder().encode(`work ${i}`))
      await sleep(100)
    }
    say('and is removed by those who noticed')
    return ann.membership.voters
  } finally {
    await Promise.all(peers.map((peer) => peer.close()))
  }
}

if (argv[1] !== undefined && import.meta.url === pathToFileURL(argv[1]).href) {
  const voters = await demonstrate((line) => process.stdout.write(`${line}\n`))
  process.stdout.write(`${voters.length} voters\n`)
}
