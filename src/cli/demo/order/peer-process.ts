/**
 * @module cli/demo/order/peer-process
 *
 * One peer of the ordering demonstration, in a process of its own: key, log, a TCP port, and a ledger that follows the
 * agreed order from the first block.
 */

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fromUtf8 } from '../../../base/bytes.ts'
import { fromHex, toHex } from '../../../base/text.ts'
import { ed25519Signer, generateEd25519Seed, systemRandom } from '../../../crypto/index.ts'
import { groupOf } from '../../../engine/peer/options.ts'
import { createWitan, type Witan } from '../../../engine/peer/witan.ts'
import { systemClock } from '../../../engine/system-clock.ts'
import { type EventLog, embeddedLog } from '../../../log/index.ts'
import type { Signer } from '../../../ports/signature-scheme.ts'
import { createTcpTransport, type TcpTransport } from '../../../transport/index.ts'
import { hearParent, sayLastToParent, sayToParent } from '../parent.ts'
import { Ledger, type Payment, paymentCodec } from './ledger.ts'
import type { Address, FromPeer, ToPeer } from './protocol.ts'

const HOST = '127.0.0.1'
const say: (message: FromPeer) => void = sayToParent

interface Running {
  readonly witan: Witan<Payment>
  readonly transport: TcpTransport
  readonly log: EventLog
  readonly following: Promise<void>
  readonly abort: AbortController
}

class OrderPeerProcess {
  #folder = ''
  #signer: Signer | undefined
  #running: Running | undefined

  async take(message: ToPeer): Promise<void> {
    switch (message.type) {
      case 'open':
        this.#folder = message.folder
        this.#signer = ed25519Signer(seedOf(message.folder))
        say({ type: 'opened', id: toHex(this.#signer.identity) })
        return
      case 'start':
        return this.#start(message)
      case 'address':
        this.#running?.transport.setPeer(fromHex(message.address.id), { host: HOST, port: message.address.port })
        return
      case 'pay':
        return this.#pay(message.payments)
      case 'add':
        return this.#running?.witan.members.add(fromHex(message.id))
      case 'remove':
        return this.#running?.witan.members.remove(fromHex(message.id))
      case 'leave':
        return this.#running?.witan.members.leave()
      case 'finish':
        return this.#finish()
    }
  }

  async #start({ members, isJoiner, others }: Extract<ToPeer, { type: 'start' }>): Promise<void> {
    const identity = this.#signer
    if (identity === undefined) throw new Error('a peer is opened before it is started')
    const genesis = { members: members.map(fromHex) }
    const transport = await createTcpTransport({
      signer: identity,
      groupId: groupOf(genesis).id,
      clock: systemClock,
      random: systemRandom,
      listen: { host: HOST, port: 0 },
      peers: others.map(toTcpPeer),
    })
    const log = await embeddedLog({ folder: join(this.#folder, 'log') })
    const startedAtMs = performance.now()
    const witan = await createWitan<Payment>({
      identity,
      genesis,
      log,
      transport,
      codec: paymentCodec,
      ...(isJoiner ? { join: { section: [] } } : {}),
    })
    const elapsedMs = performance.now() - startedAtMs
    const abort = new AbortController()
    this.#running = { witan, transport, log, abort, following: follow(witan, abort.signal) }
    const { state, blocks } = witan.status
    let facts = 0
    for await (const _ of log.readAll()) facts += 1
    say({ type: 'started', port: transport.address?.port ?? 0, facts, blocks, elapsedMs })
    say({ type: 'state', state, voters: witan.membership.voters })
    witan.status$.subscribe(({ state: now }) => say({ type: 'state', state: now, voters: witan.membership.voters }))
    witan.membership$.subscribe(({ voters }) => say({ type: 'state', state: witan.status.state, voters }))
  }

  /** All at once: which comes first, the order decides. */
  async #pay(payments: readonly Payment[]): Promise<void> {
    const { witan } = this.#running ?? {}
    if (witan !== undefined) await Promise.all(payments.map((payment) => witan.vote(payment)))
  }

  async #finish(): Promise<void> {
    const { witan, transport, log, following, abort } = this.#running ?? {}
    abort?.abort()
    await following
    const report: FromPeer = { type: 'finished', blocks: witan?.status.blocks ?? 0 }
    await witan?.close()
    await transport?.close()
    await log?.close()
    sayLastToParent(report)
  }
}

/** From the first position on, and live: what was agreed before a crash is applied again, in the same order. */
async function follow(witan: Witan<Payment>, signal: AbortSignal): Promise<void> {
  const ledger = new Ledger()
  for await (const { position, payload } of witan.history.blocks({ from: 0, live: true, signal })) {
    say({ type: 'ordered', position, payment: payload, isHonoured: ledger.apply(payload) })
  }
}

const toTcpPeer = ({ id, port }: Address) => ({
  peer: fromHex(id),
  ...(port === 0 ? {} : { address: { host: HOST, port } }),
})

/** The key stands beside the log, readable by its owner alone. */
function seedOf(folder: string): Uint8Array {
  const file = join(folder, 'key')
  if (existsSync(file)) return fromHex(fromUtf8(readFileSync(file)).trim())
  mkdirSync(folder, { recursive: true })
  const seed = generateEd25519Seed(systemRandom)
  writeFileSync(file, `${toHex(seed)}\n`, { mode: 0o600 })
  return seed
}

const peer = new OrderPeerProcess()
hearParent((message) => peer.take(message as ToPeer))
