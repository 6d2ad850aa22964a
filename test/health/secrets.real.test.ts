import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import express, { type RequestHandler } from 'express';
import request from 'supertest';
import { systemClock } from '../../lib/core/time/clock.js';
import { Checker } from '../../lib/health/checker/checker.js';
import { ietfWriter } from '../../lib/health/http/writers/ietf-writer.js';
import { jsonWriter } from '../../lib/health/http/writers/json-writer.js';
import { textWriter } from '../../lib/health/http/writers/text-writer.js';
import { parseHealthOptions } from '../../lib/health/options.js';
import { createCache, type HealthChange, healthRouter } from '../../lib/index.js';
import { GUISES, type Leak, SECRETS } from '../support/secrets.js';
import { appWith, degradedCache, up } from './support.js';

const FORMATS = ['application/json', 'application/health+json', 'text/plain'];

/** So many at once that no report is trimmed. */
const AT_ONCE = 5;

/** Over a real connection, where each takes a hundred requests. */
const SAMPLE = SECRETS.filter((_, i) => i % 8 === 0);

const WRITERS = [jsonWriter, ietfWriter, textWriter];

/** What a check does with a text. */
type Carrier = (text: string, name: string) => unknown;

/** Every way in which a check can carry a text into the report. */
const CARRIERS: Readonly<Record<string, Carrier>> = {
  ...Object.fromEntries(
    Object.entries(GUISES).map(([guise, dress]) => [
      `${guise}, thrown`,
      (text: string) => Promise.reject(dress(text)),
    ]),
  ),
  'an error that is given': (text) => new Error(text),
  'a message of its own': (text) => ({ status: 'down', message: text }),
  'a detail': (text) => ({ status: 'degraded', message: text, nested: { list: [text] } }),
  'the name of a detail': (text) => ({ status: 'down', [text]: 1, nested: [{ [text]: true }] }),
  'a status that is none': (text) => ({ status: text }),
  'a NestJS indicator': (text, name) => ({ [name]: { status: 'down', message: text } }),
};

/** Everything that is written about one check which was well and then carries the text. */
async function written(carrier: Carrier, { text }: Leak): Promise<string> {
  let isWell = true;
  const checks = { leak: () => (isWell ? up() : carrier(text, 'leak')) };
  const told: HealthChange[] = [];
  const config = parseHealthOptions({ checks, maxAge: 0 });
  const checker = new Checker(config, systemClock, (change) => told.push(change));
  const scope = { cache: degradedCache, isCriticalOnly: false, excluded: new Set<string>() };
  await checker.examine(scope);
  isWell = false;
  const examination = await checker.examine(scope);
  expect(told.map(({ name }) => name)).to.include('leak');
  const { changes: history } = checker.history;
  const view = { isDetailed: true, isVerbose: true, unknownExcluded: [], history };
  const bodies = WRITERS.flatMap((writer) => [
    writer.render(examination, view),
    writer.readiness(examination, view),
  ]);
  return JSON.stringify([bodies, told]);
}

describe('no secret leaves the process', function () {
  this.timeout(60_000);
  let current: RequestHandler;
  let server: Server;
  let base: string;

  before(async () => {
    server = express()
      .use('/health', (req, res, next) => current(req, res, next))
      .listen(0, '127.0.0.1');
    await once(server, 'listening');
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  after(() => {
    server.close();
    server.closeAllConnections();
  });

  /** All that can be read, headers too. */
  async function everything(names: readonly string[]): Promise<string> {
    const paths = [
      '/health',
      '/health?verbose&history',
      '/health/ready?verbose',
      '/health/live',
      '/health/startup',
      ...names.map((name) => `/health/check/${name}`),
    ];
    let all = '';
    for (const path of paths) {
      for (const accept of FORMATS) {
        const answer = await fetch(`${base}${path}`, { headers: { accept } });
        all += `${path} ${JSON.stringify([...answer.headers])} ${await answer.text()}\n`;
      }
    }
    expect(all).not.to.include('trimmed');
    return all;
  }

  async function leakAll(carrier: Carrier, leaks: readonly Leak[]): Promise<string> {
    let isWell = true;
    const named = leaks.map(({ text }, i) => {
      const name = `leak${i}`;
      return [name, () => (isWell ? up() : carrier(text, name))] as const;
    });
    const checks = Object.fromEntries(named);
    const health = healthRouter({ checks, cache: degradedCache, maxAge: 0 });
    const told: HealthChange[] = [];
    health.on('change', (change) => told.push(change));
    current = health;
    await fetch(`${base}/health`);
    isWell = false;
    let all = await everything(Object.keys(checks));
    health.beginShutdown();
    all += await everything(Object.keys(checks));
    expect(told.filter(({ name }) => name.startsWith('leak'))).to.have.length(leaks.length);
    return `${all}${JSON.stringify(told)}`;
  }

  for (const [carrier, carry] of Object.entries(CARRIERS)) {
    it(`in ${carrier}: on any endpoint, in any format, in the history, in events, nor while it ends`, async () => {
      for (let from = 0; from < SAMPLE.length; from += AT_ONCE) {
        const leaks = SAMPLE.slice(from, from + AT_ONCE);
        const all = await leakAll(carry, leaks);
        for (const { secret, text } of leaks) expect(all, text).not.to.include(secret);
      }
    });

    it(`in ${carrier}: none of ${SECRETS.length} in any form of the report, the history or events`, async () => {
      for (const leak of SECRETS) {
        expect(await written(carry, leak), leak.text).not.to.include(leak.secret);
      }
    });
  }

  it('as a wrong option', () => {
    for (const { text, secret } of SECRETS) {
      for (const options of [
        { database: text },
        { cache: text },
        { timeout: text },
        { details: text },
        { [text]: 1 },
      ]) {
        try {
          healthRouter(options as object);
          expect.fail('expected an error');
        } catch (error) {
          expect((error as Error).message, text).not.to.include(secret);
        }
      }
    }
  });

  it('in the address of Redis', async () => {
    const cache = createCache({ redis: 'redis://app:hunter2@127.0.0.1:1', logger: false });
    await cache.get('x');
    const { text } = await request(appWith(healthRouter({ database: up, cache }))).get('/health');
    expect(text).not.to.include('hunter2');
    expect(text).to.include('redis://***@127.0.0.1:1');
    await cache.close();
  });
});
