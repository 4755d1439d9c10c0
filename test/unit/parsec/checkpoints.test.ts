/** parsec §8, Stronger: checkpoints, and places in the order that they prove. */
import { describe, expect, it } from 'vitest'
import { toHex } from '../../../src/base/text.ts'
import {
  CheckpointError,
  type CheckpointTrust,
  encodeObservation,
  Parsec,
  verifyCheckpoint,
  verifyCheckpointEvidence,
  verifyPosition,
} from '../../../src/core/parsec/index.ts'
import { decodeCheckpointProof, encodeCheckpointProof } from '../../../src/wire/checkpoint/proof.ts'
import { decodeShares, encodeShares } from '../../../src/wire/checkpoint/shares.ts'
import {
  type CheckpointStatement,
  checkpointMessage,
  decodeStatement,
  encodeStatement,
} from '../../../src/wire/checkpoint/statement.ts'
import { add, idOf, Network, opaque, type Peer, remove, signerOf, strictScheme } from '../../support/parsec/network.ts'

const NAMES = ['alice', 'bob', 'carol', 'dave']

const bare = ({ epoch, position, chainHash, stateDigest }: CheckpointStatement): string =>
  [epoch, position, toHex(chainHash), toHex(stateDigest)].join()

class Story {
  readonly network: Network
  readonly peers: Peer[]

  constructor(names: readonly string[] = NAMES, checkpointInterval = 0) {
    this.network = new Network(names, { mode: 'single', checkpointInterval })
    this.peers = names.map((name) => this.network.start(name))
  }

  get trust(): CheckpointTrust<Uint8Array> {
    return { group: this.network.group(), scheme: strictScheme }
  }

  peer(name: string): Peer {
    return this.peers.find((peer) => peer.name === name) as Peer
  }

  all(vote: Parameters<Network['vote']>[1], except: readonly string[] = []): this {
    for (const peer of this.peers) {
      if (!except.includes(peer.name) && peer.parsec.canVote()) this.network.vote(peer, vote)
    }
    return this
  }

  settle(rounds = 6): this {
    for (let i = 0; i < rounds; i += 1) {
      this.network.settle(this.peers, 1)
      this.network.deliverMail()
    }
    return this
  }

  join(name: string): this {
    this.peers.push(this.network.join(name))
    return this
  }

  last(name = 'alice') {
    return this.peer(name).parsec.proofs.checkpoints().at(-1)
  }
}

function refusal(act: () => unknown): string | undefined {
  try {
    act()
    return undefined
  } catch (error) {
    if (error instanceof CheckpointError) return error.data.code
    throw error
  }
}

/** Three payloads; one group of blocks that removes two voters and adds three; and one more voter. */
function changed(): Story {
  const names = [...NAMES, 'erin', 'frank', 'grace']
  const story = new Story(names, 4)
  for (const text of ['a', 'b', 'c']) story.network.vote(story.peer('bob'), opaque(text))
  story.settle()
  story.join('heidi').join('ivan').join('judy')
  story.all(add('heidi')).all(add('ivan')).all(add('judy')).all(remove('dave')).all(remove('erin'))
  story.settle(10)
  return story.join('kim').all(add('kim')).settle(8)
}

