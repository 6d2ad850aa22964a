import { readFileSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';

/** The name in the nearest package.json above a folder. One without a name only sets the kind of modules. */
export function packageNameAbove(folder: string): string | undefined {
  for (let at = folder; ; at = dirname(at)) {
    const name = nameIn(join(at, 'package.json'));
    if (name !== undefined || dirname(at) === at) return name;
  }
}

function nameIn(file: string): string | undefined {
  try {
    const { name } = JSON.parse(readFileSync(file, 'utf8')) as { readonly name?: unknown };
    return typeof name === 'string' && name !== '' ? name : undefined;
  } catch {
    return undefined;
  }
}

let known: { readonly name: string | undefined } | undefined;

/**
 * The package name of the application: that of the program that was started. A program inside of node_modules is
 * a tool, such as a test runner; then that of the working directory.
 */
export function applicationName(): string | undefined {
  known ??= { name: find() };
  return known.name;
}

function find(): string | undefined {
  const program = process.argv[1];
  const isTool = program === undefined || program.split(sep).includes('node_modules');
  try {
    return packageNameAbove(isTool ? process.cwd() : dirname(program));
  } catch {
    // The working directory was removed.
    return undefined;
  }
}
