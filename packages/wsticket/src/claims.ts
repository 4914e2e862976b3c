/**
 * Claims: what the operator lets a ticket say about its subject. Copied, bounded, without a prototype.
 * @module
 */
import { ConfigurationError } from './errors.ts'

/** A JSON value. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [member: string]: Json }

/** A JSON object that travels with the ticket and is handed to the application at admission. At most 4 KiB of JSON. */
export type Claims = { readonly [claim: string]: Json }

/** The most that {@link copyClaims} accepts, in UTF-8 bytes of JSON. */
export const maxClaimsBytes = 4096

/** No claims. */
export const noClaims: Claims = Object.freeze(Object.create(null))

const forbiddenMembers = new Set(['__proto__', 'constructor', 'prototype'])
const encoder = new TextEncoder()

/**
 * A frozen deep copy of claims as JSON carries them, whose objects have no prototype, and without members that could reach
 * one (`__proto__`, `constructor`, `prototype`), at any depth.
 * @throws ConfigurationError where the value is not a JSON object or larger than {@link maxClaimsBytes}: the grant is at fault.
 */
export function copyClaims(claims: object): Claims {
  const text = toJson(claims)
  if (text === undefined || !text.startsWith('{')) throw new ConfigurationError('claims', 'must be a JSON object')
  if (encoder.encode(text).length > maxClaimsBytes) {
    throw new ConfigurationError('claims', `must be at most ${maxClaimsBytes} bytes of JSON`)
  }
  return JSON.parse(text, withoutPrototype) as Claims
}

/** JSON text; undefined for what has none: a BigInt, a circle, a `toJSON` that throws. Errors may quote values: none passes. */
function toJson(value: object): string | undefined {
  try {
    return JSON.stringify(value)
  } catch {
    return undefined
  }
}

function withoutPrototype(_member: string, value: Json): Json {
  if (value === null || typeof value !== 'object') return value
  if (Array.isArray(value)) return Object.freeze(value)
  const copy: { [member: string]: Json } = Object.create(null)
  for (const [member, inner] of Object.entries(value)) {
    if (!forbiddenMembers.has(member)) copy[member] = inner
  }
  return Object.freeze(copy)
}