describe('checkpoints', () => {
  it('fall where voters change and where another K blocks are complete, and are the same for all', () => {
    const story = changed()
    const views = story.peers.map(({ parsec }) => parsec.proofs.checkpoints())
    const [first = []] = views
    const positions = first.map(({ position }) => position)
    expect(positions.length).toBeGreaterThanOrEqual(2)
    for (const [i, { position, epoch, signers, nextVoters }] of first.entries()) {
      const isChange = signers.map(toHex).join() !== nextVoters.map(toHex).join()
      expect(epoch).toBe((first[i - 1]?.epoch ?? 0) + (isChange ? 1 : 0))
      const completes = Math.floor(position / 4) > Math.floor((positions[i - 1] ?? 0) / 4)
      expect(isChange || completes).toBe(true)
    }
    expect(first.at(-1)?.nextVoters.map(toHex)).toEqual(story.peer('alice').parsec.voters().map(toHex))
    for (const peer of story.peers.filter(({ parsec }) => !parsec.isRemoved)) {
      expect(peer.parsec.proofs.checkpoints().map(bare)).toEqual(first.map(bare))
      expect(peer.parsec.proofs.checkpoints().every(({ isProven }) => isProven)).toBe(true)
    }
  })

  it('are none of the reference', () => {
    const network = new Network(NAMES, { compatibility: 'parsec-0.7', mode: 'single' })
    const peers = NAMES.map((name) => network.start(name))
    for (const peer of peers) network.vote(peer, remove('dave'))
    network.settle(peers, 8)
    expect(peers[0]?.blocks.length).toBe(2)
    expect(peers.map(({ parsec }) => parsec.proofs.checkpoints().length)).toEqual([0, 0, 0, 0])
    expect(network.mail).toEqual([])
  })

  it('are signed by a removed voter too, as its last act', () => {
    const story = new Story().all(remove('dave')).settle(8)
    expect(story.peer('dave').parsec.isRemoved).toBe(true)
    expect(story.peer('dave').facts.filter(({ type }) => type === 'CheckpointSigned')).toHaveLength(1)
    expect(story.last()?.signers.map(toHex)).toContain(toHex(idOf('dave')))
  })

  it('are shown once they are signed: to all who sign, and to all who vote next', () => {
    const shown = new Map<string, string>()
    const network = new (class extends Network {
      override note(peer: Peer, step: Parameters<Network['note']>[1]) {
        const told = step.effects.filter(({ kind }) => kind === 'checkpoints').map(({ to }) => toHex(to))
        if (step.facts.some(({ type }) => type === 'CheckpointSigned')) shown.set(peer.name, told.sort().join())
        return super.note(peer, step)
      }
    })(NAMES, { mode: 'single' })
    const founders = NAMES.map((name) => network.start(name))
    network.join('erin')
    for (const peer of founders) for (const vote of [add('erin'), remove('dave')]) network.vote(peer, vote)
    network.settle(founders, 8)
    const everybody = [...NAMES, 'erin']
    const others = (name: string): string =>
      everybody
        .flatMap((it) => (it === name ? [] : [toHex(idOf(it))]))
        .sort()
        .join()
    expect([...shown]).toEqual(expect.arrayContaining(NAMES.map((name) => [name, others(name)])))
  })

  it('are not proven by fewer than a supermajority', () => {
    const story = new Story().all(remove('dave'))
    story.network.settle(story.peers, 8)
    // Nothing about checkpoints arrived.
    expect(story.last()).toMatchObject({ isProven: false })
    expect(story.last()?.signed).toHaveLength(1)
    expect(story.peer('alice').parsec.proofs.checkpoint(story.last()?.position ?? 0)).toBeNull()
    const mail = story.network.mail.filter(
      ({ from, message }) => from.name === 'bob' && toHex(message.to) === toHex(idOf('alice')),
    )
    for (const { from, message } of mail) story.network.deliver(from, story.peer('alice'), message)
    expect(story.last()).toMatchObject({ isProven: false })
    expect(story.last()?.signed).toHaveLength(2)
    story.network.deliverMail()
    expect(story.last()).toMatchObject({ isProven: true })
  })

  it('are asked for until they are proven, and not after', () => {
    const story = new Story().all(remove('dave'))
    story.network.settle(story.peers, 8)
    story.network.mail.length = 0
    for (const to of ['bob', 'carol']) {
      story.network.note(story.peer('alice'), story.peer('alice').parsec.askForSignatures(idOf(to)))
    }
    story.network.deliverMail()
    expect(story.last()).toMatchObject({ isProven: true })
    expect(story.peer('alice').parsec.askForSignatures(idOf('bob')).effects).toEqual([])
  })

  it('are signed once, after a crash too, by what was logged', () => {
    const story = new Story().all(remove('dave')).settle(8)
    const { facts, parsec } = story.peer('alice')
    const group = story.network.group()
    const again = Parsec.fromFacts(group, signerOf('alice'), facts)
    expect(again.proofs.checkpoints()).toEqual(parsec.proofs.checkpoints())
    expect(again.createGossip(idOf('bob')).facts.map(({ type }) => type)).toEqual(['GossipEventAccepted'])
    // The crash came between the event that ended the group and our signature.
    const cut = facts.findIndex(({ type }) => type === 'CheckpointSigned')
    const torn = Parsec.fromFacts(group, signerOf('alice'), facts.slice(0, cut))
    expect(torn.proofs.checkpoints().at(-1)?.signed).toEqual([])
    const step = torn.createGossip(idOf('bob'))
    expect(step.facts.filter(({ type }) => type === 'CheckpointSigned')).toEqual([facts[cut]])
    // A log of other blocks is refused.
    const forged = facts.map((fact) =>
      fact.type === 'CheckpointSigned' ? { ...fact, statement: fact.statement.map((byte) => byte ^ 1) } : fact,
    )
    expect(() => Parsec.fromFacts(group, signerOf('alice'), forged)).toThrow('follows from the blocks')
  })
})

