/**
 * @module engine/streams
 *
 * Names of streams: `<category>-<peer>[.<scope>[.<proposal>]]`. A category holds no `-`, so that EventStoreDB's
 * `$ce-ballot` works; a scope is percent-encoded where it holds what separates the parts or begins a system name.
 */

export type StreamCategory = 'gossip' | 'ballot' | 'block' | 'scope' | 'snapshot'

export interface StreamName {
  readonly category: StreamCategory
  readonly peer: string
  readonly scope?: string
  readonly proposal?: string
}

const CATEGORIES: ReadonlySet<string> = new Set<StreamCategory>(['gossip', 'ballot', 'block', 'scope', 'snapshot'])

/** Also control characters and lone surrogates are encoded, the latter as the replacement character. */
function encodePart(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/[.\-$%\p{Cc}]/gu, (character) =>
      [...new TextEncoder().encode(character)]
        .map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`)
        .join(''),
    )
}

export function streamName({ category, peer, scope, proposal }: StreamName): string {
  let name = `${category}-${peer}`
  if (scope !== undefined) name += `.${encodePart(scope)}`
  if (proposal !== undefined) name += `.${encodePart(proposal)}`
  return name
}

/** `undefined` where the name is none of ours. */
export function parseStreamName(name: string): StreamName | undefined {
  const dash = name.indexOf('-')
  const category = name.slice(0, Math.max(dash, 0))
  if (!CATEGORIES.has(category)) return undefined
  const [peer, scope, proposal, ...rest] = name.slice(dash + 1).split('.')
  if (peer === undefined || peer === '' || rest.length > 0) return undefined
  try {
    return {
      category: category as StreamCategory,
      peer,
      ...(scope === undefined ? {} : { scope: decodeURIComponent(scope) }),
      ...(proposal === undefined ? {} : { proposal: decodeURIComponent(proposal) }),
    }
  } catch {
    return undefined
  }
}
