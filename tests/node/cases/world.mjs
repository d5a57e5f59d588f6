// One case's account: its clients, its feeds, and what its steps saved.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import * as strongroom from 'strongroom'
import { camelCase, javascript, snakeCase } from './arguments.mjs'
import { check } from './matching.mjs'
import { Server } from './server.mjs'
import * as values from './values.mjs'

const OWNER = 'owner@example.edu'
/** Milliseconds after which a change that does not come is missed. */
const PATIENCE = 20_000
// Calls that need no connection.
const ALONE = [
  ...['init', 'connect', 'accept', 'drop', 'secrets.validate', 'secrets.generate'],
  ...['time', 'wait', 'feed.take', 'feed.cursor', 'feed.close']
]

const { Credential, Field, Pages, StrongroomError } = strongroom
const CLASSES = Object.fromEntries(
  Object.values(strongroom)
    .filter((one) => one?.prototype instanceof StrongroomError)
    .map((one) => [one.code, one])
)

/** The answer by the API's names, with secrets in plain; the rows of lists by themselves. */
function shown(answer) {
  if (answer === undefined) return null
  if (answer === null || typeof answer !== 'object') return answer
  if (answer instanceof Date) return answer.toISOString()
  if (Buffer.isBuffer(answer)) return values.shown(answer)
  if (Array.isArray(answer)) return answer.map(shown)
  if (answer instanceof StrongroomError) {
    const { code, message, operation, id } = answer
    const name = snakeCase(operation)
    return { error: code, message: message.replace(operation, name), operation: name, id: id ?? null }
  }
  const { token, recovery } = answer
  const secret = answer instanceof Credential ? { token, recovery } : answer instanceof Field ? { value: answer.value } : {}
  assert(Object.isFrozen(answer) || answer.constructor === Object, 'a result is not frozen')
  const members = Object.entries({ ...answer, ...secret })
  return Object.fromEntries(members.filter(([, value]) => value !== undefined).map(([name, value]) => [snakeCase(name), shown(value)]))
}

async function rows(pages) {
  const all = []
  for await (const row of pages) all.push(row)
  return all
}

/** The next change, or nothing at the end. */
async function next(feed) {
  const late = AbortSignal.timeout(PATIENCE)
  const missed = new Promise((_, reject) => {
    late.addEventListener('abort', () => reject(new assert.AssertionError({ message: 'a change did not come' })))
  })
  return (await Promise.race([feed.next(), missed])).value
}

let number = 0

/** Where a backend keeps an account of this path. */
function place(backend, path) {
  if (!backend.endsWith('postgresql')) return `${backend === 'memory' ? 'memory' : 'sqlite'}:${path}`
  const server = process.env.STRONGROOM_TEST_POSTGRESQL
  assert(server, 'PostgreSQL is not started: run `make test-node`, or `python tests/postgresql.py run node --test …`')
  return `${server}?schema=node_${process.pid}_${number++}&pool=2`
}

/** A fresh account for a case, on a backend. */
export class World {
  constructor(backend, directory) {
    this.directory = directory
    this.places = ['case.db', 'elsewhere.db'].map((name) => place(backend, join(directory, name)))
    this.saved = { location: this.places[0], elsewhere: this.places[1] }
    this.serves = backend.startsWith('server')
    this.clients = {}
    this.feeds = {}
  }

  /** Takes all steps of the case. */
  async run(suite, trial) {
    try {
      const made = await strongroom.init(this.places[0], { owner: OWNER })
      if (this.serves) {
        this.server = await Server.over(this.places[0], join(this.directory, 'server.log'))
        this.saved.location = this.server.location
      }
      const { location } = this.saved
      this.saved.owner = { ...shown(made), location }
      this.saved.rescue = { token: made.recovery, location }
      for (const [part, steps] of [['before', suite.before], ['step', trial.steps]]) {
        for (const [at, step] of steps.entries()) {
          try {
            await this.take(step, trial.message_lacks)
          } catch (error) {
            throw new assert.AssertionError({ message: `${part} ${at + 1} (${step.call} as ${step.as}): ${error.stack}` })
          }
        }
      }
    } finally {
      await this.end()
    }
  }

  async end() {
    for (const feed of Object.values(this.feeds)) feed.close()
    for (const client of Object.values(this.clients)) await client.close()
    await this.server?.end()
    for (const place of this.places) {
      try {
        strongroom.drop(place)
      } catch (error) {
        assert(error instanceof StrongroomError)
      }
    }
  }

