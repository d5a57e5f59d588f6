// Values of case files: names of what was saved, and the forms that stand for bytes, long texts and instants.

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'

const UNITS = { s: 1, m: 60, h: 3600, d: 86400 }

const isObject = (value) => value !== null && typeof value === 'object' && !Array.isArray(value) && !Buffer.isBuffer(value)

/** Whether this is the one form of that name. */
const form = (value, name) => isObject(value) && Object.keys(value).length === 1 && name in value

function find(path, saved) {
  return path.split('.').reduce((value, part, at) => {
    assert(value !== null && typeof value === 'object' && (at > 0 || part in value), `nothing was saved as \`${path}\``)
    return value[part] ?? null
  }, saved)
}

function substituted(text, saved) {
  const whole = /^\$(\w+(?:\.\w+)*)$/.exec(text)
  if (whole) return find(whole[1], saved)
  return text.replace(/\$(\w+(?:\.\w+)*)/g, (_, path) => {
    const value = find(path, saved)
    assert.equal(typeof value, 'string', `\`${path}\` is no text`)
    return value
  })
}

function numbered(value, number) {
  if (typeof value === 'string') return value.replaceAll('#', number)
  if (Array.isArray(value)) return value.map((each) => numbered(each, number))
  if (!isObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, numbered(each, number)]))
}

/** The value with every `$name.path` replaced by what was saved, and every form by what it stands for. */
export function resolve(value, saved) {
  if (typeof value === 'string') return substituted(value, saved)
  if (Array.isArray(value)) return value.map((each) => resolve(each, saved))
  if (!isObject(value)) return value
  if (form(value, '$in')) return instant(value.$in)
  if (form(value, '$text')) return value.$text.repeat.repeat(value.$text.times)
  if (form(value, '$list')) {
    const { of, times } = value.$list
    return Array.from({ length: times }, (_, at) => resolve(numbered(of, String(at + 1)), saved))
  }
  const key = (key) => (key.startsWith('$') && key.slice(1).split('.')[0] in saved ? substituted(key, saved) : key)
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [key(name), resolve(each, saved)]))
}

/** The bytes that `$utf8` or `$bytes` stands for; nothing for other values. */
export function content(value) {
  if (form(value, '$utf8')) return Buffer.from(value.$utf8)
  if (form(value, '$bytes')) return Buffer.from(value.$bytes.repeat.repeat(value.$bytes.times))
}

/** Bytes as an answer shows them. */
export const shown = (bytes) => ({ $sha256: createHash('sha256').update(bytes).digest('hex'), size: bytes.length })

/** The instant so far from now. */
export function instant(distance) {
  const parts = /^([+-]\d+)([smhd])$/.exec(distance)
  assert(parts, `\`${distance}\` is no distance in time: one is \`+1h\``)
  return new Date(Date.now() + Number(parts[1]) * UNITS[parts[2]] * 1000).toISOString()
}