describe('the proof of a checkpoint', () => {
  const story = changed()
  const { parsec } = story.peer('alice')
  const proofs = parsec.proofs.checkpoints().map(({ position }) => parsec.proofs.checkpoint(position) as Uint8Array)
  const last = proofs.at(-1) as Uint8Array
  const { format } = story.network.group()

  it('follows the epochs from genesis, where one group removes and adds several', () => {
    for (const [i, proof] of proofs.entries()) {
      const { epoch, position, chainHash, nextVoters } = verifyCheckpoint(proof, story.trust)
      expect({ epoch, position, chainHash, nextVoters }).toMatchObject(
        (({ epoch, position, chainHash, nextVoters }) => ({ epoch, position, chainHash, nextVoters }))(
          parsec.proofs.checkpoints()[i] as NonNullable<ReturnType<Story['last']>>,
        ),
      )
    }
    const change = parsec.proofs.checkpoints().find(({ epoch }) => epoch === 1)
    expect([change?.signers.length, change?.nextVoters.length]).toEqual([7, 8])
    const verified = verifyCheckpoint(last, story.trust)
    expect(verified.votersBefore(0).map(toHex)).toEqual(story.network.group().members.map(toHex))
    expect(verified.votersBefore(verified.position).map(toHex)).toEqual(parsec.voters().map(toHex))
  })

  it('is refused with any byte changed, any cut, and anything appended', () => {
    const accepted: string[] = []
    for (let i = 0; i < last.length; i += 1) {
      const changedBytes = last.slice()
      changedBytes[i] = (changedBytes[i] ?? 0) ^ 1
      if (refusal(() => verifyCheckpoint(changedBytes, story.trust)) === undefined) accepted.push(String(i))
      if (refusal(() => verifyCheckpoint(last.subarray(0, i), story.trust)) === undefined) accepted.push(`cut ${i}`)
    }
    expect(accepted).toEqual([])
    expect(refusal(() => verifyCheckpoint(new Uint8Array([...last, 0]), story.trust))).toBe('InvalidCheckpoint')
  })

  it('is refused without one of the changes, with signatures of the next voters, and in another group', () => {
    const { groupId, path } = decodeCheckpointProof(last, format)
    expect(path.length).toBeGreaterThan(1)
    const refused = (change: typeof path) =>
      refusal(() => verifyCheckpoint(encodeCheckpointProof({ groupId, path: change }), story.trust))
    expect(refused(path)).toBeUndefined()
    for (let i = 0; i < path.length - 1; i += 1) expect(refused(path.toSpliced(i, 1))).toBe('InvalidCheckpoint')
    expect(refused([])).toBe('InvalidCheckpoint')
    expect(refused([...path, ...path.slice(-1)])).toBe('InvalidCheckpoint')
    const group = new Network([...NAMES, 'mallory'], { mode: 'single', checkpointInterval: 4 }).group()
    expect(refusal(() => verifyCheckpoint(last, { ...story.trust, group }))).toBe('InvalidCheckpoint')
  })

  it('takes no statement of fewer than a supermajority, of an epoch that did not change, or of strangers', () => {
    const trio = new Story(['alice', 'bob', 'carol', 'dave'])
    const group = trio.network.group()
    const nextVoters = group.members
    const statement = (epoch: number, next = nextVoters): CheckpointStatement => ({
      epoch,
      position: 7,
      chainHash: new Uint8Array(32),
      stateDigest: new Uint8Array(32),
      nextVoters: next,
    })
    const proof = (stated: CheckpointStatement, ...names: string[]) => {
      const bytes = encodeStatement(stated)
      const chosen = names
        .map((name) => ({ name, seat: group.members.findIndex((id) => toHex(id) === toHex(idOf(name))) }))
        .sort((a, b) => a.seat - b.seat)
      const signers = Uint8Array.of(chosen.reduce((bits, { seat }) => bits | (seat < 0 ? 16 : 1 << seat), 0))
      const signatures = chosen.map(({ name }) => signerOf(name).sign(checkpointMessage(group.id, bytes)))
      const path = [{ statement: bytes, signers, signatures }]
      return refusal(() => verifyCheckpoint(encodeCheckpointProof({ groupId: group.id, path }), trio.trust))
    }
    expect(proof(statement(0), 'alice', 'bob', 'carol')).toBeUndefined()
    expect(proof(statement(1, nextVoters.slice(1)), 'alice', 'bob', 'carol')).toBeUndefined()
    expect(proof(statement(0), 'alice', 'bob')).toBe('InvalidCheckpoint')
    expect(proof(statement(0), 'alice', 'bob', 'carol', 'dave')).toBe('InvalidCheckpoint')
    expect(proof(statement(1), 'alice', 'bob', 'carol')).toBe('InvalidCheckpoint')
    expect(proof(statement(0, nextVoters.slice(1)), 'alice', 'bob', 'carol')).toBe('InvalidCheckpoint')
    expect(proof(statement(2, nextVoters.slice(1)), 'alice', 'bob', 'carol')).toBe('InvalidCheckpoint')
    expect(proof(statement(0), 'alice', 'bob', 'mallory')).toBe('InvalidCheckpoint')
  })
})

