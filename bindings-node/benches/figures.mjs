// What Node adds: a call against the same call in Rust; loading, memory and installed size against 1Password's SDK.
//
// `make bench` runs this with the package built for release, and with a folder that has the peer installed:
// `node figures.mjs STRONGROOM PEERS`, both folders that have a node_modules.

import { execFile } from 'node:child_process'
import { lstatSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { argv, cwd, env, execPath } from 'node:process'
import { promisify } from 'node:util'

const run = promisify(execFile)
const [own, peers] = argv.slice(2).map((folder) => resolve(folder))
const strongroom = createRequire(join(own, 'package.json'))('strongroom')

const ROUNDS = 5
const CALLS = 200
const ITEMS = 100
const RUST = ['bench', '--quiet', '--locked', '--bench', 'figures', '--', 'calls']
const MIB = 2 ** 20
// Run in a fresh process: milliseconds of the loading, and the resident bytes that it added.
const LOAD = (name) => `
  const { performance } = require('node:perf_hooks')
  const before = process.memoryUsage.rss(), began = performance.now()
  require('${name}')
  console.log(performance.now() - began, process.memoryUsage.rss() - before)
`

const median = (numbers) => numbers.toSorted((one, other) => one - other)[numbers.length >> 1]

async function micros(call) {
  const began = performance.now()
  await call()
  return (performance.now() - began) * 1000
}

async function prepare(folder) {
  const kit = await strongroom.init(join(folder, 'calls.db'), { owner: 'teacher@example.edu' })
  const client = await strongroom.connect(kit.location, kit.token)
  const vault = await client.vaults.create('Bench')
  const items = []
  for (let number = 0; number < ITEMS; number += 1) items.push(await client.items.create(vault.id, { title: `Homework ${number}` }))
  await client.close()
  return { kit, vault: vault.id, item: items[0].id }
}

async function inNode({ kit, vault, item }) {
  const client = await strongroom.connect(kit.location, kit.token)
  const found = { 'items.get': [], 'items.list': [], 'items.update': [] }
  for (let number = 0; number < CALLS; number += 1) {
    found['items.get'].push(await micros(() => client.items.get(vault, item)))
    found['items.list'].push(await micros(() => client.items.list(vault)))
    const notes = `round ${number} of Node`
    found['items.update'].push(await micros(() => client.items.update(vault, item, { notes })))
  }
  await client.close()
  return Object.fromEntries(Object.entries(found).map(([name, times]) => [name, median(times)]))
}

async function inRust({ kit, vault, item }) {
  const environment = { ...env, STRONGROOM_LOCATION: kit.location, STRONGROOM_TOKEN: kit.token }
  const { stdout } = await run('cargo', [...RUST, vault, item], { env: environment })
  return Object.fromEntries(stdout.trim().split('\n').map((line) => line.split(' ')).map(([name, time]) => [name, Number(time)]))
}

async function calls() {
  const folder = mkdtempSync(join(cwd(), '.tmp-bench-'))
  try {
    const account = await prepare(folder)
    const rounds = []
    for (let round = 0; round < ROUNDS; round += 1) rounds.push([await inNode(account), await inRust(account)])
    for (const name of Object.keys(rounds[0][0])) {
      const node = median(rounds.map(([mine]) => mine[name]))
      const rust = median(rounds.map(([, other]) => other[name]))
      const aim = rust > 100 ? '≤ 1.1' : '-, under 100 µs'
      console.log(`${name} from Node: ${node.toFixed(0)} µs | from Rust: ${rust.toFixed(0)} µs | ratio ${(node / rust).toFixed(2)} (aim ${aim})`)
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** The bytes of a folder. */
function size(folder) {
  const inside = readdirSync(folder, { recursive: true }).map((name) => lstatSync(join(folder, name)))
  return inside.filter((entry) => entry.isFile()).reduce((sum, entry) => sum + entry.size, 0)
}

async function loads() {
  const packages = { strongroom: own, '@1password/sdk': peers }
  const found = { strongroom: [], '@1password/sdk': [] }
  for (let round = 0; round < ROUNDS * 2; round += 1) {
    for (const [name, folder] of Object.entries(packages)) {
      const { stdout } = await run(execPath, ['-e', LOAD(name)], { cwd: folder })
      found[name].push(stdout.trim().split(' ').map(Number))
    }
  }
  const middle = (name, column) => median(found[name].map((row) => row[column]))
  const rows = Object.entries(packages).map(([name, folder]) => [middle(name, 0), middle(name, 1), size(join(folder, 'node_modules'))])
  const told = rows.map(([time, resident, installed]) => `${time.toFixed(1)} ms, ${(resident / MIB).toFixed(1)} MiB, ${(installed / MIB).toFixed(1)} MiB installed`)
  const ratios = rows[0].map((figure, column) => (figure / rows[1][column]).toFixed(2))
  console.log(`require strongroom: ${told[0]} | @1password/sdk: ${told[1]} | ratios ${ratios.join(', ')} (aim ≤ 0.15 of time and memory)`)
}

await calls()
await loads()
