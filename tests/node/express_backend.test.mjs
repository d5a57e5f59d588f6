// examples/express_backend as its users start it: one worker, and four on one database.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect } from 'strongroom'
import { folder } from './account.mjs'

const SERVE = join(import.meta.dirname, '../../examples/express_backend/serve.mjs')
const STUDENTS = 12
const PATIENCE = 60_000 // milliseconds
const MIB = 1024 * 1024

async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address()
  probe.close()
  await once(probe, 'close')
  return port
}

/** Tries until it succeeds. */
async function eventually(work, otherwise) {
  const until = Date.now() + PATIENCE
  for (;;) {
    const answer = await work()
    if (answer) return answer
    assert(Date.now() < until, otherwise())
    await sleep(50)
  }
}

/** A running backend. */
class School {
  static async open(t, workers) {
    const school = new School()
    const place = folder(t)
    school.database = join(place, 'school.db')
    school.logged = join(place, 'log')
    const port = await freePort()
    school.web = `http://127.0.0.1:${port}`
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(STRONGROOM|NODE_TEST|NODE_CHANNEL)_/.test(name)))
    const log = openSync(school.logged, 'w')
    const args = [SERVE, '--database', school.database, '--port', String(port), '--workers', String(workers)]
    school.process = spawn(process.execPath, args, { stdio: ['ignore', log, log], env })
    school.ended = once(school.process, 'exit')
    closeSync(log)
    t.after(() => school.process.kill('SIGKILL'))
    await eventually(
      () => fetch(school.web).then(() => true, () => (assert.equal(school.process.exitCode, null, school.log()), false)),
      () => school.log()
    )
    return school
  }

  log() {
    return readFileSync(this.logged, 'utf8')
  }

  async signUp(email, name) {
    const headers = { 'content-type': 'application/json' }
    const answer = await fetch(`${this.web}/students`, { method: 'POST', headers, body: JSON.stringify({ email, name }) })
    return { status: answer.status, ...(await answer.json()) }
  }

  async look(item, token) {
    const answer = await fetch(`${this.web}/homework/${item}`, { headers: token ? { authorization: `Bearer ${token}` } : {} })
    return { status: answer.status, ...(await answer.json()) }
  }

  /** Hands a file in, waits for its grade, and answers the item. */
  async handIn(token, size) {
    const block = Buffer.alloc(64 * 1024, 7)
    async function* content() {
      for (let at = 0; at < size; at += block.length) yield block
    }
    const headers = { authorization: `Bearer ${token}` }
    const answer = await fetch(`${this.web}/homework/Homework%201/essay.pdf`, {
      method: 'PUT',
      headers,
      body: ReadableStream.from(content()),
      duplex: 'half'
    })
    const made = await answer.json()
    assert.equal(answer.status, 201, JSON.stringify(made))
    assert.equal(made.size, size)
    const found = await eventually(
      async () => {
        const found = await this.look(made.item, token)
        return found.grade && found
      },
      () => `no grade: ${this.log()}`
    )
    assert.equal(found.title, 'Homework 1')
    return made.item
  }

  async end() {
    this.process.kill('SIGTERM')
    return this.ended
  }
}

for (const workers of [1, 4]) {
  test(`a class signs up at once and every file is graded once, with ${workers} workers`, async (t) => {
    const school = await School.open(t, workers)
    const numbers = Array.from({ length: STUDENTS }, (_, number) => number)
    const students = await Promise.all(numbers.map((number) => school.signUp(`student-${number}@example.edu`, `Student ${number}`)))
    for (const made of students) assert.equal(made.status, 201, JSON.stringify(made))
    const size = (number) => (number % 4 === 0 ? 3 * MIB : 256 * 1024)
    const items = await Promise.all(students.map(({ token }, number) => school.handIn(token, size(number))))

    assert.equal((await school.signUp('student-0@example.edu', 'Student 0')).status, 409)
    assert.equal((await school.look(items[0], students[1].token)).status, 404)
    assert.equal((await school.look(items[0])).status, 401)
    const wrong = await school.look(items[0], 'strongroom_usr_nonsense')
    assert.deepEqual([wrong.status, wrong.code], [401, 'unauthenticated'])
    assert.equal((await school.signUp('nobody', 'x')).status, 400)
    assert.equal((await school.signUp(undefined, 'x')).status, 400)
    assert.deepEqual(await school.end(), [0, null], school.log())

    const token = (name) => readFileSync(`${school.database}.${name}-token`, 'utf8')
    assert.equal(statSync(`${school.database}.owner-token`).mode & 0o077, 0)
    const grader = await connect(school.database, token('backend'))
    const versions = async (vault, item) => (await grader.items.history(vault, item)).data.map(({ version }) => version)
    // Made, its file attached, graded: no worker wrote over another's grade.
    for (const [at, item] of items.entries()) assert.deepEqual(await versions(students[at].vault, item), [1, 2, 3])
    assert.equal((await grader.vaults.list()).data.length, STUDENTS)
    await grader.close()
    const head = await connect(school.database, token('owner'))
    await head.audit.verify()
    await head.close()
    assert(!/^\s+at /m.test(school.log()), school.log())
  })
}
