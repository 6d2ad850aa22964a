import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const SOURCE = 'test/support/clock-step/clock-step.c';

let compiled: Promise<string> | undefined;

/** The path of the library that moves a process' wall clock, compiled once a test run. Linux alone has it. */
export function clockStepLibrary(): Promise<string> {
  compiled ??= compile();
  return compiled;
}

async function compile(): Promise<string> {
  // By the working folder: the compiled tests may lie anywhere, and mocha starts in the root.
  const script = pathToFileURL(resolve('scripts/system-package.mjs')).href;
  const { ensureCommand } = (await import(script)) as {
    ensureCommand(wanted: object): string;
  };
  const compiler = ensureCommand({
    names: ['gcc', 'cc'],
    apt: ['gcc', 'libc6-dev'],
    brew: ['gcc'],
    log: console.log,
  });
  const dir = mkdtempSync(join(tmpdir(), 'clock-step-'));
  process.on('exit', () => rmSync(dir, { recursive: true, force: true }));
  const library = join(dir, 'clock-step.so');
  execFileSync(compiler, ['-O2', '-Wall', '-shared', '-fPIC', '-o', library, resolve(SOURCE)]);
  return library;
}
