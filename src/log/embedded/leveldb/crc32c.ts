/**
 * @module log/embedded/leveldb/crc32c
 *
 * CRC-32C (Castagnoli; RFC 3720 §12.1) as LevelDB stores it. Node has CRC-32 only. Eight bytes at a time, by tables.
 */

const POLYNOMIAL = 0x82f63b78
const MASK_DELTA = 0xa282ead8

/** Eight tables of 256: `TABLES[256 * k + byte]` is what a byte does to the checksum from k places further back. */
const TABLES = new Int32Array(8 * 256)
for (let byte = 0; byte < 256; byte += 1) {
  let crc = byte
  for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1
  TABLES[byte] = crc
}
for (let i = 256; i < TABLES.length; i += 1) {
  const before = TABLES[i - 256] as number
  TABLES[i] = (before >>> 8) ^ (TABLES[before & 0xff] as number)
}

const at = (table: number, byte: number): number => TABLES[256 * table + byte] as number

export function crc32c(bytes: Uint8Array, from = 0, to = bytes.length): number {
  let crc = -1
  let i = from
  for (; i + 8 <= to; i += 8) {
    const low =
      crc ^
      ((bytes[i] as number) |
        ((bytes[i + 1] as number) << 8) |
        ((bytes[i + 2] as number) << 16) |
        ((bytes[i + 3] as number) << 24))
    crc =
      at(7, low & 0xff) ^
      at(6, (low >>> 8) & 0xff) ^
      at(5, (low >>> 16) & 0xff) ^
      at(4, low >>> 24) ^
      at(3, bytes[i + 4] as number) ^
      at(2, bytes[i + 5] as number) ^
      at(1, bytes[i + 6] as number) ^
      at(0, bytes[i + 7] as number)
  }
  for (; i < to; i += 1) crc = (crc >>> 8) ^ at(0, (crc ^ (bytes[i] as number)) & 0xff)
  return ~crc >>> 0
}

/** LevelDB masks its checksums, as checksums of data that holds checksums are weak. */
export function masked(crc: number): number {
  return (((crc >>> 15) | (crc << 17)) + MASK_DELTA) >>> 0
}
