/** Recorded facts under test/conformance, as JSON. */

import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'

export function readVectors(name: string): unknown {
  const path = new URL(`../conformance/${name}.json.gz`, import.meta.url)
  return JSON.parse(gunzipSync(readFileSync(path)).toString('utf8'))
}
