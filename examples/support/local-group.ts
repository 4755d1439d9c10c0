/**
 * @module examples/support/local-group
 *
 * Four peers in one process, for examples: in a program each runs on its own, with `createTcpTransport`. With a folder,
 * keys and logs are kept there, and the group goes on where it stood.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ed25519Signer, generateEd25519Seed, systemRandom } from '../../src/crypto/index.ts'
import { createWitan, systemClock, type Witan } from '../../src/index.ts'
import { embeddedLog, memoryLog } from '../../src/log/index.ts'
import { MemoryNetwork } from '../../src/transport/index.ts'

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json }

/** Payloads as JSON. Whatever the group ordered may come to `decode`: also what no program of ours would have sent. */
export const jsonCodec = {
  encode: (value: Json): Uint8Array => new TextEncoder().encode(JSON.stringify(value)),
  decode: (bytes: Uint8Array): Json => JSON.parse(new TextDecoder().decode(bytes)) as Json,
}

export interface LocalGroup extends AsyncDisposable {
  readonly peers: readonly [Witan<Json>, ...Witan<Json>[]]
}

export async function startLocalGroup(folder?: string, size = 4): Promise<LocalGroup> {
  const homes = Array.from({ length: size }, (_, i) =>
    folder === undefined ? undefined : join(folder, `peer-${i + 1}`),
  )
  const signers = homes.map((home) => ed25519Signer(seedOf(home)))
  const genesis = { members: signers.map(({ identity }) => identity) }
  const network = new MemoryNetwork({ clock: systemClock, random: systemRandom })
  /** Newest first: a peer before its transport, that before its log. */
  const closers: (() => Promise<void>)[] = []
  const start = async (i: number): Promise<Witan<Json>> => {
    const identity = signers[i] as (typeof signers)[number]
    const home = homes[i]
    const log = home === undefined ? memoryLog() : await embeddedLog({ folder: join(home, 'log') })
    closers.unshift(() => log.close())
    const transport = network.join(identity.identity)
    closers.unshift(() => transport.close())
    const witan = await createWitan({ identity, genesis, log, transport, codec: jsonCodec })
    closers.unshift(() => witan.close())
    return witan
  }
  const first = await start(0)
  const others: Witan<Json>[] = []
  for (let i = 1; i < size; i += 1) others.push(await start(i))
  return {
    peers: [first, ...others],
    [Symbol.asyncDispose]: async () => {
      for (const close of closers) await close()
    },
  }
}

function seedOf(home: string | undefined): Uint8Array {
  if (home === undefined) return generateEd25519Seed(systemRandom)
  const file = join(home, 'seed')
  if (existsSync(file)) return readFileSync(file)
  mkdirSync(home, { recursive: true })
  const seed = generateEd25519Seed(systemRandom)
  writeFileSync(file, seed, { mode: 0o600 })
  return seed
}
