import { AsyncLocalStorage } from 'node:async_hooks';
import { expect } from 'chai';
import { CacheLog, type Line, QUIET_MS } from '../../../lib/cache/status/cache-log.js';
import type { LogFields } from '../../../lib/core/diagnostics/log-fields.js';
import type { Logger } from '../../../lib/core/logger.js';
import { ManualClock } from '../../support/manual-clock.js';

const DEGRADED = line('cache-degraded', 'timeout');
const REFUSED = line('cache-degraded', 'connection_refused');
const RECOVERED = line('cache-recovered');

function line(action: LogFields['event.action'], reason?: string): Line {
  const kind = { 'event.action': action, 'event.outcome': 'unknown' } as const;
  const fields = reason === undefined ? kind : { ...kind, 'event.reason': reason };
  return { level: 'info', topic: 'service', message: reason ?? action, fields };
}

function open() {
  const clock = new ManualClock();
  const written: (readonly [message: string, fields: LogFields])[] = [];
  const note = (message: string, fields: LogFields): void => void written.push([message, fields]);
  const logger: Logger = { info: note, warn: note, error: note };
  const log = new CacheLog({ name: 'shop', logger }, clock);
  const said = (): readonly (readonly [string, number | undefined])[] =>
    written.map(([message, fields]) => [message.replace(/ \d.*/, ''), fields['labels.repeated']]);
  return { clock, written, log, said };
}

describe('the log of a cache', () => {
  it('gives each line its fields, and leaves out those without a value', () => {
    const { log, written } = open();
    log.write({ ...RECOVERED, fields: { ...RECOVERED.fields, 'error.message': undefined } });
    expect(written).to.deep.equal([
      [
        'cache-recovered',
        {
          'event.provider': 'express-cache-health',
          'event.action': 'cache-recovered',
          'event.outcome': 'unknown',
          'labels.cache': 'shop',
        },
      ],
    ]);
  });

  it('counts what is said again within a minute, and writes the newest of it with the count', async () => {
    const { log, clock, said, written } = open();
    for (let flap = 0; flap < 8; flap++) {
      log.write(DEGRADED);
      log.write(RECOVERED);
      await clock.advance(1_000);
    }
    expect(said()).to.deep.equal([
      ['timeout', undefined],
      ['cache-recovered', undefined],
    ]);
    await clock.advance(QUIET_MS - 8_000 - 1);
    expect(said()).to.have.length(2);
    await clock.advance(1);
    expect(said()[2]).to.deep.equal(['cache-recovered', 13]);
    expect(written[2]?.[0]).to.match(/ 13 lines like this one were left out since the last\.$/);
    await clock.advance(10 * QUIET_MS);
    expect(said()).to.have.length(3);
    expect(clock.pending).to.equal(0);
  });

  it('ends with what is true, when an outage that lasts began within the minute', async () => {
    const { log, clock, said } = open();
    log.write(DEGRADED);
    log.write(RECOVERED);
    await clock.advance(59_000);
    log.write(DEGRADED);
    await clock.advance(QUIET_MS);
    expect(said()).to.deep.equal([
      ['timeout', undefined],
      ['cache-recovered', undefined],
      ['timeout', undefined],
    ]);
  });

  it('writes another reason at once, with the count, and forgets what that supersedes', async () => {
    const { log, clock, said } = open();
    log.write(DEGRADED);
    log.write(RECOVERED);
    log.write(DEGRADED);
    log.write(REFUSED);
    await clock.advance(10 * QUIET_MS);
    expect(said()).to.deep.equal([
      ['timeout', undefined],
      ['cache-recovered', undefined],
      ['connection_refused', 1],
    ]);
  });

  it('writes the same again after a minute', async () => {
    const { log, clock, said } = open();
    log.write(DEGRADED);
    await clock.advance(QUIET_MS);
    log.write(DEGRADED);
    expect(said()).to.have.length(2);
  });

  it('keeps topics apart', async () => {
    const { log, clock, said } = open();
    const other = { ...line('value-too-large'), topic: 'value' };
    for (const each of [DEGRADED, other, DEGRADED, other]) log.write(each);
    await clock.advance(QUIET_MS);
    expect(said().map(([message]) => message)).to.deep.equal([
      'timeout',
      'value-too-large',
      'timeout',
      'value-too-large',
    ]);
  });

  it('writes at a close what it left out, and starts no timer again', () => {
    const { log, clock, said } = open();
    for (let i = 0; i < 3; i++) log.write(DEGRADED);
    log.close();
    log.close();
    expect(said()).to.deep.equal([
      ['timeout', undefined],
      ['timeout', 1],
    ]);
    expect(clock.pending).to.equal(0);
  });

  it('runs the logger in the context of the package', async () => {
    const context = new AsyncLocalStorage<string>();
    const seen: unknown[] = [];
    const note = (): void => void seen.push(context.getStore());
    const clock = new ManualClock();
    const log = new CacheLog(
      { name: 'shop', logger: { info: note, warn: note, error: note } },
      clock,
    );
    context.run('a request', () => log.write(DEGRADED));
    expect(seen).to.deep.equal([undefined]);
  });
});
