import { afterAll, describe, expect, it } from 'vitest'
import type { WitanError } from '../../src/base/errors.ts'
import {
  BallotError,
  buildVote,
  computeVoteHash,
  DecodeError,
  encodeProposal,
  encodeVote,
  type Proposal,
  type Vote,
} from '../../src/core/ballot/index.ts'
import { ethereum, ethereumSigner } from '../../src/crypto/index.ts'
import { createConsensusService } from '../../src/engine/ballots/consensus-service.ts'
import { memoryLog } from '../../src/log/index.ts'
import type { EventLog } from '../../src/ports/event-log.ts'
import type { Signer } from '../../src/ports/signature-scheme.ts'
import { insecureAlwaysValid, SeededRandom, VirtualClock } from '../../src/testing/index.ts'
import { proposalOf } from '../support/ballot-messages.ts'

const SEED = 'ballots-fuzz'
const MESSAGES = 100_000
const NOW_SEC = 1_010n
/** Refusals that change the state, and so are facts. */
const LOGGED_REFUSALS = new Set(['MaxRoundsExceeded'])

afterAll(() => ethereum.close())

function flipBytes(random: SeededRandom, bytes: Uint8Array): Uint8Array {
  const mutated = bytes.slice(0, random.chance(0.1) ? random.int(0, bytes.length) : bytes.length)
  for (let flips = random.int(0, 3); flips > 0 && mutated.length > 0; flips -= 1)
    mutated[random.int(0, mutated.length - 1)] = random.int(0, 255)
  return random.chance(0.05) ? Uint8Array.of(...mutated, ...random.bytes(random.int(1, 9))) : mutated
}

const TIMES = [0n, 999n, 1_000n, 1_010n, 1_059n, 1_060n, 1_061n, 2n ** 64n - 1n]

/** Other values in fields, the hash made to fit where that lets the vote get further. */
function changeVote(random: SeededRandom, vote: Vote): Vote {
  const bytes = (): Uint8Array => random.bytes(random.pick([0, 1, 20, 32, 65]))
  const changed = random.pick<(one: Vote) => Vote>([
    (one) => one,
    (one) => ({ ...one, voteOwner: bytes() }),
    (one) => ({ ...one, proposalId: random.int(0, 8) }),
    (one) => ({ ...one, timestamp: random.pick(TIMES) }),
    (one) => ({ ...one, vote: !one.vote }),
    (one) => ({ ...one, parentHash: bytes() }),
    (one) => ({ ...one, receivedHash: bytes() }),
    (one) => ({ ...one, voteHash: bytes() }),
    (one) => ({ ...one, signature: bytes() }),
  ])(vote)
  return random.chance(0.7) ? { ...changed, voteHash: computeVoteHash(changed) } : changed
}

function changeProposal(random: SeededRandom, proposal: Proposal, votes: readonly Vote[]): Proposal {
  const changed = random.pick<(one: Proposal) => Proposal>([
    (one) => one,
    (one) => ({ ...one, expectedVotersCount: random.pick([0, 1, 2, 3, 2 ** 31, 2 ** 32 - 1]) }),
    (one) => ({ ...one, timestamp: random.pick(TIMES) }),
    (one) => ({ ...one, expirationTimestamp: random.pick(TIMES) }),
    (one) => ({ ...one, proposalOwner: random.bytes(3), name: 'é', round: random.int(0, 9) }),
  ])(proposal)
  const taken = votes.filter(() => random.chance(0.4)).map((vote) => ({ ...vote, proposalId: changed.proposalId }))
  return { ...changed, votes: taken.map((vote) => changeVote(random, vote)) }
}

/** A memory log that counts what it is given. */
class CountingLog implements EventLog {
  facts = 0
  readonly #log = memoryLog()
  readonly read: EventLog['read'] = (...rest) => this.#log.read(...rest)
  readonly readAll: EventLog['readAll'] = (...rest) => this.#log.readAll(...rest)
  readonly subscribe: EventLog['subscribe'] = (...rest) => this.#log.subscribe(...rest)
  readonly subscribeAll: EventLog['subscribeAll'] = (...rest) => this.#log.subscribeAll(...rest)
  readonly lastRevision: EventLog['lastRevision'] = (stream) => this.#log.lastRevision(stream)
  readonly close: EventLog['close'] = () => this.#log.close()

