#!/usr/bin/env node
// npx express-cache-health advise <address>

import { advise } from './advise.js';

void advise(process.argv.slice(2)).then(({ text, exitCode }) => {
  (exitCode === 0 ? process.stdout : process.stderr).write(`${text}\n`);
  process.exitCode = exitCode;
});
