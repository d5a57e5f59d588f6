#!/usr/bin/env node
'use strict'

// The command line, the same as the one from cargo and pip.

const native = require('../lib/native')

process.exitCode = native.main(['strongroom', ...process.argv.slice(2)])