describe('the proof of a position', () => {
  it('gives the block and its place, for every block up to the newest checkpoint', () => {
    const story = changed()
    const { parsec, blocks } = story.peer('alice')
    const { format } = story.network.group()
    const covered = story.last()?.position ?? 0
    expect(covered).toBeGreaterThan(5)
    const encoded = blocks.map(({ payload }) => encodeObservation(payload, format))
    for (const [position, { payload }] of blocks.slice(0, covered).entries()) {
      const proof = parsec.proofs.position(position, encoded[position] as Uint8Array) as Uint8Array
      const voter = payload.type === 'OpaquePayload' ? idOf('bob') : null
      expect(verifyPosition(proof, story.trust)).toMatchObject({ position, observation: payload, voter })
    }
    for (let position = covered; position < blocks.length; position += 1) {
      expect(parsec.proofs.position(position, encoded[position] as Uint8Array)).toBeNull()
    }
    const [first, second] = encoded
    expect(() => parsec.proofs.position(1, first as Uint8Array)).toThrow('another block')
    const bytes = parsec.proofs.position(1, second as Uint8Array) as Uint8Array
    for (let i = 0; i < bytes.length; i += 1) {
      const flipped = bytes.slice()
      flipped[i] = (flipped[i] ?? 0) ^ 1
      expect(
        refusal(() => verifyPosition(flipped, story.trust)),
        `byte ${i}`,
      ).toBe('InvalidCheckpoint')
    }
  })
})

