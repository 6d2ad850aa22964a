// Finds the mutations that stand beside the tests.
import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const require = createRequire(import.meta.url);
const ENDING = '.mutations.js';

/** Each with `place`, such as `truth/barrier`, and `testFile`, the test beside it, below `test/`. */
export function readMutations(build) {
  return readdirSync(join(build, 'test'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(ENDING))
    .sort()
    .flatMap((name) => {
      const place = name.slice(0, -ENDING.length);
      const tests = [`${place}.test.js`, `${place}.real.test.js`];
      const testFile = tests.find((test) => existsSync(join(build, 'test', test)));
      const { mutations } = require(join(build, 'test', name));
      return mutations.map((mutation) => ({ ...mutation, place, testFile }));
    });
}
