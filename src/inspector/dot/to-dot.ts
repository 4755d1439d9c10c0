/**
 * @module inspector/dot
 *
 * A gossip graph in the language of graphviz, with the reasons of each decision (parsec §5): a lane for each peer, time
 * flows down, and each sync event shows its interesting content, whether it observes, and its meta-votes.
 *
 * Nodes have places of their own, since a lane must be a line: render with the engine `neato`, which the text asks for.
 */

import { toHex } from '../../base/text.ts'
import {
  type Group,
  type Inspection,
  inspect,
  type Observation,
  type ParsecFact,
  type PeerId,
} from '../../core/parsec/index.ts'
import { escaped, label } from './label.ts'
import { type EventNotes, type Names, notesOf } from './notes.ts'
import { placesOf } from './places.ts'

export interface DotOptions<Payload> {
  /** Default: the first four bytes in hex. Short names make narrow lanes. */
  readonly nameOf?: (id: PeerId) => string
  /** What a vote is for, in a few words. Default: its type, and of members their names. */
  readonly describe?: (observation: Observation<Payload>) => string
  /** Above the picture. Default: none. */
  readonly title?: string
}

const NODE_STYLE =
  'shape=box, style="filled,rounded", fontname="Helvetica", fontsize=9, margin="0.05,0.03", penwidth=0.8'
/** By kind of event, most telling first. */
const COLOURS = {
  end: '#f4a259',
  observer: '#f9d5a7',
  interesting: '#bfe3c0',
  vote: '#fff3b0',
  sync: '#ffffff',
} as const

const SPACE = '&nbsp;'.repeat(6)
const LEGEND = [
  ['vote', 'vote'],
  ['interesting', 'interesting event'],
  ['observer', 'observer'],
  ['end', 'ends an election'],
] as const

/** `facts`: those of one peer, from its first. A picture of more than some hundred events is hard to read. */
export function toDot<P>(group: Group<P>, facts: Iterable<ParsecFact>, options: DotOptions<P> = {}): string {
  const inspection = inspect(group, facts)
  const names = namesOf(inspection, options)
  const notes = notesOf(inspection, names)
  const places = placesOf(inspection, notes)
  const lanes = inspection.peers.map((_, peer) => laneHead(peer, names, places.lanes[peer] ?? 0))
  const events = inspection.events.map((_, event) => {
    const { x, y } = places.events[event] ?? { x: 0, y: 0 }
    return node(event, notes[event] as EventNotes, `${x},${y}!`)
  })
  const edges = inspection.events.flatMap(({ creator, selfParent, otherParent }, event) => [
    selfParent === null
      ? `e${event} -> lane${creator} [style=dotted, dir=none, color="#888888"];`
      : edge(event, selfParent, 'self'),
    ...(otherParent === null ? [] : [edge(event, otherParent, 'other')]),
  ])
  return [
    'digraph gossip {',
    '  layout=neato; inputscale=72; splines=true; outputorder=edgesfirst; bgcolor="white"; pad=0.15; fontname="Helvetica";',
    `  label=<${heading(options.title)}>; labelloc=t; fontsize=10;`,
    `  node [${NODE_STYLE}];`,
    '  edge [arrowsize=0.5, penwidth=0.8];',
    ...[...lanes, ...events, ...edges].map((line) => `  ${line}`),
    '}',
    '',
  ].join('\n')
}

function namesOf<P>({ peers }: Inspection<P>, options: DotOptions<P>): Names<P> {
  const nameOf = options.nameOf ?? ((id: PeerId): string => toHex(id.subarray(0, 4)))
  return {
    peer: (peer) => nameOf(peers[peer] as PeerId),
    observation: options.describe ?? ((observation) => described(observation, nameOf)),
  }
}

function described<P>(observation: Observation<P>, nameOf: (id: PeerId) => string): string {
  switch (observation.type) {
    case 'Add':
    case 'Remove':
      return `${observation.type} ${nameOf(observation.peerId)}`
    case 'Accusation':
      return `Accusation of ${nameOf(observation.offender)}: ${observation.malice.type}`
    default:
      return observation.type
  }
}

function laneHead<P>(peer: number, names: Names<P>, x: number): string {
  return `lane${peer} [label=<<B>${escaped(names.peer(peer))}</B>>, pos="${x},0!", shape=plaintext, style="", fontsize=14];`
}

function node(event: number, { kind, lines, isCounted }: EventNotes, pos: string): string {
  const border = kind === 'end' ? ', peripheries=2' : isCounted ? ', penwidth=2.5' : ''
  return `e${event} [label=<${label(lines)}>, pos="${pos}", fillcolor="${COLOURS[kind]}"${border}, class="${kind}"];`
}

/** From child to parent; the arrow shows which way the news went. */
function edge(child: number, parent: number, kind: 'self' | 'other'): string {
  const style = kind === 'self' ? 'color="#333333"' : 'color="#3a6ea5"'
  return `e${child} -> e${parent} [dir=back, ${style}, class="${kind}-parent"];`
}

function heading(title: string | undefined): string {
  const legend = LEGEND.map(([kind, text]) => `<FONT POINT-SIZE="14" COLOR="${COLOURS[kind]}">&#9632;</FONT> ${text}`)
  const first = title === undefined ? '' : `<FONT POINT-SIZE="16"><B>${escaped(title)}</B></FONT><BR/>`
  return `${first}${legend.join(SPACE)}${SPACE}thick border: counts`
}
