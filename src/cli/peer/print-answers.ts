/**
 * @module cli/peer/print-answers
 *
 * What a running peer answers, a line each: as JSON, or in words.
 */

import { line } from '../output.ts'
import { askOrRefuse, type ControlRequest } from './control.ts'
import { PeerFolder } from './folder.ts'

export async function printAnswers(
  path: string,
  request: ControlRequest,
  json: true | undefined,
  text: (value: object) => string,
): Promise<void> {
  for await (const value of await askOrRefuse(new PeerFolder(path).controlPath, path, request))
    line(json === true ? JSON.stringify(value) : text(value))
}
