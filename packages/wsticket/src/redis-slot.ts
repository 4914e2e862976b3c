/**
 * Which slot of a Redis Cluster a key is in (Redis Cluster specification, "Key distribution model").
 * @module
 */
const slotCount = 16_384
const crcPolynomial = 0x1021

const encoder = new TextEncoder()
// What stands between the first brace and the next that closes one decides, where there is something.
const tagForm = /^[^{]*\{([^}]+)\}/

/** The slot of a key, from 0 to 16,383: its CRC-16 (XMODEM). */
export function slotOf(key: string): number {
  let crc = 0
  for (const byte of encoder.encode(tagForm.exec(key)?.[1] ?? key)) {
    crc ^= byte << 8
    for (let bit = 0; bit < 8; bit += 1) crc = ((crc << 1) ^ (crc & 0x8000 ? crcPolynomial : 0)) & 0xffff
  }
  return crc % slotCount
}
