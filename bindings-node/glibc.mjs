// The newest glibc that a library needs, and whether that is too new: `node glibc.mjs 2.31 strongroom.linux-x64-gnu.node`.

import { execFileSync } from 'node:child_process'
import { argv, exit } from 'node:process'

const number = (version) => version.split('.').map(Number).reduce((sum, part, place) => sum + part / 1000 ** place, 0)

/** The newest version of glibc among those that a library names, such as `2.28`. */
export function neededGlibc(library) {
  const names = execFileSync('readelf', ['--version-info', '--wide', library], { encoding: 'utf8', maxBuffer: 1 << 28 })
  const versions = [...names.matchAll(/\bGLIBC_(\d+(?:\.\d+)+)/g)].map(([, version]) => version)
  return versions.sort((one, other) => number(one) - number(other)).at(-1)
}

/** Refuses a library that needs a newer glibc than this. */
export function checkGlibc(most, library) {
  const needed = neededGlibc(library)
  console.log(`${library} needs glibc ${needed}`)
  if (number(needed) > number(most)) {
    console.error(`that is newer than ${most}: build it with --target …-gnu.${most}`)
    exit(1)
  }
}

if (argv[1] === import.meta.filename) checkGlibc(argv[2], argv[3])
