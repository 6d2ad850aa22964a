import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';

const ROOT = join(__dirname, '../../..');
const USES = join(ROOT, 'test/package/projects/types/uses.ts');
const execute = promisify(execFile);

/** The settings of users differ. test/package compiles the same file by older compilers. */
const SETTINGS: readonly (readonly [string, object])[] = [
  ['strict', { exactOptionalPropertyTypes: false }],
  ['strict, with exactOptionalPropertyTypes', { exactOptionalPropertyTypes: true }],
];

describe('typical uses compile without annotations', function () {
  this.timeout(60_000);
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'types-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  for (const [how, options] of SETTINGS) {
    it(how, async () => {
      expect(await compile(options)).to.equal('');
    });
  }

  it('and a wrong one does not', async () => {
    const wrong = join(folder, 'wrong.ts');
    const text = `import { createCache, parseDuration } from '${join(ROOT, 'dist/index.js')}';
const cache = createCache({ redis: undefined });
export const name: Promise<string> = cache.getOrSet('a', ({ signal }) => (signal.aborted ? 1 : 2));
export const ttl: string = parseDuration('5m');
createCache({ tll: 1 });
`;
    await writeFile(wrong, text);
    const errors = await compile({}, wrong);
    expect(errors.match(/TS\d+/g)).to.deep.equal(['TS2322', 'TS2322', 'TS2353']);
  });

  /** What the compiler says. */
  async function compile(options: object, file = USES): Promise<string> {
    const config = join(folder, `${Math.random()}.json`);
    const compilerOptions = {
      target: 'es2023',
      lib: ['es2023'],
      module: 'nodenext',
      typeRoots: [join(ROOT, 'node_modules/@types')],
      types: ['node'],
      strict: true,
      noEmit: true,
      skipLibCheck: true,
      ...options,
    };
    await writeFile(config, JSON.stringify({ compilerOptions, files: [file] }));
    const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
    try {
      await execute(process.execPath, [tsc, '-p', config]);
      return '';
    } catch (error) {
      return (error as { stdout: string }).stdout;
    }
  }
});
