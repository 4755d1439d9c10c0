/**
 * @module inspector/dot/notes
 *
 * What is written into each event of the picture: its cause, then, election by election, the reasons (parsec §5).
 */

import type {
  InspectedElection,
  InspectedEvent,
  InspectedKey,
  InspectedMetaEvent,
  Inspection,
  MetaVote,
  Observation,
} from '../../core/parsec/index.ts'

export interface Names<Payload> {
  readonly peer: (peer: number) => string
  readonly observation: (observation: Observation<Payload>) => string
}

export interface TextNote {
  readonly text: string
  readonly isStrong?: boolean
}

/** A line of text, or the row of a meta-vote: about, round and step, estimates, bin values, auxiliary value, decision. */
export type Note = TextNote | { readonly cells: readonly string[] }

/** `end`: it ended an election. */
export type EventKind = 'end' | 'observer' | 'interesting' | 'vote' | 'sync'

export interface EventNotes {
  kind: EventKind
  /** The creator's first interesting event of an election, and decided to count. */
  isCounted: boolean
  readonly lines: Note[]
}

const STEPS = { ForcedTrue: 'true?', ForcedFalse: 'false?', GenuineFlip: 'flip' } as const
const HEADINGS = ['about', 'step', 'est', 'bin', 'aux', 'decided']

export function notesOf<P>(inspection: Inspection<P>, names: Names<P>): readonly EventNotes[] {
  const notes: EventNotes[] = inspection.events.map((event) => ({
    kind: event.observation === null ? 'sync' : 'vote',
    isCounted: false,
    lines: [{ text: titleOf(event, names), isStrong: true }],
  }))
  let order = 0
  for (const [number, election] of inspection.elections.entries()) {
    for (const meta of election.metaEvents) addMetaEvent(notes[meta.event], number, meta, election, names)
    if (election.outcome === null) continue
    for (const first of election.outcome.counted) markCounted(notes[first])
    const end = notes[election.outcome.event]
    end?.lines.push({ text: `election ${number} ends here:`, isStrong: true })
    if (end !== undefined) end.kind = 'end'
    for (const key of election.outcome.decided) {
      end?.lines.push({ text: `#${order} ${keyText(key, names)}`, isStrong: true })
      for (const vote of key.votes) notes[vote]?.lines.push({ text: `decided as #${order}` })
      order += 1
    }
  }
  return notes
}

function markCounted(notes: EventNotes | undefined): void {
  if (notes !== undefined) notes.isCounted = true
}

function titleOf<P>(event: InspectedEvent<P>, names: Names<P>): string {
  const name = `${names.peer(event.creator)} ${event.index}`
  if (event.observation !== null) return `${name}: votes ${names.observation(event.observation)}`
  if (event.recipient !== null) return `${name}: asks ${names.peer(event.recipient)}`
  return `${name}: ${event.cause}`
}

function addMetaEvent<P>(
  notes: EventNotes | undefined,
  number: number,
  meta: InspectedMetaEvent<P>,
  { voters }: InspectedElection<P>,
  names: Names<P>,
): void {
  if (notes === undefined) return
  const named = (peers: readonly number[]): string =>
    peers.length === voters.length ? 'all' : peers.map((peer) => names.peer(peer)).join(' ')
  if (meta.content.length > 0) {
    notes.kind = strongest(notes.kind, 'interesting')
    notes.lines.push({ text: `${number}: interesting:` })
    for (const key of meta.content) notes.lines.push({ text: `· ${keyText(key, names)}` })
  }
  if (meta.observees !== null) {
    notes.kind = strongest(notes.kind, 'observer')
    notes.lines.push({ text: `${number}: observes ${named(meta.observees)}`, isStrong: true })
  }
  const rows = alike(meta).flatMap(({ about, steps }) =>
    steps.map((vote) => ({ cells: [named(about), ...cellsOf(vote)] })),
  )
  if (rows.length > 0) notes.lines.push({ cells: HEADINGS }, ...rows)
}

/** Agreements whose votes are equal so far stand together. */
function alike<P>(meta: InspectedMetaEvent<P>): { readonly about: number[]; readonly steps: readonly MetaVote[] }[] {
  const groups = new Map<string, { about: number[]; steps: readonly MetaVote[] }>()
  for (const { about, steps } of meta.votes) {
    const text = JSON.stringify(steps)
    const group = groups.get(text)
    if (group === undefined) groups.set(text, { about: [about], steps })
    else group.about.push(about)
  }
  return [...groups.values()]
}

function cellsOf({ round, step, estimates, binValues, auxValue, decision }: MetaVote): string[] {
  return [`${round} ${STEPS[step]}`, letters(estimates), letters(binValues), letter(auxValue), letter(decision)]
}

function letters(values: readonly boolean[]): string {
  return values.length === 0 ? '-' : values.map(letter).join('')
}

function letter(value: boolean | null): string {
  return value === null ? '-' : value ? 't' : 'f'
}

function keyText<P>({ observation, voter }: InspectedKey<P>, names: Names<P>): string {
  const text = names.observation(observation)
  return voter === null ? text : `${text} (by ${names.peer(voter)})`
}

const RANKS: readonly EventKind[] = ['sync', 'vote', 'interesting', 'observer', 'end']

function strongest(a: EventKind, b: EventKind): EventKind {
  return RANKS.indexOf(a) > RANKS.indexOf(b) ? a : b
}
