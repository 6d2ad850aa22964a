import { readFileSync } from 'node:fs';
import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import request from 'supertest';
import { DEFAULTS, KNOWN } from '../../lib/health/options.js';
import {
  diskSpaceCheck,
  eventLoopCheck,
  type HealthOptions,
  healthOpenApi,
  healthRouter,
  heapCheck,
} from '../../lib/index.js';
import { SHUTDOWN_DEFAULTS, KNOWN as SHUTDOWN_KNOWN } from '../../lib/shutdown/shutdown-options.js';
import { tableRows } from '../docs/markdown.js';
import { appWith, cacheThatIs, degradedCache, down, up } from './support.js';

const page = readFileSync('docs/health.md', 'utf8');
const source = (name: string): string => readFileSync(`lib/${name}.ts`, 'utf8');
const bare = (cell = ''): string => cell.replaceAll('`', '');
const table = (heading: string): Map<string, string> =>
  new Map(tableRows(page, heading).map(([name, value]) => [bare(name), bare(value)]));

/** A default as the page writes it, as a value. */
const literal = (text: string): unknown =>
  JSON.parse(JSON.stringify(runInNewContext(`(${text})`)) ?? 'null');

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

describe('docs/health.md', () => {
  for (const [heading, known, defaults, file, type] of [
    ['option', KNOWN, DEFAULTS, 'health/types', 'HealthOptions'],
    [
      'shutdown option',
      SHUTDOWN_KNOWN,
      SHUTDOWN_DEFAULTS,
      'shutdown/shutdown-options',
      'GracefulShutdownOptions',
    ],
  ] as const) {
    const shown = table(heading);

    it(`lists every ${heading}, and no other`, () => {
      expect([...shown.keys()].toSorted()).to.deep.equal([...known].toSorted());
    });

    it(`shows the default of every ${heading} that has one, and the code’s comments do`, () => {
      for (const [name, value] of Object.entries(defaults)) {
        expect([name, literal(shown.get(name) ?? '')]).to.deep.equal([name, plain(value)]);
        const comment = new RegExp(
          `@default (.+?)(?: \\*/)?\\n(?: +\\*/\\n)? +readonly ${name}\\?:`,
        );
        const text = source(file);
        const said =
          comment.exec(text.slice(text.indexOf(`export interface ${type} {`)))?.[1] ?? '';
        expect([name, literal(said)]).to.deep.equal([name, plain(value)]);
      }
    });
  }

  it('shows the defaults of the ready-made checks', () => {
    const shown = table('ready-made check');
    const from = (file: string, pattern: RegExp): unknown =>
      literal(pattern.exec(source(`health/checks/${file}`))?.[1] ?? 'undefined');
    const defaults = {
      'eventLoopCheck({ max })': from('event-loop-check', /max = ('[^']+')/),
      'heapCheck({ maxPercent })': from('heap-check', /maxPercent \?\? (\d+)/),
      'diskSpaceCheck({ path, minFreePercent })': from('disk-check', /min = (\d+)/),
    };
    for (const [call, value] of Object.entries(defaults)) {
      expect([call, literal(shown.get(call) ?? '')]).to.deep.equal([call, value]);
    }
    expect([eventLoopCheck.name, heapCheck.name, diskSpaceCheck.name]).to.deep.equal(
      [...shown.keys()].slice(0, 3).map((call) => call.split('(')[0]),
    );
  });

  it('lists every endpoint with its codes, as the OpenAPI fragment does', async () => {
    const listed = tableRows(page, 'endpoint').map(([path]) =>
      bare(path).replace(/:(\w+)/, '{$1}'),
    );
    expect(listed.toSorted()).to.deep.equal(Object.keys(healthOpenApi().paths).toSorted());
    const codes = tableRows(page, 'code').map(([code]) => bare(code));
    expect(codes).to.deep.equal(['200, 503', 'another of yours', '204', '404', '405']);
  });

  it('says what degradation holds', async () => {
    const { body } = await request(appWith(healthRouter({ cache: degradedCache }))).get('/health');
    const fields = Object.keys(body.details.cache.degradation);
    expect([...table('field').keys()]).to.deep.equal(fields);
  });

  it('says which words a check may use, and which names are taken', async () => {
    const rows = tableRows(page, 'it');
    for (const [what = '', means = ''] of rows) {
      const words = /status: ('[^}…]*')/.exec(what)?.[1]?.match(/'(\w+)'/g) ?? [];
      for (const word of words) {
        const options: HealthOptions = {
          database: () => ({ status: bare(word).replaceAll("'", '') }),
        };
        const { body } = await request(appWith(healthRouter(options))).get('/health');
        expect([word, means.split(',')[0]]).to.deep.equal([word, body.details.database.status]);
      }
    }
    const taken = /`cache`, `health`.* are taken/.exec(page)?.[0].match(/`([\w-]+)`/g) ?? [];
    const reserved = /RESERVED = new Set\(\[([^\]]+)\]/
      .exec(source('health/check-name'))?.[1]
      ?.match(/\w+/g);
    expect(taken.map(bare).toSorted()).to.deep.equal(reserved?.toSorted());
  });

  it('shows the forms that it can take', async () => {
    const agent = request(appWith(healthRouter({ database: up, cache: cacheThatIs() })));
    for (const [accept = ''] of tableRows(page, '`Accept`')) {
      const [type = ''] = bare(accept).split(',');
      const { headers } = await agent.get('/health').set('Accept', type);
      expect(headers['content-type']?.split(';')[0]).to.equal(type);
    }
    const failing = request(appWith(healthRouter({ database: down })));
    const { text } = await failing.get('/health').set('Accept', 'text/plain');
    expect(page).to.include(text.split('\n')[0]);
  });
});
