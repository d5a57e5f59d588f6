// The form of a case file. What it does not know is refused, so that no expectation is overlooked.

import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'

const DIRECTORY = new URL('../../cases/', import.meta.url)
export const BACKENDS = ['memory', 'sqlite', 'postgresql', 'server', 'server_on_postgresql']
// Capabilities that all backends have, and a face that has every name of the API, as this one does.
const MET = ['users', 'user_grants', 'changes', 'audit', 'files', 'every_name']

const STEP = [
  ...['call', 'as', 'args', 'save', 'expect', 'error', 'operation', 'error_id', 'message_has', 'message_lacks'],
  ...['take', 'reads']
]
const CASE = ['name', 'steps', 'needs', 'fails_yet', 'message_lacks']
const SUITE = ['about', 'cases', 'before']

function known(read, names, what) {
  for (const name of Object.keys(read)) assert(names.includes(name), `${what} has no ${name}`)
}

function step(read) {
  known(read, STEP, 'a step')
  const ofErrors = ['operation', 'error_id', 'message_has', 'message_lacks'].some((name) => name in read)
  assert(read.error || !ofErrors, `a step of ${read.call} says something of an error and expects none`)
  assert(!read.error || !('save' in read || 'expect' in read), `${read.call} expects an error and an answer`)
  return { as: 'owner', args: {}, message_lacks: [], take: 0, reads: [], ...read }
}

function trial(read) {
  known(read, CASE, 'a case')
  const { needs = [], message_lacks = [], steps, ...rest } = read
  const unknown = needs.filter((need) => ![...BACKENDS, ...MET].includes(need))
  assert.deepEqual(unknown, [], `${read.name}: it needs what nothing is`)
  return { ...rest, message_lacks, needs, steps: steps.map(step) }
}

/** Whether all is there that a case needs. */
export const runsOn = ({ needs }, backend) =>
  !needs.some((need) => BACKENDS.includes(need) && need !== backend.replace('_on_postgresql', ''))

/** Every case file, by name. */
export function load() {
  const names = readdirSync(DIRECTORY).filter((name) => name.endsWith('.json'))
  assert(names.length > 10, 'the cases were not found')
  return names.sort().map((name) => {
    const read = JSON.parse(readFileSync(new URL(name, DIRECTORY), 'utf8'))
    known(read, SUITE, name)
    const before = (read.before ?? []).map(step)
    return { name: name.replace('.json', ''), before, cases: read.cases.map(trial) }
  })
}
