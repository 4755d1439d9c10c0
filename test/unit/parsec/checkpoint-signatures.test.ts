/** parsec §8, Stronger: signatures of checkpoints under way, and what forged ones cost (§9, Unprovable). */
import { describe, expect, it } from 'vitest'
import { present } from '../../../src/base/errors.ts'
import { costOf, Parsec } from '../../../src/core/parsec/index.ts'
import { encodeShares } from '../../../src/wire/checkpoint/shares.ts'
import { checkpointMessage, encodeStatement } from '../../../src/wire/checkpoint/statement.ts'
import { add, idOf, Network, type Peer, remove, signerOf, strictScheme } from '../../support/parsec/network.ts'

const NAMES = ['alice', 'bob', 'carol', 'dave']

describe('signatures of checkpoints', () => {
  it('end their message with the first that does not verify; what came before it stays', () => {
    const network = new Network(NAMES, { mode: 'single', checkpointInterval: 0 })
    const peers = NAMES.map((name) => network.start(name))
    const [alice] = peers as [(typeof peers)[0]]
    for (const peer of peers) network.vote(peer, remove('dave'))
    network.settle(peers, 6)
    network.deliverMail()
    const [checkpoint] = alice.parsec.proofs.checkpoints()
    expect(checkpoint?.signers).toHaveLength(4)
    let verified = 0
    const scheme: typeof strictScheme = {
      ...strictScheme,
      verify: (...signed) => {
        verified += 1
        return strictScheme.verify(...signed)
      },
    }
    const strict = Parsec.fromFacts(network.group(), { ...signerOf('alice'), scheme }, alice.facts)
    const lie = encodeStatement({ ...(checkpoint as NonNullable<typeof checkpoint>), stateDigest: new Uint8Array(32) })
    const signature = signerOf('bob').sign(checkpointMessage(network.group().id, lie))
    const signatures = ['bob', 'carol', 'dave'].map((by) => ({ signer: idOf(by), signature }))
    const entry = { statement: lie, signatures }
    const message = encodeShares({ isAnswer: false, entries: [entry, entry, entry] })
    const step = strict.handleCheckpoints(idOf('carol'), message)
    expect(verified).toBe(2)
    expect(step.facts.map(({ type }) => type)).toEqual(['CheckpointSignatureTaken'])
    expect(step.faults.map(({ error: { code } }) => code)).toEqual(['CheckpointMismatch', 'InvalidMessage'])
    expect(step.effects).toEqual([])
    expect(costOf(strict, idOf('carol'), message, step)).toMatchObject({ bytes: 0, given: 0, invalid: 1 })
  })

  it('that a removed peer alone has are asked of it, or shown again by it, where no proof gets along without', () => {
    const network = new Network(['alice', 'bob'], { mode: 'single', checkpointInterval: 0 })
    const [alice, bob] = ['alice', 'bob'].map((name) => network.start(name)) as [Peer, Peer]
    const proven = (): readonly boolean[] => alice.parsec.proofs.checkpoints().map(({ isProven }) => isProven)
    for (const peer of [alice, bob]) network.vote(peer, remove('bob'))
    for (let i = 0; i < 8; i += 1) network.gossip(alice, bob)
    expect([alice.parsec.voters().length, bob.parsec.isRemoved]).toEqual([1, true])
    // All that Bob sent of it is lost.
    network.mail.splice(0)
    network.vote(alice, add('carol'))
    expect(proven()).toEqual([false, false])
    expect(alice.parsec.gossipRecipients()).toEqual([idOf('carol')])
    expect(alice.parsec.proofs.removedSigners()).toEqual([idOf('bob')])
    const rebuilt = Parsec.fromFacts(network.group(), signerOf('alice'), alice.facts)
    network.note(alice, alice.parsec.askForSignatures(idOf('bob')))
    network.deliverMail()
    expect(proven()).toEqual([true, true])
    expect(alice.parsec.proofs.removedSigners()).toEqual([])
    const again = Parsec.fromFacts(network.group(), signerOf('bob'), bob.facts)
    const [shown] = again.showLastSignature().effects
    expect(rebuilt.handleCheckpoints(idOf('bob'), present(shown, 'it shows it').bytes).proven).toHaveLength(2)
  })
})