  append: EventLog['append'] = (stream, facts, expectedRevision) => {
    this.facts += facts.length
    return this.#log.append(stream, facts, expectedRevision)
  }
}

function makeSigners(scheme: 'ethereum' | 'insecure'): [Signer, Signer, Signer] {
  const make = (byte: number): Signer => {
    const signer = ethereumSigner(new Uint8Array(32).fill(byte))
    return scheme === 'ethereum' ? signer : { ...signer, scheme: insecureAlwaysValid }
  }
  return [make(1), make(2), make(3)]
}

async function fuzz(scheme: 'ethereum' | 'insecure', count: number): Promise<Map<string, number>> {
  const seed = `${SEED}/${scheme}`
  const random = new SeededRandom(seed)
  const log = new CountingLog()
  const signers = makeSigners(scheme)
  const options = { log, signer: signers[0], clock: new VirtualClock(), random, maxSessionsPerScope: 100 }
  const service = createConsensusService(options)
  for (let proposalId = 0; proposalId < 8; proposalId += 1) {
    const proposal = proposalOf({ proposalId, expectedVotersCount: proposalId })
    await service.processIncomingProposal('s', proposal, { nowSec: NOW_SEC })
  }
  const votes = Array.from({ length: 8 }, (_, proposalId) =>
    signers.map((signer, voteId) => buildVote({ proposalId }, {}, { voteId, choice: true, nowSec: NOW_SEC }, signer)),
  )
  const send = (): Promise<void> => {
    const known = random.pick(votes)
    if (random.chance(0.7)) {
      const bytes = encodeVote(changeVote(random, random.pick(known)))
      const message = random.chance(0.5) ? bytes : flipBytes(random, bytes)
      return service.processIncomingVote('s', message, { nowSec: NOW_SEC })
    }
    const base = proposalOf({ proposalId: random.int(0, 2 ** 32 - 1) })
    const bytes = encodeProposal(changeProposal(random, base, known))
    const message = random.chance(0.5) ? bytes : flipBytes(random, bytes)
    return service.processIncomingProposal('t', message, { nowSec: NOW_SEC })
  }
  const outcomes = new Map<string, number>()
  for (let done = 0; done < count; done += 1) {
    const before = log.facts
    const code = await send().then(
      () => 'accepted',
      (error: unknown) => {
        if (error instanceof BallotError || error instanceof DecodeError) return (error as WitanError).code
        throw new Error(`seed ${seed}, message ${done}: not a refusal`, { cause: error })
      },
    )
    const isLogged = code === 'accepted' || LOGGED_REFUSALS.has(code)
    if (!isLogged && log.facts !== before) throw new Error(`seed ${seed}, message ${done}: ${code} grew the log`)
    outcomes.set(code, (outcomes.get(code) ?? 0) + 1)
    if (done % 250 === 0) await service.deleteScope('t')
  }
  await service.close()
  return outcomes
}

describe('mutated messages are refused or accepted, never anything else, and refused ones leave nothing behind', () => {
  // They reach every check that a message from the network can fail.
  it('checked by ethereum', async () => {
    const outcomes = await fuzz('ethereum', MESSAGES / 10)
    const wanted = ['accepted', 'InvalidVoteSignature', 'SignatureScheme', 'MalformedMessage', 'DuplicateVote']
    expect([...outcomes.keys()]).toEqual(expect.arrayContaining(wanted))
  })

  it('with a scheme that lets everything through', async () => {
    const outcomes = await fuzz('insecure', (MESSAGES * 9) / 10)
    const wanted = `accepted MalformedMessage EmptyVoteOwner EmptyVoteHash EmptySignature InvalidVoteHash
      TimestampOlderThanCreationTime VoteExpired ProposalExpired VoteProposalIdMismatch ReceivedHashMismatch
      ParentHashMismatch DuplicateVote MaxRoundsExceeded SessionNotFound SessionNotActive`.split(/\s+/)
    expect([...outcomes.keys()]).toEqual(expect.arrayContaining(wanted))
  })
})