  /** Takes one step and checks what came of it. */
  async take(step, lacks) {
    let answer
    try {
      const client = ALONE.includes(step.call) ? undefined : await this.client(step.as)
      const resolved = values.resolve(step.args, this.saved)
      answer = await this.call(step, client, resolved)
    } catch (error) {
      if (!(error instanceof StrongroomError) || step.error === undefined) throw error
      this.checkError(step, lacks, error)
      return
    }
    assert.equal(step.error, undefined, `it answered ${JSON.stringify(answer)}, and was to be refused as ${step.error}`)
    if ('expect' in step) check(values.resolve(step.expect, this.saved), answer)
    if ('save' in step) this.saved[step.save] = answer
  }

  /** The connection of this name, made at its first use. */
  async client(name) {
    if (!this.clients[name]) {
      const saved = this.saved[name]
      assert(saved?.token, `\`${name}\` is no saved credential`)
      this.clients[name] = await strongroom.connect(saved.location ?? this.saved.location, saved.token)
    }
    return this.clients[name]
  }

  /** Makes the call, and answers as the cases do. */
  async call(step, client, resolved) {
    const place = { init: this.places[0], connect: this.saved.location }[step.call]
    const args = place === undefined ? resolved : { location: place, ...resolved }
    const { all, list } = javascript(step.call, args, this.directory)
    switch (step.call) {
      case 'time':
        return values.instant(all.in)
      case 'wait':
        return void (await sleep(all.seconds * 1000))
      case 'me':
      case 'account':
        return shown(client[step.call])
      case 'connect':
        return this.connected(step, await strongroom.connect(...list))
      case 'with_options':
        return this.connected(step, client.withOptions(all))
      case 'changes.watch':
        return this.watch(step, client.changes.watch(all))
      case 'feed.take':
        return this.taken(this.feeds[all.feed], step.take)
      case 'feed.cursor':
        return this.feeds[all.feed].cursor
      case 'feed.close':
        return this.closed(this.feeds[all.feed])
    }
    const coming = this.found(step.call, client)(...list)
    if (step.call === 'changes.list') {
      const { data, cursor, hasMore } = await coming
      return { data: shown(data), cursor, has_more: hasMore }
    }
    const answer = coming instanceof Pages ? await rows(coming) : await coming
    if (step.call === 'files.open') {
      const parts = []
      for (const [offset, length] of step.reads) parts.push(shown(await answer.readAt(offset, length)))
      await answer.close()
      return parts
    }
    if (step.call === 'files.download') return shown(readFileSync(all.to))
    all.save?.check(answer)
    return step.call === 'rotate_token' ? { token: answer } : shown(answer)
  }

  /** The call by its dotted name: of the client, or of the package. */
  found(call, client) {
    const path = call.split('.').map(camelCase)
    const name = path.pop()
    const place = path.reduce((place, part) => place[part], client ?? strongroom)
    assert(typeof place[name] === 'function', `there is no ${call}`)
    return place[name].bind(place)
  }

  connected(step, client) {
    this.clients[step.save ?? `unnamed ${Object.keys(this.clients).length}`] = client
    return shown(client.me)
  }

  async watch(step, feed) {
    if (step.save !== undefined) {
      this.feeds[step.save] = feed
      return null
    }
    const taken = await this.taken(feed, step.take)
    await this.closed(feed)
    return taken
  }

  async taken(feed, count) {
    const taken = []
    while (taken.length < count) {
      const change = await next(feed)
      assert(change, `no more changes came than ${JSON.stringify(taken)}`)
      taken.push(shown(change))
    }
    return taken
  }

  /** A closed feed ends. */
  async closed(feed) {
    feed.close()
    assert.equal(await next(feed), undefined, 'the closed feed goes on')
    return null
  }

  /** It is the error that was expected, and tells no secret. */
  checkError(step, lacks, error) {
    assert(CLASSES[step.error], `\`${step.error}\` is no code of an error`)
    assert.equal(error.code, step.error, `it was refused, not as ${step.error}: ${error.stack}`)
    assert.equal(error.constructor, CLASSES[error.code])
    check('operation' in step ? step.operation : step.call, snakeCase(error.operation), 'the operation')
    if ('error_id' in step) check(values.resolve(step.error_id, this.saved), error.id ?? null, 'the id')
    if ('message_has' in step) {
      const part = values.resolve(step.message_has, this.saved)
      assert(error.message.includes(part), `${error.message} lacks ${part}`)
    }
    for (const part of [...lacks, ...step.message_lacks]) {
      assert(!error.message.includes(values.resolve(part, this.saved)), error.message)
    }
    for (const { token } of Object.values(this.saved).filter((one) => one?.token)) {
      assert(!error.stack.includes(token), 'the message has a token in it')
    }
  }
}
