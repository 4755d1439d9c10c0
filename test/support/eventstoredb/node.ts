/**
 * @module test/support/eventstoredb/node
 *
 * One node of the stand-in: the gRPC services of EventStoreDB that a log needs, on a store, behind a wire that can be
 * broken. What it is told to do wrong is in `faults`; what was asked of it, in `calls`.
 */

import clusterServices from '@eventstore/db-client/generated/gossip_grpc_pb.js'
import gossip from '@eventstore/db-client/generated/gossip_pb.js'
import featureServices from '@eventstore/db-client/generated/serverfeatures_grpc_pb.js'
import features from '@eventstore/db-client/generated/serverfeatures_pb.js'
import streamServices from '@eventstore/db-client/generated/streams_grpc_pb.js'
import { type Metadata, Server, ServerCredentials, type sendUnaryData, status } from '@grpc/grpc-js'
import { type AppendCall, append, type BatchCall, batchAppend } from './appends.ts'
import { CERTIFICATE_PEM, PRIVATE_KEY_PEM } from './certificate.ts'
import { type Fault, Faults, type Method, notLeader, StatusError } from './faults.ts'
import { uuid } from './messages.ts'
import { type ReadCall, read } from './reads.ts'
import { EventStore, type Expected } from './store.ts'
import { Wire } from './wire.ts'

export interface Subscription {
  fault: Fault | undefined
  readonly wake: () => void
}

export interface NodeOptions {
  /** 0, the default: any free port, the same one after a restart. */
  readonly port?: number
  readonly store?: EventStore
  readonly tls?: boolean
  /** Refuse calls without them. A client sends credentials over TLS only. */
  readonly credentials?: { readonly username: string; readonly password: string }
}

const unimplemented = (_call: unknown, answer: sendUnaryData<never>): void =>
  answer(new StatusError(status.UNIMPLEMENTED, 'not part of the stand-in'))

export class Node {
  readonly store: EventStore
  readonly faults: Faults
  readonly calls: Record<Method, number> = { append: 0, batchAppend: 0, read: 0, subscribe: 0, features: 0, gossip: 0 }
  readonly subscriptions = new Set<Subscription>()
  /** Reads and subscriptions whose call is not over. */
  openReads = 0
  /** Events handed to the wire by reads and subscriptions. */
  sentEvents = 0
  lastExpected: Expected | undefined
  /** The other nodes of the cluster, with this one; empty on a single node. */
  cluster: readonly Node[] = []
  /** Undefined: this node leads. */
  leader: Node | undefined
  readonly wire: Wire
  readonly #grpc: Server
  readonly #options: NodeOptions

  private constructor(grpc: Server, backendPort: number, options: NodeOptions) {
    this.#grpc = grpc
    this.#options = options
    this.store = options.store ?? new EventStore()
    this.wire = new Wire(backendPort, options.port ?? 0)
    this.faults = new Faults(() => this.wire.cut())
  }

  static async start(options: NodeOptions = {}): Promise<Node> {
    const grpc = new Server()
    const key = { private_key: Buffer.from(PRIVATE_KEY_PEM), cert_chain: Buffer.from(CERTIFICATE_PEM) }
    const credentials = options.tls ? ServerCredentials.createSsl(null, [key]) : ServerCredentials.createInsecure()
    const backendPort = await new Promise<number>((resolve, reject) => {
      grpc.bindAsync('127.0.0.1:0', credentials, (error, port) => (error === null ? resolve(port) : reject(error)))
    })
    const node = new Node(grpc, backendPort, options)
    node.#serve()
    await node.wire.up()
    return node
  }

  /** `host:port` of the wire. */
  get address(): string {
    return `127.0.0.1:${this.wire.port}`
  }

  /** The name that the certificate is for. */
  get tlsAddress(): string {
    return `localhost:${this.wire.port}`
  }

  get url(): string {
    return this.#options.tls === true ? `esdb://${this.tlsAddress}` : `esdb://${this.address}?tls=false`
  }

  /** Down for good. `wire.down()` and `wire.up()` are a restart that keeps what was written. */
  async stop(): Promise<void> {
    await this.wire.down()
    this.#grpc.forceShutdown()
  }

  /** Lets go of every live subscription in this way. */
  dropSubscriptions(fault: Fault): void {
    for (const subscription of this.subscriptions) {
      subscription.fault = fault
      subscription.wake()
    }
  }

  /** Refuses a call without the credentials, or one that needs the leader where this node is none. */
  admit(metadata: Metadata): void {
    const { credentials } = this.#options
    if (credentials !== undefined) {
      const basic = Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64')
      if (metadata.get('authorization')[0] !== `Basic ${basic}`) {
        throw new StatusError(status.UNAUTHENTICATED, 'Not Authenticated')
      }
    }
    if (this.leader !== undefined && metadata.get('requires-leader')[0] === 'true') {
      const fault = notLeader('127.0.0.1', this.leader.wire.port)
      if (fault.kind === 'status') throw new StatusError(fault.code, fault.details, fault.metadata)
    }
  }

  #serve(): void {
    this.#grpc.addService(streamServices.StreamsService, {
      append: (call: AppendCall, answer: Parameters<typeof append>[2]) => append(this, call, answer),
      batchAppend: (call: BatchCall) => batchAppend(this, call),
      read: (call: ReadCall) => read(this, call),
      delete: unimplemented,
      tombstone: unimplemented,
    })
    this.#grpc.addService(featureServices.ServerFeaturesService, {
      getSupportedMethods: (_call: unknown, answer: sendUnaryData<unknown>) =>
        this.#answer('features', answer, () => this.#features()),
    })
    this.#grpc.addService(clusterServices.GossipService, {
      read: (_call: unknown, answer: sendUnaryData<unknown>) => this.#answer('gossip', answer, () => this.#members()),
    })
  }

  #answer(method: Method, answer: sendUnaryData<unknown>, make: () => unknown): void {
    this.calls[method] += 1
    this.faults.before(this.faults.take(method)).then(
      () => answer(null, make()),
      (error: StatusError) => answer(error),
    )
  }

  /** A server that offers batch appends: a client which then uses them meets their traps. */
  #features(): unknown {
    const supported = new features.SupportedMethod()
    supported.setServiceName('event_store.client.streams.streams').setMethodName('batchappend')
    return new features.SupportedMethods().setEventStoreServerVersion('24.10.0').setMethodsList([supported])
  }

  #members(): unknown {
    const nodes = this.cluster.length === 0 ? [this] : this.cluster
    const members = nodes.map((node) =>
      new gossip.MemberInfo()
        .setInstanceId(uuid(crypto.randomUUID()))
        .setTimeStamp(`${BigInt(Date.now()) * 10_000n}`)
        .setState(
          node.leader === undefined ? gossip.MemberInfo.VNodeState.LEADER : gossip.MemberInfo.VNodeState.FOLLOWER,
        )
        .setIsAlive(true)
        .setHttpEndPoint(new gossip.EndPoint().setAddress('127.0.0.1').setPort(node.wire.port)),
    )
    return new gossip.ClusterInfo().setMembersList(members)
  }
}
