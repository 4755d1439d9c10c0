/** parsec §8: a member that may give nobody what it makes, since it stands on a stub of what others never build on, takes the whole graph and goes on. */
import { expect, it } from 'vitest'
import { concatBytes, equalBytes } from '../../src/base/bytes.ts'
import { present } from '../../src/base/errors.ts'
import { encodeMessage } from '../../src/core/parsec/index.ts'
import { simulatedSigner } from '../../src/testing/sim/scheme.ts'
import { encodeContent } from '../../src/wire/canonical/event.ts'
import { encodePeerMessage } from '../../src/wire/peer-message.ts'
import { factsOf, loggedBy, MEMBERS, orderOf, Scene } from '../support/follow-scene.ts'
import type { RunningPeer } from '../support/virtual-peers.ts'

/** A member that makes what it likes, where its process is not running: one chain, on its last event. */
class Hider {
  readonly name: string
  readonly #scene: Scene
  #tip: Uint8Array | undefined

  constructor(scene: Scene, name: string) {
    this.#scene = scene
    this.name = name
  }

  async asking(of: string): Promise<Uint8Array> {
    const { peers } = this.#scene
    const signer = simulatedSigner(this.name)
    const selfParent = present(this.#tip ?? (await this.#lastOf(signer.identity)), 'it has made something')
    const cause = { type: 'Requesting', selfParent, recipient: peers.idOf(of) } as const
    const content = encodeContent(signer.identity, cause, peers.group.format)
    const message = peers.group.eventMessage(content)
    this.#tip = peers.group.hash(message)
    return encodeMessage([concatBytes(content, signer.sign(message))])
  }

  async #lastOf(identity: Uint8Array): Promise<Uint8Array | undefined> {
    const { facts } = await loggedBy(this.#scene, this.name)
    const own = facts.findLast(
      (fact) => fact.type === 'GossipEventAccepted' && equalBytes(fact.bytes.subarray(0, identity.length), identity),
    )
    return own?.type === 'GossipEventAccepted' ? own.hash : undefined
  }
}

it('a member that is cut off goes on by the whole graph', async () => {
  const scene = await new Scene(31).start()
  const others = MEMBERS.filter((name) => name !== 'dot')
  await scene.pay('dot', 2)
  await scene.level(...MEMBERS)
  await scene.peers.stop(scene.running.get('dot') as RunningPeer)
  scene.running.delete('dot')
  await scene.pay('ann', 9)
  // The others have its late event and never build on it: it is all that dot has made for long.
  const dot = new Hider(scene, 'dot')
  const line = scene.peers.network.join(scene.peers.idOf('dot'))
  const late = await dot.asking('ann')
  for (const name of others) await line.send(scene.peers.idOf(name), encodePeerMessage('graph', late))
  await scene.pay('ben', 9)
  await scene.join()
  await scene.add('eve', others)
  await scene.until(() => scene.peer('eve').status.state === 'member')
  await scene.pay('eve', 2)
  await line.send(scene.peers.idOf('eve'), encodePeerMessage('request', await dot.asking('eve')))
  await scene.until(() => scene.peer('eve').status.follows?.waitsFor !== undefined)
  expect(scene.peer('eve').status.follows?.waitsFor).toContain('PrematureGossip')
  await scene.until(() => scene.peer('eve').status.follows?.waitsFor === undefined)
  expect((await factsOf(scene, 'eve')).filter((type) => type === 'GraphTaken').length).toBe(1)
  await scene.pay('eve', 3)
  await scene.level(...others, 'eve')
  const startedAt = scene.peer('eve').status.follows?.startedAt as number
  expect(startedAt).toBeGreaterThan(9)
  const whole = await orderOf(scene.running.get('ann') as RunningPeer)
  expect(await orderOf(scene.running.get('eve') as RunningPeer)).toEqual(whole.slice(startedAt))
  await line.close()
  await scene.stopAll()
})
