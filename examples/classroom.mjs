// A class on an embedded store: `node examples/classroom.mjs`, the story of classroom.py in Node.
//
// A teacher's backend makes an account in a new SQLite file. Its service account signs students up, each with a vault of
// their own. Every student, in a process of their own, hands in an essay. The grader, in another process, sees each upload,
// reads it, and writes a grade that the student reads. Every student then tries to get at the vaults of the others. One student
// leaves. In the end the whole log is verified.
//
// With `--join CLASSROOM.DB --token-file FILE` it goes on in a classroom that classroom.py made and left the backend's token of:
// it first reads what Python's students handed in. `classroom.py --look-in CLASSROOM.DB --token-file FILE` then reads what Node's did.
//
// Each process finds its location and its token in the environment. It has nothing else that opens a vault.

import { fork } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { devNull, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { Field, NotFound, connect, init, version } from 'strongroom'

const ESSAY = 300 * 1024 // bytes
const AT_ONCE = 4 // processes
const PATIENCE = 120_000 // milliseconds

/** Ends the process, and with it the demo, if what has to hold does not. */
function demand(holds, otherwise) {
  if (!holds) throw new Error(otherwise)
}

const sha256 = (content) => createHash('sha256').update(content)

/** The grade of an essay. It is fair in its way. */
const mark = (essay) => 'ABC'[sha256(essay).digest()[0] % 3]

// The backend: makes the account, signs students up, and ends an access.

/** All of it, in one SQLite file. */
async function tellTheStory(location, size, token) {
  const begin = performance.now()
  const say = (text) => console.log(`${((performance.now() - begin) / 1000).toFixed(2).padStart(6)} s  ${text}`)
  say(`Strongroom ${version}, a class of ${size}, in Node ${process.versions.node}, in ${location}`)

  let teacher
  if (token === undefined) {
    const kit = await init(location, { owner: 'teacher@example.edu' })
    teacher = await connect(location, kit.token)
    say('The account is made. Its owner is the teacher; the recovery code is to be printed and kept off line.')
    token = (await teacher.serviceAccounts.create('grader', { canCreateVaults: true, canManageUsers: true })).token
    say('The service account `grader` may create vaults and manage users, and nothing else.')
  }
  const backend = await connect(location, token, { app: 'backend/1.0' })
  if (!teacher) say(`${await read(backend, 'python')} essays and grades that were written in Python are read in Node.`)

  const students = []
  for (let number = 1; number <= size; number += 1) students.push(await signUp(backend, number))
  say(`${size} students have signed up. Each has a user, and a vault that they may write in.`)

  const after = await backend.changes.cursor()
  const vaults = students.map(({ vault }) => vault.id)
  const grader = start('grade', { location, token }, { after, vaults })
  const done = await eachAtOnce(students, ({ kit }) => start('hand-in', kit))
  const graded = await grader
  say(`${size} essays were handed in, ${AT_ONCE} at a time. Each was read, graded, and its grade read.`)

  const places = students.map(({ vault }, at) => [vault.id, done[at].item, done[at].file])
  const tried = await eachAtOnce(students, ({ kit }, at) =>
    start('pry', kit, { places: [...places.slice(at + 1), ...places.slice(0, at)], own: 1 })
  )
  const refused = tried.reduce((all, { refused }) => all + refused, 0)
  say(`Every student tried every classmate's vault: ${refused.toLocaleString('en')} calls, all \`NotFound\`.`)

  const { kit, vault } = students.at(-1)
  await backend.access.revoke(vault.id, kit.principal.id)
  await start('pry', kit, { places: places.slice(-1), own: 0 })
  say(`Student ${size} left, and the vault moved to a new key. What was theirs is not there for them.`)
  if (teacher) {
    const proof = await teacher.audit.verify()
    say(`The log is verified: ${proof.events} events, in a tree of ${proof.treeSize} leaves.`)
  }
  await backend.close()
  await teacher?.close()

  console.log(`\n${'milliseconds'.padEnd(46)}${'median'.padStart(8)}${'slowest'.padStart(9)}`)
  show('a student signs up', students.map(({ took }) => took))
  show(`an essay of ${ESSAY / 1024} KiB is handed in`, done.map(({ took }) => took))
  show('the grader sees it, after the commit', graded.seen)
  show('it is read, checked and graded', graded.took)
  show('the student has the grade, after the upload', done.map(({ waited }) => waited))
  console.log(`\nIn all ${((performance.now() - begin) / 1000).toFixed(1)} s.`)
}

/** A user, and a vault that this user may write in; and how long it took. */
async function signUp(backend, number) {
  const begin = performance.now()
  const email = `student-${number}@node.example.edu`
  const kit = await backend.users.create(email, { name: `Student ${number}` })
  const vault = await backend.vaults.create(`Student ${number}`, {
    description: 'Homework of this year, by node',
    externalId: `node-student-${number}`,
    access: { [email]: 'write' },
    retain: 'admin'
  })
  return { kit, vault, took: performance.now() - begin }
}

/** Reads the essays and grades of the students that signed up by a language, and answers how many there are. */
async function read(backend, language) {
  let count = 0
  for await (const vault of backend.vaults.list()) {
    if (!vault.description.endsWith(`by ${language}`)) continue
    for await (const { id } of backend.items.list(vault.id)) {
      const item = await backend.items.get(vault.id, id)
      const essay = await backend.files.read(vault.id, id, item.files[0].id)
      demand(sha256(essay).digest('hex') === item.field('sha256')?.value, `${item.title} of ${vault.name} is another essay`)
      demand(mark(essay) === item.field('grade')?.value, `${item.title} of ${vault.name} has another grade`)
      count += 1
    }
  }
  demand(count > 0, `there is nothing by ${language}`)
  return count
}

/** How long a step took. */
function show(step, times) {
  const sorted = times.toSorted((one, other) => one - other)
  const [median, slowest] = [sorted[sorted.length >> 1], sorted.at(-1)]
  console.log(`${step.padEnd(46)}${median.toFixed(1).padStart(8)}${slowest.toFixed(1).padStart(9)}`)
}

// The processes: a role, what it is given, and a token in the environment.

/** A process of this file, in another role, and what it answers. Its failure is the demo's. */
function start(role, { location, token }, given = {}) {
  const env = { ...process.env, STRONGROOM_LOCATION: location, STRONGROOM_TOKEN: token }
  const child = fork(fileURLToPath(import.meta.url), ['--role', role], { env, timeout: PATIENCE })
  child.send(given)
  return new Promise((resolve, reject) => {
    let answer
    child.once('message', (message) => (answer = message))
    child.once('error', reject)
    child.once('exit', (code) => (code === 0 ? resolve(answer) : reject(new Error('a process failed: what it says is above'))))
  })
}

/** Does something for each, some at a time, and answers all results in order. */
async function eachAtOnce(all, work) {
  const results = []
  const left = all.entries()
  const worker = async () => {
    for (const [at, one] of left) results[at] = await work(one, at)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  return results
}

/** The grader: reads each essay as it comes, checks that it is what the student sent, and writes a grade. */
async function grade(me, { after, vaults }) {
  const [seen, took] = [[], []]
  for await (const change of me.changes.watch({ after, vaults, kinds: ['file.attached'] })) {
    seen.push(Date.now() - change.at.getTime())
    const begin = performance.now()
    const item = await me.items.get(change.vaultId, change.itemId)
    const essay = await me.files.read(change.vaultId, change.itemId, change.fileId)
    demand(item.field('sha256')?.value === sha256(essay).digest('hex'), `${item.id} is another essay`)
    const setFields = [new Field('grade', mark(essay), { type: 'concealed' })]
    await me.items.update(item.vaultId, item.id, { setFields, ifVersion: item.version })
    took.push(performance.now() - begin)
    if (seen.length === vaults.length) break
  }
  return { seen, took }
}

/** A student: hands an essay in, waits for the grade and reads it. */
async function handIn(me) {
  const { data: vaults } = await me.vaults.list()
  demand(vaults.length === 1, `${me.me.name} sees ${vaults.length} vaults, and not just their own`)
  const essay = randomBytes(ESSAY)
  const digest = sha256(essay).digest('hex')
  const after = await me.changes.cursor()
  const begin = performance.now()
  const item = await me.items.create(vaults[0].id, {
    title: 'Homework 1',
    category: 'document',
    fields: [new Field('pin', randomBytes(4).toString('hex'), { type: 'concealed' }), new Field('sha256', digest)],
    files: [['essay.pdf', essay]]
  })
  const uploaded = performance.now()
  for await (const _ of me.changes.watch({ after, kinds: ['item.updated'] })) break
  const read = (await me.items.get(item.vaultId, item.id)).field('grade')
  const waited = performance.now() - uploaded
  demand(read?.value === mark(essay), `${me.me.name} reads another grade`)
  return { item: item.id, file: item.files[0].id, took: uploaded - begin, waited }
}

/** A student who tries every operation on the first of these vaults, and to read in each of the others. */
async function pry(me, { places, own }) {
  const { data: vaults } = await me.vaults.list()
  demand(vaults.length === own, `${me.me.name} sees ${vaults.length} vaults, not ${own}`)
  let refused = 0
  for (const [number, [vault, item, file]] of places.entries()) {
    const here = [vault, item]
    const reads = [
      () => me.vaults.get(vault),
      () => me.items.list(vault),
      () => me.items.get(...here),
      () => me.files.read(...here, file),
      () => me.secrets.resolve(`op://${vault}/${item}/pin`)
    ]
    const others = [
      () => me.vaults.update(vault, { name: 'Mine' }),
      () => me.vaults.delete(vault),
      () => me.access.list(vault),
      () => me.access.grant(vault, me.me.id, 'read'),
      () => me.access.revoke(vault, me.me.id),
      () => me.items.history(...here),
      () => me.items.create(vault, { title: 'Homework 1' }),
      () => me.items.update(...here, { title: 'Mine' }),
      () => me.items.archive(...here),
      () => me.items.restore(...here),
      () => me.items.delete(...here),
      () => me.files.open(...here, file),
      () => me.files.download(...here, file, { to: devNull }),
      () => me.files.attach(...here, 'mine.pdf', Buffer.from('mine')),
      () => me.files.detach(...here, file)
    ]
    for (const [which, call] of (number === 0 ? [...reads, ...others] : reads).entries()) {
      try {
        await call()
      } catch (error) {
        if (!(error instanceof NotFound)) throw error
        refused += 1
        continue
      }
      throw new Error(`${me.me.name} got through to ${vault} by call ${which}`)
    }
    const told = (await me.changes.list({ vaults: [vault] })).data.map(({ kind }) => kind)
    // Who was in it is told that they were put out, and nothing else.
    demand(told.join() === (own ? '' : 'access.revoked'), `${me.me.name} sees what changes in ${vault}: ${told}`)
  }
  return { refused }
}

const ROLES = { grade, 'hand-in': handIn, pry }

/** One process of the story. */
async function play(role) {
  const given = await new Promise((resolve) => process.once('message', resolve))
  const me = await connect({ app: `${role}/1.0` })
  process.send(await ROLES[role](me, given))
  await me.close()
  process.disconnect()
}

const { values: chosen } = parseArgs({
  options: {
    students: { type: 'string', default: '10' },
    location: { type: 'string' },
    join: { type: 'string' },
    'token-file': { type: 'string' },
    role: { type: 'string' }
  }
})
if (chosen.role) {
  await play(chosen.role)
} else if (chosen.join) {
  await tellTheStory(chosen.join, Number(chosen.students), readFileSync(chosen['token-file'], 'utf8').trim())
} else if (chosen.location) {
  await tellTheStory(chosen.location, Number(chosen.students))
} else {
  const folder = mkdtempSync(join(tmpdir(), 'strongroom-'))
  try {
    await tellTheStory(join(folder, 'classroom.db'), Number(chosen.students))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
