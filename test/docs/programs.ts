import { type ChildProcess, execFile, fork } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { CodeBlock } from './markdown.js';

const ROOT = join(__dirname, '../../..');
const STUBS = join(ROOT, 'test/docs/stubs');
const PRELOAD = pathToFileURL(join(__dirname, 'preload.js')).href;
const RUN_FRAGMENT = join(__dirname, 'run-fragment.js');
/** Inside the repository, where `express` and the package itself are found by name. */
const WORKPLACE = join(ROOT, '.build/docs');

/** A page of the documents, with blocks of code. */
export interface Page {
  readonly name: string;
  readonly blocks: readonly CodeBlock[];
}

const TSCONFIG = {
  extends: join(ROOT, 'tsconfig.json'),
  compilerOptions: {
    rootDir: '.',
    outDir: 'out',
    allowJs: true,
    checkJs: true,
    noImplicitAny: false,
    isolatedDeclarations: false,
    declaration: false,
  },
  include: ['.'],
  exclude: ['out'],
};

/** The js and ts blocks of all pages, compiled together against the built package. */
export class Programs {
  readonly #errors: readonly string[];

  private constructor(errors: string) {
    this.#errors = errors.split('\n');
  }

  static async compile(pages: readonly Page[]): Promise<Programs> {
    await rm(WORKPLACE, { recursive: true, force: true });
    await mkdir(WORKPLACE, { recursive: true });
    await cp(STUBS, WORKPLACE, { recursive: true });
    await writeFile(join(WORKPLACE, 'tsconfig.json'), JSON.stringify(TSCONFIG));
    for (const { name, blocks } of pages) {
      await mkdir(join(WORKPLACE, folderOf(name)), { recursive: true });
      for (const block of blocks)
        await writeFile(join(WORKPLACE, fileOf(name, block)), asModule(block.text));
    }
    return new Programs(await compile(WORKPLACE));
  }

  /** The block of this page, as a program. */
  of(page: string, block: CodeBlock): PageProgram {
    const file = fileOf(page, block);
    const errors = this.#errors.filter((line) => line.startsWith(`${file}(`)).join('\n');
    return new PageProgram(errors, join(WORKPLACE, 'out', file.replace(/\.mts$/, '.mjs')));
  }
}

/** A block of a page. */
export class PageProgram {
  /** What the compiler has to say about it; empty when it is content. */
  readonly errors: string;
  readonly #file: string;

  constructor(errors: string, file: string) {
    this.errors = errors;
    this.#file = file;
  }

  /** Starts it, and resolves when it listens. */
  async serve(env: NodeJS.ProcessEnv): Promise<Program> {
    return Program.listening(start(this.#file, [], env));
  }

  /** Runs it as a fragment of a handler; what it wrote when it failed, or nothing. */
  async run(env: NodeJS.ProcessEnv): Promise<string> {
    const child = start(RUN_FRAGMENT, [pathToFileURL(this.#file).href], env);
    const output = collect(child);
    const [code] = await once(child, 'close');
    return code === 0 ? '' : `ended with ${code}:\n${output()}`;
  }
}

function start(file: string, args: readonly string[], env: NodeJS.ProcessEnv): ChildProcess {
  const { NODE_V8_COVERAGE: _, ...inherited } = process.env;
  return fork(file, args, {
    execArgv: ['--import', PRELOAD],
    env: { ...inherited, ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
}

function collect(child: ChildProcess): () => string {
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (data) => {
      output += data;
    });
  }
  return () => output;
}

export class Program {
  readonly url: string;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.url = `http://127.0.0.1:${port}`;
  }

  static async listening(child: ChildProcess): Promise<Program> {
    const output = collect(child);
    const ended = once(child, 'exit').then(() => undefined);
    const message = await Promise.race([once(child, 'message'), ended]);
    if (message === undefined) throw new Error(`the program ended without listening:\n${output()}`);
    return new Program(child, (message[0] as { port: number }).port);
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill('SIGKILL');
    await once(this.#child, 'exit');
  }
}

function folderOf(page: string): string {
  return page.replaceAll(/\W/g, '-');
}

function fileOf(page: string, { language, line }: CodeBlock): string {
  const extension = language === 'ts' || language === 'typescript' ? 'mts' : 'mjs';
  return `${folderOf(page)}/line-${line}.${extension}`;
}

/** A fragment without imports is a module too: it may await, and its names are its own. */
function asModule(text: string): string {
  return /^(?:import|export)\s/m.test(text) ? text : `${text}export {};\n`;
}

function compile(folder: string): Promise<string> {
  const compiler = join(ROOT, 'node_modules/typescript/bin/tsc');
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [compiler, '-p', '.', '--pretty', 'false'],
      { cwd: folder },
      (_, out) => resolve(out),
    );
  });
}
