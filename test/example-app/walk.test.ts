import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { codeBlocks } from '../docs/markdown.js';
import { normalisedText } from '../docs/real-answers.js';
import { Example } from './example.js';

const ROOT = pathToFileURL(join(__dirname, '../../../'));
const README = fileURLToPath(new URL('example-app/README.md', ROOT));

/** One line to type, and what the README says comes back. */
interface Step {
  readonly command: string;
  readonly shown: string;
  readonly line: number;
}

describe("the walk in the example's README", function () {
  this.timeout(60_000);
  const blocks = codeBlocks(readFileSync(README, 'utf8'));
  const steps = blocks.filter(({ language }) => language === 'console').flatMap(stepsOf);
  let example: Example;
  let folder: string;
  let outputs: readonly string[];

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'walk-'));
    const { ensureRedisServer } = await import(new URL('scripts/redis-server.mjs', ROOT).href);
    await symlink(await ensureRedisServer({ log: console.log }), join(folder, 'redis-server'));
    example = await Example.start({ REDIS_URL: 'private' });
    outputs = await walk();
  });

  after(async () => {
    await example?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it('begins with the commands that this test stands in for', () => {
    const typed = blocks.filter(({ language }) => language === 'sh').map(({ text }) => text.trim());
    expect(typed.slice(0, 2)).to.deep.equal([
      'npm install && npm start',
      'REDIS_URL=private npm start',
    ]);
    expect(typed[2]).to.match(/^REDIS_PID=\d+ REDIS_PORT=\d+$/);
  });

  steps.forEach(({ command, shown, line }, index) => {
    it(`line ${line}: ${command}`, () => {
      expect(normalisedText(outputs[index] ?? '')).to.equal(normalisedText(shown));
    });
  });

  /** All commands in one shell, as a reader types them; what came back, command by command. */
  async function walk(): Promise<string[]> {
    const { pid, port } = example.privateRedis;
    const mark = '<<< next >>>';
    const script = [
      `trap 'kill -9 $REDIS_PID' EXIT`,
      ...steps.flatMap(({ command }) => [atThisApp(command), `echo '${mark}'`]),
    ].join('\n');
    const { stdout } = await promisify(execFile)('bash', ['-c', script], {
      cwd: folder,
      timeout: 45_000,
      env: {
        ...process.env,
        PATH: `${folder}${delimiter}${process.env.PATH}`,
        REDIS_PID: pid,
        REDIS_PORT: port,
      },
    });
    return stdout
      .replaceAll('\r', '')
      .split(`${mark}\n`)
      .map((output) => output.trimEnd());
  }

  function atThisApp(command: string): string {
    return command.replaceAll('localhost:3000', new URL(example.url).host);
  }
});

function stepsOf({ text, line }: { readonly text: string; readonly line: number }): Step[] {
  const lines = text.trimEnd().split('\n');
  const starts = lines.flatMap((content, at) => (content.startsWith('$ ') ? [at] : []));
  return starts.map((start, index) => ({
    command: (lines[start] ?? '').slice(2),
    shown: lines.slice(start + 1, starts[index + 1]).join('\n'),
    line: line + 1 + start,
  }));
}
