/** parsec §9: evidence about a voter that was admitted later is as good as the order. Where a third of the voters or more sign two histories, it convicts nobody. */
import { expect, test } from 'vitest'
import { present } from '../../../src/base/errors.ts'
import { toHex } from '../../../src/base/text.ts'
import { encodeObservation, type Malice, verifyEvidence } from '../../../src/core/parsec/index.ts'
import { encodeMaliceEvidence } from '../../../src/wire/malice-evidence.ts'
import { accusationsBy, Forger, tipOf } from '../../support/parsec/forger.ts'
import { joinFrom } from '../../support/parsec/late-joiner.ts'
import { add, idOf, Network, opaque, type Peer, remove, strictScheme as scheme } from '../../support/parsec/network.ts'

const FORMER = ['M1', 'M2', 'M3', 'M4', 'M5', 'M6']
const GENESIS = ['Alice', ...FORMER, 'Mallory']

const eventsOf = ({ facts }: Peer): Uint8Array[] =>
  facts.flatMap((fact) => (fact.type === 'GossipEventAccepted' ? [fact.bytes] : []))

function grown(names: readonly string[]) {
  const network = new Network(GENESIS, { mode: 'single' })
  const peers = names.map((name) => network.start(name))
  network.settleWithMail(peers, 2)
  return { network, peers }
}

test('two histories by the keys of former voters convict nobody', () => {
  const { network, peers } = grown(['Alice', ...FORMER])
  const [alice] = peers as [Peer]
  const mallory = new Forger(network, 'Mallory')
  const initial = mallory.sign({ type: 'Initial' })
  const twice = [mallory.vote(network.group().genesis), mallory.vote(opaque('x')), mallory.vote(opaque('x'))] as const
  expect(mallory.send(alice, [initial, ...twice]).error).toBeUndefined()
  network.settleWithMail(peers, 4)
  for (const peer of peers) network.vote(peer, add('Gus'))
  network.settleWithMail(peers, 4)
  // Mallory was removed before that, so that Gus owes nothing of her.
  const gus = joinFrom(network, 'Gus', peers)
  expect(network.gossip(alice, gus)).toEqual([])
  expect(accusationsBy(gus)).toEqual([])
  const silent = tipOf(gus)
  const real = eventsOf(alice)
  for (const name of FORMER) {
    const voters = new Set(alice.parsec.voters().map(toHex))
    const now = [...peers, gus].filter((peer) => voters.has(toHex(idOf(peer.name))))
    for (const peer of now) network.vote(peer, remove(name))
    network.settleWithMail(now, 5)
  }
  expect(alice.parsec.voters()).toHaveLength(2)
  // Somebody has the keys of those that left, and makes Gus a voter from the beginning.
  const other = grown(FORMER)
  for (const peer of other.peers) other.network.vote(peer, add('Gus'))
  other.network.settleWithMail(other.peers, 4)
  const forged = eventsOf(present(other.peers[0], 'one of them'))
  const { id, format } = network.group()
  const offence: Malice = { type: 'DuplicateVote', events: [twice[1].hash, twice[2].hash] }
  const malice: Malice = { type: 'Accomplice', event: silent, malice: offence }
  const accusation = encodeObservation({ type: 'Accusation', offender: idOf('Gus'), malice }, format)
  const bytes = present(encodeMaliceEvidence(id, accusation, [...forged, ...real]) ?? undefined, 'it fits')
  expect(() => verifyEvidence(bytes, { group: network.group(), scheme })).toThrow(
    'a third of the voters or more forked',
  )
})
