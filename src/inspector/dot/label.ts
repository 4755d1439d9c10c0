/**
 * @module inspector/dot/label
 *
 * The notes of an event as a graphviz table, and how big that table will be, in points.
 */

import type { Note, TextNote } from './notes.ts'

const LINE_HEIGHT = 13.5
/** Wide enough for whatever font stands in for Helvetica where the picture is shown. */
const CHARACTER_WIDTH = 5.6
const STRONG_CHARACTER_WIDTH = 6.4
const PADDING = 14
const COLUMNS = 6

export function label(notes: readonly Note[]): string {
  const rows = notes.map((note) => `<TR>${cells(note)}</TR>`).join('')
  return `<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="1">${rows}</TABLE>`
}

function cells(note: Note): string {
  if ('cells' in note) return note.cells.map((text) => cell(text, cellWidth(text))).join('')
  const text = note.isStrong === true ? `<B>${escaped(note.text)}</B>` : escaped(note.text)
  return `<TD ALIGN="LEFT" COLSPAN="${COLUMNS}" WIDTH="${Math.ceil(textWidth(note))}">${text}</TD>`
}

function cell(text: string, width: number): string {
  return `<TD ALIGN="LEFT" WIDTH="${Math.ceil(width)}">${escaped(text)}</TD>`
}

function cellWidth(text: string): number {
  return (text.length + 1) * CHARACTER_WIDTH
}

function textWidth(note: TextNote): number {
  return note.text.length * (note.isStrong === true ? STRONG_CHARACTER_WIDTH : CHARACTER_WIDTH)
}

export function heightOf(notes: readonly Note[]): number {
  return notes.length * LINE_HEIGHT + PADDING
}

/** An estimate, on the safe side. */
export function widthOf(notes: readonly Note[]): number {
  const columns = Array.from({ length: COLUMNS }, () => 0)
  let widest = 0
  for (const note of notes) {
    if ('text' in note) widest = Math.max(widest, textWidth(note))
    else for (const [i, text] of note.cells.entries()) columns[i] = Math.max(columns[i] ?? 0, cellWidth(text))
  }
  const table = columns.reduce((sum, width) => sum + width, 0)
  return Math.max(widest, table) + PADDING
}

export function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