describe('a voter that signs two checkpoints for one position', () => {
  const story = new Story().all(remove('dave')).settle(8)
  const alice = story.peer('alice')
  const { format, id } = story.network.group()
  const position = story.last()?.position ?? 0
  const [mail] = alice.parsec.proofs.checkpoints()
  const lie = encodeStatement({ ...(mail as CheckpointStatement), stateDigest: new Uint8Array(32) })
  const share = (statement: Uint8Array, by = 'bob') =>
    encodeShares({
      isAnswer: true,
      entries: [
        {
          statement,
          signatures: [{ signer: idOf(by), signature: signerOf('bob').sign(checkpointMessage(id, statement)) }],
        },
      ],
    })

  it('is proved to have done so, once, to whoever knows genesis', () => {
    const bob = toHex(idOf('bob'))
    // Whose signatures came first made the proof; bob's may be none of them.
    const truth = encodeStatement(mail as CheckpointStatement)
    const fresh = Parsec.fromFacts(
      story.network.group(),
      signerOf('alice'),
      alice.facts.filter((fact) => fact.type !== 'CheckpointSignatureTaken'),
    )
    expect(fresh.handleCheckpoints(idOf('carol'), share(truth)).faults).toEqual([])
    const { faults, facts } = fresh.handleCheckpoints(idOf('carol'), share(lie))
    expect(facts).toHaveLength(1)
    expect(faults.map(({ peer, error }) => [toHex(peer), error.code])).toEqual([[bob, 'CheckpointMismatch']])
    const evidence = faults[0]?.evidence as Uint8Array
    expect(verifyCheckpointEvidence(evidence, story.trust)).toMatchObject({ position })
    expect(fresh.handleCheckpoints(idOf('carol'), share(lie)).faults).toEqual([])
    for (let i = 0; i < evidence.length; i += 1) {
      const flipped = evidence.slice()
      flipped[i] = (flipped[i] ?? 0) ^ 1
      expect(
        refusal(() => verifyCheckpointEvidence(flipped, story.trust)),
        `byte ${i}`,
      ).toBe('InvalidCheckpoint')
    }
  })

  it('is proved whichever came first', () => {
    const fresh = Parsec.fromFacts(
      story.network.group(),
      signerOf('alice'),
      alice.facts.filter((fact) => fact.type !== 'CheckpointSignatureTaken'),
    )
    const first = fresh.handleCheckpoints(idOf('carol'), share(lie))
    expect(first.faults.map(({ evidence }) => evidence)).toEqual([undefined])
    expect(fresh.proofs.checkpoints()[0]?.signed).toHaveLength(1)
    const truth = encodeStatement(mail as CheckpointStatement)
    const [fault] = fresh.handleCheckpoints(idOf('carol'), share(truth)).faults
    expect(verifyCheckpointEvidence(fault?.evidence as Uint8Array, story.trust).position).toBe(position)
  })

  it('is not accused by a forged signature: the one who brings it is at fault', () => {
    const strict = Parsec.fromFacts(story.network.group(), { ...signerOf('alice'), scheme: strictScheme }, alice.facts)
    const { faults, facts } = strict.handleCheckpoints(idOf('carol'), share(lie, 'dave'))
    expect(facts).toEqual([])
    expect(faults.map(({ peer, error }) => [toHex(peer), error.code])).toEqual([
      [toHex(idOf('carol')), 'InvalidMessage'],
    ])
    expect(decodeStatement(lie, format).position).toBe(position)
    expect(decodeShares(share(lie), format).entries).toHaveLength(1)
  })
})
