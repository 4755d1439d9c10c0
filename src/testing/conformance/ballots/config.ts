/**
 * @module testing/conformance/ballots/config
 *
 * `config.json`: builders, overrides, resolution, requests (ballots §6).
 */

import { fromHex, toHex } from '../../../base/text.ts'
import { decodeProposal, encodeProposal } from '../../../core/ballot/index.ts'
import { Comparison, type Runner } from '../verdict.ts'
import {
  applyCalls,
  attempt,
  type Call,
  type ConfigJson,
  callsOf,
  configJson,
  type OverrideJson,
  outcomeOf,
  overrideOf,
  type RequestJson,
  requestOf,
} from './format.ts'
import { Peer } from './peer.ts'

interface ScopeCase {
  readonly uses: readonly {
    readonly calls: readonly Call[]
    readonly end: 'initialize' | 'update'
    readonly builder: ConfigJson
    readonly expect: string
    readonly stored: ConfigJson | null
  }[]
  readonly set?: ConfigJson
  readonly expect?: string
  readonly stored?: ConfigJson | null
  readonly listScopes?: readonly string[] | null
}

interface ResolutionCase {
  readonly scopeCalls?: readonly Call[] | null
  readonly initialize?: unknown
  readonly override?: OverrideJson | null
  readonly request?: RequestJson
  readonly proposal?: string
  readonly id?: number
  readonly now: string
  readonly resolved?: ConfigJson
  readonly error?: string
}

interface Config {
  readonly scopes: readonly ScopeCase[]
  readonly overrides: readonly (OverrideJson & { readonly ok?: ConfigJson; readonly error?: string })[]
  readonly resolution: readonly ResolutionCase[]
  readonly incoming: readonly ResolutionCase[]
  readonly requests: readonly ResolutionCase[]
}

const SCOPE = 's'
/** Any key will do: nothing here is signed. */
const newPeer = (): Peer => new Peer({ privateKey: '01'.repeat(32) })

async function runScope(comparison: Comparison, where: string, scope: ScopeCase): Promise<void> {
  const { service } = newPeer()
  const stored = (): ConfigJson | null => configJson(service.getScopeConfig(SCOPE))
  for (const [i, use] of scope.uses.entries()) {
    const builder = service.scope(SCOPE)
    applyCalls(builder, use.calls)
    comparison.expect(`${where}, use ${i}: builder`, configJson(builder.getConfig()), use.builder)
    const answer = await attempt(() => builder[use.end]())
    comparison.expect(`${where}, use ${i}`, outcomeOf(answer), use.expect)
    comparison.expect(`${where}, use ${i}: stored`, stored(), use.stored)
  }
  if (scope.set !== undefined) {
    const builder = service.scope(SCOPE)
    applyCalls(builder, callsOf(scope.set))
    comparison.expect(`${where}: set`, outcomeOf(await attempt(() => builder.initialize())), scope.expect)
    comparison.expect(`${where}: stored`, stored(), scope.stored)
  }
  const names = service.listScopes()
  if (scope.listScopes !== undefined)
    comparison.expect(`${where}: listScopes`, names.length === 0 ? null : names, scope.listScopes)
  await service.close()
}

async function runResolution(comparison: Comparison, where: string, one: ResolutionCase): Promise<void> {
  const peer = newPeer()
  const { service } = peer
  const nowSec = BigInt(one.now)
  await peer.configure(SCOPE, one.scopeCalls, one.initialize)
  const answer = await attempt(async () => {
    if (one.request === undefined) {
      const proposal = decodeProposal(fromHex(one.proposal ?? ''))
      await service.processIncomingProposal(SCOPE, proposal, { nowSec })
      return configJson(service.getProposalConfig(SCOPE, proposal.proposalId))
    }
    const draw = { nowSec, ...(one.id === undefined ? {} : { id: one.id }) }
    const proposal = await service.createProposalWithConfig(
      SCOPE,
      requestOf(one.request),
      overrideOf(one.override),
      draw,
    )
    if (one.proposal !== undefined) comparison.expect(`${where}: bytes`, toHex(encodeProposal(proposal)), one.proposal)
    return configJson(service.getProposalConfig(SCOPE, proposal.proposalId))
  })
  comparison.expect(where, 'ok' in answer ? answer.ok : answer.error, one.resolved ?? one.error)
  await service.close()
}

export const configRunner: Runner = {
  kind: 'ballot configuration',
  recognizes: (json) => Array.isArray(json['overrides']) && Array.isArray(json['resolution']),
  async run(json) {
    const config = json as object as Config
    const comparison = new Comparison()
    for (const [i, scope] of config.scopes.entries()) await runScope(comparison, `scope ${i}`, scope)
    for (const [i, override] of config.overrides.entries()) {
      const answer = await attempt(() => configJson(overrideOf(override)))
      const actual = 'ok' in answer ? answer.ok : answer.error
      comparison.expect(`override ${i}`, actual, override.ok ?? override.error)
    }
    for (const part of ['resolution', 'incoming', 'requests'] as const) {
      for (const [i, one] of config[part].entries()) await runResolution(comparison, `${part} ${i}`, one)
    }
    return comparison.verdict()
  },
}
