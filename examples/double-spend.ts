/**
 * Eve has 10 coins. At the same time she asks Alice to pay them to the baker, and Carol to pay them to the tailor. Four
 * peers gossip, each decides for itself from its own gossip graph, and all of them put the two payments in one order: so
 * all of them honour the same one and refuse the other.
 *
 *     npx tsx examples/double-spend.ts [folder]
 *
 * It writes the gossip graph of Alice, with the reasons of each decision, to double-spend.dot and double-spend.svg in the
 * folder, or else in data/.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Graphviz } from '@hpcc-js/wasm-graphviz'
import { bytesGroup, type Observation, Parsec, type ParsecFact, type ParsecStep } from '../src/core/parsec/index.ts'
import { ed25519Signer } from '../src/crypto/index.ts'
import { toDot } from '../src/inspector/index.ts'

const NAMES = ['Alice', 'Bob', 'Carol', 'Dave'] as const
type Name = (typeof NAMES)[number]

interface Peer {
  readonly name: Name
  readonly parsec: Parsec
  /** What a real peer appends to its log, before it sends anything. */
  readonly facts: ParsecFact[]
  readonly order: string[]
}

// Keys of an example: real ones are 32 random bytes, kept secret. In order of ids, as lanes are.
const signers = NAMES.map((_, i) => ed25519Signer(new Uint8Array(32).fill(i + 1))).sort((a, b) =>
  Buffer.compare(a.identity, b.identity),
)
const group = bytesGroup({ members: signers.map(({ identity }) => identity), mode: 'single' })

const peers: readonly Peer[] = signers.map((signer, i) => {
  const { parsec, step } = Parsec.fromGenesis(group, signer)
  return { name: NAMES[i] as Name, parsec, facts: [...step.facts], order: [] }
})

const named = (name: Name): Peer => peers.find((peer) => peer.name === name) as Peer
const payment = (text: string): Observation => ({ type: 'OpaquePayload', payload: new TextEncoder().encode(text) })
const textOf = (observation: Observation): string =>
  observation.type === 'OpaquePayload' ? new TextDecoder().decode(observation.payload) : observation.type

/** What a step owes: first its facts to the log, then its blocks and its messages to whom they are for. */
function keep(peer: Peer, step: ParsecStep<Uint8Array>): ParsecStep<Uint8Array> {
  if (step.error !== undefined) throw step.error
  peer.facts.push(...step.facts)
  for (let block = peer.parsec.poll(); block !== undefined; block = peer.parsec.poll())
    peer.order.push(textOf(block.payload))
  return step
}

/** A request there and its answer back: afterwards both know what the other knew. */
function gossip(from: Peer, to: Peer): void {
  for (const request of keep(from, from.parsec.createGossip(to.parsec.ourId)).effects) {
    for (const answer of keep(to, to.parsec.handleRequest(from.parsec.ourId, request.bytes)).effects) {
      keep(from, from.parsec.handleResponse(to.parsec.ourId, answer.bytes))
    }
  }
}

keep(named('Alice'), named('Alice').parsec.voteFor(payment('Eve pays the baker')))
keep(named('Carol'), named('Carol').parsec.voteFor(payment('Eve pays the tailor')))

// Any schedule will do, and none changes what is agreed: only how soon.
const SCHEDULE: readonly (readonly [Name, Name])[] = [
  ['Alice', 'Bob'],
  ['Carol', 'Dave'],
  ['Bob', 'Carol'],
  ['Dave', 'Alice'],
]
let rounds = 0
while (peers.some(({ order }) => order.length < 3)) {
  rounds += 1
  for (const [from, to] of SCHEDULE) gossip(named(from), named(to))
}

for (const { name, order } of peers) {
  const [first, second] = order.filter((text) => text.startsWith('Eve'))
  console.log(`${name.padEnd(5)} honours "${first}", refuses "${second}"`)
}
const [reference, ...others] = peers.map(({ order }) => order.join('; '))
if (others.some((order) => order !== reference)) throw new Error('the peers disagree')
console.log(
  `the same order on all four, after ${rounds} rounds of gossip; Alice's graph has ${named('Alice').parsec.eventCount} events`,
)

const nameOf = (id: Uint8Array): string => peers.find(({ parsec }) => Buffer.from(parsec.ourId).equals(id))?.name ?? '?'
const dot = toDot(group, named('Alice').facts, {
  nameOf,
  describe: textOf,
  title: 'Eve pays twice: the gossip graph of Alice',
})
const folder = process.argv[2] ?? 'data'
mkdirSync(folder, { recursive: true })
writeFileSync(join(folder, 'double-spend.dot'), dot)
writeFileSync(join(folder, 'double-spend.svg'), (await Graphviz.load()).layout(dot, 'svg', 'neato'))
console.log(`wrote ${join(folder, 'double-spend.dot')} and ${join(folder, 'double-spend.svg')}`)
