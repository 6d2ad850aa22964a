import { Writable } from 'node:stream';
import { ecsFormat } from '@elastic/ecs-pino-format';
import { expect } from 'chai';
import pino from 'pino';
import winston from 'winston';
import type { Logger } from '../../lib/index.js';
import { isDegraded, Stand } from './stand.js';

type Entry = Readonly<Record<string, unknown>>;
interface Subject {
  readonly logger: Logger;
  readonly entries: Entry[];
}

function sink(entries: Entry[]): Writable {
  return new Writable({
    write(chunk, _encoding, done) {
      entries.push(JSON.parse(String(chunk)));
      done();
    },
  });
}

function ofPino(options: pino.LoggerOptions = {}): Subject {
  const entries: Entry[] = [];
  return { entries, logger: pino({ messageKey: 'message', ...options }, sink(entries)) };
}

function ofWinston(format: winston.Logform.Format): Subject {
  const entries: Entry[] = [];
  const transports = [new winston.transports.Stream({ stream: sink(entries) })];
  return { entries, logger: winston.createLogger({ format, transports }) };
}

const LOGGERS: Readonly<Record<string, () => Subject>> = {
  pino: () => ofPino(),
  "pino's child": () => {
    const { entries, logger } = ofPino();
    return { entries, logger: (logger as pino.Logger).child({ module: 'cache' }) };
  },
  "pino with Elastic's format": () => ofPino(ecsFormat()),
  winston: () => ofWinston(winston.format.json()),
  'winston with splat': () =>
    ofWinston(winston.format.combine(winston.format.splat(), winston.format.json())),
  "winston's child": () => {
    const { entries, logger } = ofWinston(winston.format.json());
    return { entries, logger: (logger as winston.Logger).child({ module: 'cache' }) };
  },
};

describe('integration: loggers with fields', () => {
  let stand: Stand;
  beforeEach(async () => {
    stand = await Stand.start();
  });
  afterEach(() => stand.stop());

  for (const [name, make] of Object.entries(LOGGERS)) {
    it(`${name} gets the sentence and the fields of an outage`, async () => {
      const { entries, logger } = make();
      const cache = await stand.cache({ logger, name: 'shop' });
      await stand.redis.kill();
      await isDegraded(cache);
      expect(entries.map((entry) => entry['event.action'])).to.deep.equal([
        'cache-started',
        'cache-degraded',
      ]);
      const [, entry] = entries;
      const { reason, lastError } = cache.status();
      expect(String(entry?.message)).to.match(/^\[express-cache-health\] Redis \(.+\) is not used/);
      expect(entry).to.include({
        'event.provider': 'express-cache-health',
        'event.outcome': 'failure',
        'event.reason': reason,
        'error.message': lastError,
        'labels.cache': 'shop',
        'labels.from': 'normal',
        'labels.to': 'degraded',
        'labels.journal_entries': 0,
      });
    });
  }

  it('a message with a placeholder arrives as it is', async () => {
    const { info } = console;
    const printed: unknown[][] = [];
    console.info = (...args: unknown[]) => void printed.push(args);
    const pinos = ofPino();
    const winstons = ofWinston(
      winston.format.combine(winston.format.splat(), winston.format.json()),
    );
    try {
      for (const logger of [pinos.logger, winstons.logger, console]) {
        await stand.cache({ logger, prefix: 'a%sb%o:' });
      }
    } finally {
      console.info = info;
    }
    for (const { entries } of [pinos, winstons]) {
      expect(entries).to.have.length(1);
      expect(entries[0]?.message).to.match(/with the prefix 'a%sb%o:'\.$/);
    }
    expect(printed).to.have.length(1);
    expect(printed[0]).to.have.length(1);
  });
});
