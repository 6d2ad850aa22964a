import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { expect } from 'chai';

const ROOT = join(__dirname, '../..');
const LIB = join(ROOT, 'lib');

/** The rooms of the house, lowest first: a file imports from its own folder or from a lower rank. */
const RANKS = [
  ['core'],
  ['api'],
  ['entry'],
  ['redis', 'memory'],
  ['tiers'],
  ['loading', 'edge'],
  ['cache'],
  ['express', 'health', 'shutdown', 'exporters', 'http-cache', 'testing', 'cli'],
  [''],
];

/** Inside a room, lowest first: what is listed imports from what stands before it alone. */
const SUB_RANKS: Readonly<Record<string, readonly string[]>> = {
  redis: ['connection', 'naming', 'options', 'sentinel', 'commands', 'door', 'cluster'],
  tiers: ['ledger', 'changes'],
  loading: ['bulkhead', 'flight'],
  health: ['checker', 'page', 'http'],
};

/** What others may import of a room: its ports, and the values that both sides must recognise. */
const PORTS: Readonly<Record<string, readonly string[]>> = {
  redis: ['remote', 'failure', 'door-state', 'lineage', 'server-time', 'redis-options'],
  tiers: ['store', 'observer', 'tier-options'],
};

/** The composition root builds the parts, and so does the testing kit. */
const BUILDERS = /^lib\/(?:cache\/create-cache\.ts|testing\/)/;

const MAX_LINES = 250;

const MAX_FILES = 13;

/** Modules with one door: which place alone may import them. */
const DOORS: Readonly<Record<string, RegExp>> = {
  redis: /^lib\/redis\//,
  'lru-cache': /^lib\/memory\//,
};

