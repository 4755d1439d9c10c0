/**
 * @module testing/conformance/files
 *
 * Recorded facts on disk: folders are searched, `.json` and `.json.gz` are read.
 */

import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'

export function findFiles(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path]
  return readdirSync(path, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.json(\.gz)?$/.test(name))
    .sort()
    .map((name) => join(path, name))
}

export function readJson(file: string): Readonly<Record<string, unknown>> {
  const bytes = readFileSync(file)
  const json: unknown = JSON.parse((file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8'))
  return typeof json === 'object' && json !== null ? (json as Record<string, unknown>) : {}
}
