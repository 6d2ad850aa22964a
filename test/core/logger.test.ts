import { expect } from 'chai';
import { logFields } from '../../lib/core/diagnostics/log-fields.js';
import { containLogger, type Logger, silentLogger } from '../../lib/core/logger.js';
import { settle } from '../support/manual-clock.js';
import { unhandled } from '../support/wait.js';

const FIELDS = logFields('shop', { 'event.action': 'advice', 'event.outcome': 'unknown' });

const LEVELS = ['info', 'warn', 'error'] as const;

/** What Node warned of while `act` ran, instead of printing it. */
async function warningsOf(act: () => void): Promise<Error[]> {
  const warnings: Error[] = [];
  const note = (warning: Error): void => {
    warnings.push(warning);
  };
  const printers = process.listeners('warning');
  process.removeAllListeners('warning').on('warning', note);
  try {
    act();
    await settle();
  } finally {
    process.off('warning', note);
    for (const printer of printers) process.on('warning', printer);
  }
  return warnings;
}

function loggerThat(log: (message: string) => unknown): Logger {
  return { info: log, warn: log, error: log };
}

describe('containLogger', () => {
  it('passes each line on at its level, as a method', () => {
    class Lines implements Logger {
      readonly lines: string[] = [];
      info(message: string): void {
        this.lines.push(`info ${message}`);
      }
      warn(message: string): void {
        this.lines.push(`warn ${message}`);
      }
      error(message: string): void {
        this.lines.push(`error ${message}`);
      }
    }
    const logger = new Lines();
    for (const level of LEVELS) containLogger(logger)[level]('hello', FIELDS);
    expect(logger.lines).to.deep.equal(['info hello', 'warn hello', 'error hello']);
  });

  it('passes on what replaces a method later', () => {
    const logger = loggerThat(() => {});
    const contained = containLogger(logger);
    const lines: string[] = [];
    logger.info = (message) => void lines.push(message);
    contained.info('hello', FIELDS);
    expect(lines).to.deep.equal(['hello']);
  });

  it('gives fields first to pino, and not to a mock whose every property is a function', () => {
    const given: unknown[][] = [];
    const log = (...args: unknown[]): void => void given.push(args);
    const mock = new Proxy({}, { get: () => log }) as Logger;
    const pinoLike = { ...loggerThat(() => {}), info: log, bindings: () => ({}), level: 'info' };
    for (const logger of [mock, pinoLike as Logger]) containLogger(logger).info('hello', FIELDS);
    expect(given).to.deep.equal([
      ['hello', FIELDS],
      [FIELDS, 'hello'],
    ]);
  });

  const FAILURES: [title: string, log: () => unknown][] = [
    [
      'throws',
      () => {
        throw new Error('no space at redis://app:secret@cache.example');
      },
    ],
    ['rejects', () => Promise.reject(new Error('no space at redis://app:secret@cache.example'))],
  ];
  for (const [title, log] of FAILURES) {
    for (const level of LEVELS) {
      it(`makes a warning of a logger whose ${level}() ${title}`, async () => {
        const loose = unhandled();
        const contained = containLogger(loggerThat(log));
        const warnings = await warningsOf(() => contained[level]('hello', FIELDS));
        expect(loose.stop()).to.deep.equal([]);
        expect(warnings.map(String)).to.deep.equal([
          'ExpressCacheHealthWarning: the logger threw: no space at redis://***@cache.example',
        ]);
      });
    }
  }

  it('makes a warning of a logger that lost a method', async () => {
    const contained = containLogger({} as Logger);
    const warnings = await warningsOf(() => contained.info('hello', FIELDS));
    expect(warnings.map(String)[0]).to.match(/^ExpressCacheHealthWarning: the logger threw: /);
  });
});

describe('silentLogger', () => {
  it('says nothing at any level', () => {
    for (const level of LEVELS) expect(silentLogger[level]('hello', FIELDS)).to.equal(undefined);
  });
});