/** Reading time, starting a timer, or waiting for the end of a turn, except in the clock. */
const TIME =
  /\bDate\.now\b|\bnew Date\(\s*\)|\bperformance\.(?:now|timeOrigin)\b|\bprocess\.hrtime\b|\bnextTick\b|(?<![.\w])(?:setTimeout|setInterval|setImmediate|queueMicrotask)\s*\(|['"](?:node:)?timers(?:\/promises)?['"]/;

interface SourceFile {
  readonly path: string;
  readonly folder: string;
  readonly text: string;
  /** What stands after `from`, also of type imports and re-exports. */
  readonly imports: readonly string[];
}

describe('the architecture', () => {
  const files = readSources();

  it('is looked at: there are files in every folder that is in use', () => {
    const folders = new Set(files.map(({ folder }) => folder));
    expect([...folders]).to.include.members(['', 'core', 'redis', 'memory', 'cache', 'express']);
    expect(files.flatMap(({ imports }) => imports).length).to.be.above(files.length);
  });

  it('knows the rank of every folder', () => {
    const known = new Set(RANKS.flat());
    expect(files.filter(({ folder }) => !known.has(folder)).map(({ path }) => path)).to.deep.equal(
      [],
    );
  });

  it('points imports down, types included, never up and never sideways', () => {
    expect(files.flatMap(wrongDirections)).to.deep.equal([]);
  });

  it('points imports down inside a room with an order of its own', () => {
    expect(files.flatMap(wrongDirectionsInside)).to.deep.equal([]);
  });

  it('enters redis/ and tiers/ by their ports alone, types included', () => {
    expect(files.flatMap(besidePorts)).to.deep.equal([]);
  });

  it('has no run-time code in lib/api', () => {
    const statement = /^(?:import|export) (?!type\b|interface\b)|^(?:const|let|function|class)\b/m;
    const running = files.filter(({ folder, text }) => folder === 'api' && statement.test(text));
    expect(running.map(({ path }) => path)).to.deep.equal([]);
  });

  it('goes in no circle, types included', () => {
    expect(findCircle(files)).to.equal(undefined);
  });

  it('has one door to Redis and one to the LRU cache', () => {
    expect(files.flatMap(passedDoors)).to.deep.equal([]);
  });

  it('gives lib/core node: built-ins alone, and declares every package that is imported', () => {
    expect(files.flatMap(undeclaredPackages)).to.deep.equal([]);
  });

  it('reads time and starts timers in lib/core/time/clock.ts alone', () => {
    // The files of the live page are texts there, and run in a browser.
    const ours = files.filter(({ path }) => path !== 'lib/health/page/assets.ts');
    const timely = ours.filter(({ text }) => TIME.test(withoutComments(text)));
    expect(timely.map(({ path }) => path)).to.deep.equal(['lib/core/time/clock.ts']);
  });

  it(`keeps every file within ${MAX_LINES} lines`, () => {
    const long = files.filter(({ text }) => text.trimEnd().split('\n').length > MAX_LINES);
    expect(long.map(({ path }) => path)).to.deep.equal([]);
  });

  it(`keeps every folder within ${MAX_FILES} files`, () => {
    const sizes = new Map<string, number>();
    for (const { path } of files) sizes.set(dirname(path), (sizes.get(dirname(path)) ?? 0) + 1);
    expect([...sizes].filter(([, size]) => size > MAX_FILES)).to.deep.equal([]);
  });

  it('has the code that each mutation beside a test would change', () => {
    const script = join(ROOT, 'scripts/mutations.mjs');
    const { status, stderr } = spawnSync(process.execPath, [script, '--check']);
    expect(`${stderr}`).to.equal('');
    expect(status).to.equal(0);
  });

  it('has no raw text that minifiers of bundlers refuse: a backslash with a digit', () => {
    const refused = files.filter(({ text }) => /String\.raw.*\\\d/.test(text));
    expect(refused.map(({ path }) => path)).to.deep.equal([]);
  });

  it('has no barrel: the entry points name what they export', () => {
    const barrels = files.filter(({ text }) => /^export \*/m.test(text));
    expect(barrels.map(({ path }) => path)).to.deep.equal([]);
  });
});

function readSources(): SourceFile[] {
  return readdirSync(LIB, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => {
      const text = readFileSync(join(LIB, name), 'utf8');
      const path = `lib/${name.split(sep).join('/')}`;
      return { path, folder: folderOf(path), text, imports: importsOf(text) };
    })
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** `lib/health/checks/cache.ts` belongs to `health`; `lib/index.ts` to the top, which is ''. */
function folderOf(path: string): string {
  return path.split('/').slice(1, -1)[0] ?? '';
}

/** `lib/redis/door/probe.ts` stands in `door`, `lib/redis/remote.ts` in the room itself, which is ''. */
function subFolderOf(path: string): string {
  return path.split('/').slice(2, -1)[0] ?? '';
}

function importsOf(text: string): string[] {
  const statement =
    /^(?:import|export)\s[^'";]*?\bfrom\s+['"]([^'"]+)['"]|^import\s+['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)/gm;
  return [...withoutComments(text).matchAll(statement)].map((m) => m[1] ?? m[2] ?? m[3] ?? '');
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$|(?<=[\s;,{}()])\/\/ .*$/gm, '');
}

/** The path of the imported file, for an import of this package's own. */
function target(file: SourceFile, specifier: string): string | undefined {
  if (!specifier.startsWith('.')) return undefined;
  const absolute = join(ROOT, dirname(file.path), specifier.replace(/\.js$/, '.ts'));
  return relative(ROOT, absolute).split(sep).join('/');
}

function rankOf(folder: string): number {
  return RANKS.findIndex((folders) => folders.includes(folder));
}

function wrongDirections(file: SourceFile): string[] {
  return file.imports.flatMap((specifier) => {
    const path = target(file, specifier);
    if (path === undefined) return [];
    const folder = folderOf(path);
    const isDown = path.startsWith('lib/') && rankOf(folder) < rankOf(file.folder);
    return isDown || folder === file.folder ? [] : [`${file.path} imports ${path}`];
  });
}

function wrongDirectionsInside(file: SourceFile): string[] {
  const order = SUB_RANKS[file.folder] ?? [];
  const own = order.indexOf(subFolderOf(file.path));
  return file.imports.flatMap((specifier) => {
    const path = target(file, specifier);
    if (own === -1 || path === undefined || folderOf(path) !== file.folder) return [];
    return order.indexOf(subFolderOf(path)) <= own ? [] : [`${file.path} imports ${path}`];
  });
}

function besidePorts(file: SourceFile): string[] {
  if (BUILDERS.test(file.path)) return [];
  return file.imports.flatMap((specifier) => {
    const path = target(file, specifier) ?? '';
    const ports = PORTS[folderOf(path)];
    if (ports === undefined || folderOf(path) === file.folder || file.folder === '') return [];
    const isPort = ports.some((port) => path === `lib/${folderOf(path)}/${port}.ts`);
    return isPort ? [] : [`${file.path} imports ${path}`];
  });
}

function passedDoors(file: SourceFile): string[] {
  return file.imports.flatMap((specifier) => {
    const door = DOORS[packageOf(specifier)];
    return door === undefined || door.test(file.path) ? [] : [`${file.path} imports ${specifier}`];
  });
}

function undeclaredPackages(file: SourceFile): string[] {
  const { dependencies, peerDependencies } = JSON.parse(
    readFileSync(join(ROOT, 'package.json'), 'utf8'),
  );
  const declared = { ...dependencies, ...peerDependencies };
  return file.imports.flatMap((specifier) => {
    if (/^(?:\.|node:)/.test(specifier)) return [];
    const isAllowed = file.folder !== 'core' && packageOf(specifier) in declared;
    return isAllowed ? [] : [`${file.path} imports ${specifier}`];
  });
}

function packageOf(specifier: string): string {
  const parts = specifier.split('/');
  return parts.slice(0, specifier.startsWith('@') ? 2 : 1).join('/');
}

/** A chain of files that ends where it began, if there is one. */
function findCircle(files: readonly SourceFile[]): string | undefined {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const done = new Set<string>();
  const visit = (path: string, chain: readonly string[]): string | undefined => {
    if (chain.includes(path)) return [...chain.slice(chain.indexOf(path)), path].join(' -> ');
    const file = byPath.get(path);
    if (file === undefined || done.has(path)) return undefined;
    for (const specifier of file.imports) {
      const next = target(file, specifier);
      const circle = next === undefined ? undefined : visit(next, [...chain, path]);
      if (circle !== undefined) return circle;
    }
    done.add(path);
    return undefined;
  };
  for (const { path } of files) {
    const circle = visit(path, []);
    if (circle !== undefined) return circle;
  }
  return undefined;
}
