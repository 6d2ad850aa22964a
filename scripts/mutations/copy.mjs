// A copy of the compiled code that one mutation at a time is made in.
import { spawn } from 'node:child_process';
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const TIMEOUT_MS = 240_000;

/** How often the code that a mutation changes is there. */
export function placesOf(build, { file, find }) {
  const path = join(build, 'lib', file);
  if (!existsSync(path)) return 0;
  return [...readFileSync(path, 'utf8').matchAll(patternOf(find))].length;
}

/** The compiler breaks and indents lines as it likes. */
function patternOf(find) {
  const escaped = find.trim().replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(escaped.replace(/\s+/g, '\\s+'), 'g');
}

export class Copy {
  #root;

  constructor(root, build, number) {
    this.#root = root;
    // As deep as the build, because tests look for files of the repository from where they are.
    this.folder = `${build}-mutated-${number}`;
    rmSync(this.folder, { recursive: true, force: true });
    cpSync(build, this.folder, { recursive: true });
  }

  /** Makes the change, runs the test, and takes the change back. */
  async judge(mutation) {
    const { file, find, replace, test, testFile } = mutation;
    const places = placesOf(this.folder, mutation);
    if (places !== 1) {
      return { isNoticed: false, text: `the code is there ${places} times in lib/${file}` };
    }
    if (testFile === undefined) return { isNoticed: false, text: 'there is no test beside it' };
    const path = join(this.folder, 'lib', file);
    const code = readFileSync(path, 'utf8');
    writeFileSync(
      path,
      code.replace(patternOf(find), () => replace),
    );
    try {
      const failed = await this.firstFailure([testFile], test);
      return { isNoticed: failed !== undefined, text: failed ?? '' };
    } finally {
      writeFileSync(path, code);
    }
  }

  /** The title of the first test that fails, or `undefined`. */
  async firstFailure(testFiles, title) {
    const options = ['--no-config', '--bail', '--timeout', '20000', '--reporter', 'json', '--exit'];
    const only = title === undefined ? [] : ['--fgrep', title];
    const files = testFiles.map((name) => join(this.folder, 'test', name));
    const mocha = join(this.#root, 'node_modules/mocha/bin/mocha.js');
    const child = spawn(process.execPath, [mocha, ...options, ...only, ...files], {
      cwd: this.#root,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const timer = setTimeout(() => child.kill('SIGKILL'), TIMEOUT_MS);
    let output = '';
    for await (const chunk of child.stdout) output += chunk;
    clearTimeout(timer);
    const from = output.indexOf('{\n  "stats"');
    if (from === -1) return 'the tests did not come to an end';
    const report = JSON.parse(output.slice(from));
    if (report.stats.tests === 0) return undefined;
    return report.failures[0]?.fullTitle;
  }
}
