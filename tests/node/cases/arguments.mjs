// From a case's arguments, by their names, to JavaScript's: those that stand first, and the object of the rest.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { createRequire } from 'node:module'
import { Conflict, Field } from 'strongroom'
import * as values from './values.mjs'

const native = createRequire(import.meta.url)('../../../bindings-node/lib/native.js')

export const camelCase = (name) => name.replace(/_([a-z])/g, (_, letter) => letter.toUpperCase())
export const snakeCase = (name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

/** The arguments that stand first, by the name of the call. */
const FIRST = Object.fromEntries(native.operations().map(([, , name, , args]) => [name, args.split(' ').filter(Boolean)]))
Object.assign(FIRST, { 'secrets.validate': ['reference'], drop: ['location'], 'changes.consumer': ['name'] })

/** What is passed as `save`: a hook that keeps the credential, or one that refuses it. */
function keeper(does) {
  assert(['keep', 'refuse'].includes(does), `save can't be ${does}`)
  const kept = []
  const save = async (credential) => {
    if (does === 'refuse') throw new Conflict('it was not kept')
    kept.push(credential.token)
  }
  save.check = (made) => {
    const tokens = (Array.isArray(made) ? made : [made]).map((one) => one.token ?? one)
    assert.deepEqual(kept, tokens, 'save was not called with it')
  }
  return save
}

const seconds = (value) => value * 1000
const time = (text) => new Date(text)
const field = ({ label, value, ...options }) => new Field(label, value, options)

function form(name, value, directory) {
  const rows = () => value.map((row) => (row !== null && typeof row === 'object' ? named(row, directory) : row))
  switch (name) {
    case 'fields':
    case 'set_fields':
      return value.map(field)
    case 'specs':
    case 'users':
    case 'grants':
    case 'items':
      return rows()
    case 'expires_at':
    case 'at':
    case 'since':
    case 'until':
      return time(value)
    case 'save':
      return keeper(value)
    case 'state':
    case 'to':
    case 'path':
      return join(directory, value)
    case 'timeout':
      return seconds(value)
    default:
      return value
  }
}

/** The value with contents as bytes, without members that are null, which is as good as leaving them out. */
function given(value) {
  const content = values.content(value)
  if (content) return content
  if (Array.isArray(value)) return value.map(given)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, each]) => each !== null)
      .map(([key, each]) => [key, given(each)])
  )
}

/** The arguments by JavaScript's names. */
function named(args, directory) {
  const name = (name) => (name === 'timeout' ? 'timeoutMs' : camelCase(name))
  return Object.fromEntries(Object.entries(args).map(([key, value]) => [name(key), form(key, value, directory)]))
}

/** The arguments of the call in order, and all of them by name. */
export function javascript(call, args, directory) {
  const all = named(given(args), directory)
  const first = (FIRST[call] ?? []).map((name) => all[camelCase(name)])
  const rest = Object.fromEntries(Object.entries(all).filter(([name]) => !(FIRST[call] ?? []).includes(snakeCase(name))))
  return { all, list: [...first, ...(Object.keys(rest).length > 0 ? [rest] : [])] }
}
