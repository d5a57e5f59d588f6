// Whether an answer is what a case expects.

import assert from 'node:assert/strict'
import { inspect, isDeepStrictEqual } from 'node:util'
import * as values from './values.mjs'

const isObject = (value) => value !== null && typeof value === 'object' && !Array.isArray(value)

const KINDS = {
  string: (found) => typeof found === 'string',
  number: (found) => typeof found === 'number',
  bool: (found) => typeof found === 'boolean',
  array: Array.isArray,
  object: isObject,
  time: (found) => typeof found === 'string' && /^\d{4}-.*Z$/.test(found) && !Number.isNaN(Date.parse(found))
}

/** Refuses an answer that does not match, and says where. */
export function check(expected, found, place = 'the answer') {
  const content = values.content(expected)
  if (content) expected = values.shown(content)
  if (isObject(expected) && Object.keys(expected).some((key) => key.startsWith('$') && key !== '$sha256')) {
    for (const [operator, value] of Object.entries(expected)) {
      assert(holds(operator, value, found), `${place} is ${inspect(found)}, and not ${operator} ${inspect(value)}`)
    }
  } else if (isObject(expected) && isObject(found)) {
    for (const [key, value] of Object.entries(expected)) {
      if (isObject(value) && '$absent' in value) {
        assert(!(key in found), `${place}.${key} is there`)
      } else {
        // What is absent in JavaScript is null in the cases.
        check(value, found[key] ?? null, `${place}.${key}`)
      }
    }
  } else if (Array.isArray(expected) && Array.isArray(found) && expected.length === found.length) {
    expected.forEach((each, at) => check(each, found[at], `${place}[${at}]`))
  } else {
    assert(isDeepStrictEqual(expected, found ?? null), `${place} is ${inspect(found)}, not ${inspect(expected)}`)
  }
}

function matches(expected, found) {
  try {
    check(expected, found)
    return true
  } catch {
    return false
  }
}

function holds(operator, value, found) {
  switch (operator) {
    case '$any':
      return KINDS[value](found)
    case '$contains':
      if (Array.isArray(found)) return found.some((each) => matches(value, each))
      return typeof found === 'string' && found.includes(value)
    case '$length':
      return (Array.isArray(found) ? found.length : Buffer.byteLength(found)) === value
    case '$not':
      return !matches(value, found)
    case '$prefix':
      return typeof found === 'string' && found.startsWith(value)
  }
  throw new Error(`\`${operator}\` is no operator`)
}
