import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { ListFile } from '../../../lib/loading/warm/list-file.js';

describe('the file of hot keys', () => {
  let folder: string;
  let path: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'hot-keys-'));
    path = join(folder, 'hot.json');
  });

  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('is replaced as a whole, readable by its owner alone, and leaves nothing else behind', async () => {
    const file = new ListFile(path);
    await file.write('long text');
    await file.write('text');
    expect(readFileSync(path, 'utf8')).to.equal('text');
    expect(statSync(path).mode & 0o077).to.equal(0);
    expect(readdirSync(folder)).to.deep.equal(['hot.json']);
  });

  it('is absent without an error', async () => {
    expect(await new ListFile(path).read(10)).to.equal(undefined);
  });

  it('is read no further than asked', async () => {
    writeFileSync(path, 'x'.repeat(1_000));
    expect(await new ListFile(path).read(10)).to.equal('x'.repeat(10));
  });

  it('that is a folder, or a pipe without a writer, is an error and no wait', async () => {
    expect(await failure(new ListFile(folder).read(10))).to.be.instanceOf(Error);
    execFileSync('mkfifo', [path]);
    expect(await failure(new ListFile(path).read(10))).to.be.instanceOf(Error);
  });

  it('that cannot be written is an error, and no draft stays', async () => {
    const file = new ListFile(join(folder, 'none', 'hot.json'));
    expect(await failure(file.write('text'))).to.be.instanceOf(Error);
    // A folder cannot be replaced by a file.
    expect(await failure(new ListFile(folder).write('text'))).to.be.instanceOf(Error);
    expect(readdirSync(folder)).to.deep.equal([]);
  });
});

function failure(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error) => error,
  );
}
