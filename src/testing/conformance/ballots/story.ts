/**
 * @module testing/conformance/ballots/story
 *
 * The format of `rounds.json` and `sessions.json`: steps on named peers, each with its answer.
 */

import type { Call, ConfigJson, OverrideJson, RequestJson } from './format.ts'
import type { EventJson, PeerOptions, SessionJson } from './peer.ts'

export interface StoryPeer extends PeerOptions {
  readonly name: string
  readonly sharesWith?: string
}

export interface Step {
  readonly peer: string
  readonly op: string
  readonly scope?: string
  readonly now?: string
  /** What the step draws at random. */
  readonly id?: number
  readonly proposalId?: number
  readonly message?: string
  readonly choice?: boolean
  readonly request?: RequestJson
  readonly config?: OverrideJson | null
  readonly calls?: readonly Call[]
  readonly end?: 'initialize' | 'update' | 'getConfig'
  readonly ok?: unknown
  readonly error?: string
  readonly session?: SessionJson | null
  readonly events?: readonly (EventJson & { readonly peer: string })[]
}

export interface FinalScope {
  readonly config: ConfigJson | null
  readonly stats: StatsJson
  readonly active: readonly number[]
  readonly reached: Readonly<Record<string, boolean>>
  readonly sessions: readonly FinalSession[]
}

export interface FinalSession extends SessionJson {
  readonly proposalId: number
  readonly createdAt: string
  readonly config: ConfigJson
  readonly proposalSha256: string
}

export interface StatsJson {
  readonly total: number
  readonly active: number
  readonly failed: number
  readonly reached: number
}

export interface Story {
  readonly name: string
  readonly peers: readonly StoryPeer[]
  readonly messages: Readonly<Record<string, string>>
  readonly steps: readonly Step[]
  readonly final: Readonly<
    Record<
      string,
      { readonly listScopes: readonly string[] | null; readonly scopes: Readonly<Record<string, FinalScope>> }
    >
  >
}
