import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect } from 'chai';
import express from 'express';
import request from 'supertest';
import { healthRouter } from '../../lib/index.js';
import { program, run } from './programs.js';

const FOLDER = resolve('deploy');

describe('the files in deploy/', function () {
  this.timeout(60_000);

  it('name endpoints that are there', async () => {
    const app = express().use('/health', healthRouter({ database: () => true }));
    const paths = readdirSync(FOLDER)
      .flatMap(
        (name) => readFileSync(join(FOLDER, name), 'utf8').match(/\/health(?:\/\w+)?/g) ?? [],
      )
      .filter((path, i, all) => all.indexOf(path) === i);
    expect(paths).to.include.members(['/health/live', '/health/ready', '/health/startup']);
    for (const path of paths) {
      expect([path, (await request(app).get(path)).status]).to.deep.equal([path, 200]);
    }
  });

  it('are accepted by HAProxy', async () => {
    const haproxy = await program('haproxy');
    const file = join(FOLDER, 'haproxy.cfg');
    expect((await run(haproxy, ['-c', '-f', file])).code).to.equal(0);
  });

  it('are accepted by nginx', async () => {
    const nginx = await program('nginx', 'nginx-light');
    const prefix = mkdtempSync(join(tmpdir(), 'nginx-'));
    const settings = `pid ${prefix}/pid; error_log ${prefix}/error.log;`;
    const args = ['-t', '-c', join(FOLDER, 'nginx.conf'), '-p', prefix, '-g', settings];
    expect((await run(nginx, args)).code).to.equal(0);
    rmSync(prefix, { recursive: true, force: true });
  });

  it('are JSON for AWS, with one good code alone', () => {
    const group = JSON.parse(readFileSync(join(FOLDER, 'aws-target-group.json'), 'utf8'));
    expect(group.Matcher).to.deep.equal({ HttpCode: '200' });
  });
});
