import { expect } from 'chai';
import { classifyValue } from '../../../lib/health/checker/classify.js';
import { classifyError } from '../../../lib/health/checker/failure.js';

describe('what a check gives', () => {
  const isUp: readonly unknown[] = [
    undefined,
    null,
    true,
    'PONG',
    'OK',
    '',
    0,
    42,
    [],
    [{ n: 1 }],
    {},
    { rows: [] },
    new Map(),
    { ok: 1 },
    { healthy: true, error: null, errors: [] },
    { waiting: 3, failed: 2, errors: 5 },
    { available: 0, connected: 0, total: 5 },
    [true, 'OK', { ok: 0 }, { status: 7 }],
    [
      { status: 'fulfilled', value: 'PONG' },
      { status: 'fulfilled', value: undefined },
    ],
    { status: 'fulfilled', value: 'PONG' },
    { statusCode: 204 },
  ];
  for (const value of isUp) {
    it(`is up: ${describeValue(value)}`, () => {
      expect(classifyValue('database', value)).to.deep.equal({ status: 'up' });
    });
  }

  const words: readonly (readonly [string, string])[] = [
    ['up', 'up'],
    ['ok', 'up'],
    ['pass', 'up'],
    ['UP', 'up'],
    ['degraded', 'degraded'],
    ['warn', 'degraded'],
    ['down', 'down'],
    ['error', 'down'],
    ['fail', 'down'],
    ['FAIL', 'down'],
    ['DOWN', 'down'],
    ['Error', 'down'],
    ['unhealthy', 'down'],
    ['NOT_SERVING', 'down'],
    ['OUT_OF_SERVICE', 'down'],
    ['red', 'down'],
    ['yellow', 'degraded'],
    ['green', 'up'],
    ['SERVING', 'up'],
    ['healthy', 'up'],
  ];
  for (const [word, status] of words) {
    it(`is ${status}: { status: '${word}' }, with its details`, () => {
      expect(classifyValue('x', { status: word, pool: 3 })).to.deep.equal({ status, pool: 3 });
    });
  }

  it('is down: false', () => {
    expect(classifyValue('x', false)).to.deep.equal({
      status: 'down',
      message: 'the check returned false',
    });
  });

  const failures: readonly (readonly [value: unknown, message: RegExp])[] = [
    [{ ok: 0 }, /^the check returned ok: 0$/],
    [{ ok: 0, errmsg: 'not primary' }, /^the check returned ok: 0, not primary$/],
    [{ ok: false, message: 'redis://:hunter2@cache' }, /ok: false, redis:\/\/\*\*\*@cache$/],
    [{ healthy: false }, /healthy: false/],
    [{ isHealthy: false }, /isHealthy: false/],
    [{ alive: 0 }, /alive: 0/],
    [{ connected: false }, /connected: false/],
    [{ success: false }, /success: false/],
    [{ ready: 'false' }, /ready: 'false'/],
    [{ failed: true }, /failed: true/],
    [{ error: 'connection refused' }, /^connection refused$/],
    [{ data: null, error: new Error('no rows') }, /^no rows$/],
    [{ errors: [{ message: 'first' }, { message: 'second' }] }, /^first$/],
    ['DOWN', /^the check returned 'DOWN'$/],
    ['unhealthy', /unhealthy/],
    [[true, false], /the check returned false/],
    [
      [
        [null, 'OK'],
        [new Error('READONLY'), null],
      ],
      /^READONLY$/,
    ],
    [
      [
        { status: 'fulfilled', value: 'PONG' },
        { status: 'rejected', reason: new Error('no route') },
      ],
      /^no route$/,
    ],
    [[{ status: 'fulfilled', value: { ok: 0 } }], /ok: 0/],
    [{ status: 'rejected', reason: 'gone' }, /^gone$/],
    [{ statusCode: 503, body: 'private' }, /^HTTP 503$/],
    [[new Response('a'), new Response('b', { status: 500 })], /^HTTP 500$/],
    [{ status: 'fulfilled', value: false }, /false/],
  ];
  for (const [value, message] of failures) {
    it(`is down: ${describeValue(value)}`, () => {
      const result = classifyValue('x', value);
      expect(result.status).to.equal('down');
      expect(result.message).to.match(message);
    });
  }

  it('is degraded in a list in which one is and none is down', () => {
    const list = [{ status: 'fulfilled', value: { status: 'degraded' } }, 'PONG'];
    expect(classifyValue('x', list).status).to.equal('degraded');
    expect(classifyValue('x', [...list, false]).status).to.equal('down');
  });

  it('keeps the code of an error in a list', () => {
    const reason = Object.assign(new Error('x'), { code: 'ECONNREFUSED' });
    expect(classifyValue('x', [{ status: 'rejected', reason }]).code).to.equal('ECONNREFUSED');
  });

  it('goes by the status where there is one, whatever other fields say', () => {
    const status = { status: 'up', connected: false, metrics: { errors: 3 } };
    expect(classifyValue('x', status).status).to.equal('up');
  });

  it('is down, and never dropped: an unknown status', () => {
    for (const status of ['sideways', 7, 99, 600, null, undefined, true, {}, 'constructor']) {
      const result = classifyValue('x', { status });
      expect(result.status).to.equal('down');
      expect(result.message).to.match(/unknown status/);
    }
  });

  for (const code of [200, 204, 302, 399]) {
    it(`is up: an HTTP answer of ${code}, whatever else it holds`, () => {
      const answer = { status: code, config: { headers: { 'x-key': 'private' } } };
      expect(classifyValue('x', answer)).to.deep.equal({ status: 'up' });
    });
  }

  for (const code of [400, 404, 500, 503]) {
    it(`is down: an HTTP answer of ${code}`, () => {
      const down = { status: 'down', message: `HTTP ${code}` };
      expect(classifyValue('x', { status: code, data: 'private' })).to.deep.equal(down);
      expect(classifyValue('x', new Response('private', { status: code }))).to.deep.equal(down);
    });
  }

  it('is down: an error that is given, not thrown', () => {
    const given = Object.assign(new Error('no route'), { code: 'EHOSTUNREACH' });
    expect(classifyValue('x', given)).to.deep.equal(classifyError(given));
  });

  it('is believed when a NestJS indicator calls it by another name', () => {
    expect(classifyValue('db', { database: { status: 'down' } }).status).to.equal('down');
    expect(classifyValue('db', { database: { status: 'up' } }).status).to.equal('up');
  });

  it('is not what a row says about something else', () => {
    expect(classifyValue('db', { job: { status: 'error' } }).status).to.equal('up');
    expect(classifyValue('db', { a: { status: 'down' }, b: 1 }).status).to.equal('up');
  });

  it('may be in the form of a NestJS indicator', () => {
    const value = { database: { status: 'down', reason: 'x' } };
    expect(classifyValue('database', value)).to.deep.equal({ status: 'down', reason: 'x' });
  });

  it('is down when it cannot be read', () => {
    const hostile = {
      get status(): string {
        throw new Error('boo');
      },
    };
    expect(classifyValue('x', hostile).status).to.equal('down');
  });

  it('keeps its details plain, small and free of secrets', () => {
    const cycle: Record<string, unknown> = { status: 'up' };
    cycle.self = cycle;
    expect(classifyValue('x', cycle)).to.deep.equal({
      status: 'up',
      details: 'left out: not serialisable',
    });
    expect(classifyValue('x', { status: 'up', n: 1n })).to.have.property('details');
    expect(
      classifyValue('x', {
        status: 'up',
        big: 'x'.repeat(150),
        more: Array(20).fill('y'.repeat(100)),
      }),
    ).to.have.property('details', 'left out: larger than 1 KiB');
    const secret = classifyValue('x', {
      status: 'up',
      password: 'hunter2',
      url: 'postgres://u:hunter2@db/x',
    });
    expect(JSON.stringify(secret)).not.to.include('hunter2');
    const names = classifyValue('x', {
      status: 'up',
      'postgres://u:hunter2@db/x': 1,
      pools: [{ 'redis://:hunter2@cache': 2, nested: { apiKey: 'hunter2' } }],
    });
    expect(names).to.deep.equal({
      status: 'up',
      'postgres://***@db/x': 1,
      pools: [{ 'redis://***@cache': 2, nested: { apiKey: '***' } }],
    });
    const euros = classifyValue('x', { status: 'up', list: Array(5).fill('€'.repeat(100)) });
    expect(euros).to.have.property('details', 'left out: larger than 1 KiB');
    const polluting = JSON.parse('{"status":"up","__proto__":{"polluted":"yes"}}');
    classifyValue('x', polluting);
    expect(classifyValue('x', { status: 'up', when: new Date(0) })).to.have.property(
      'when',
      '1970-01-01T00:00:00.000Z',
    );
    expect(({} as Record<string, unknown>).polluted).to.equal(undefined);
  });
});

describe('what a check throws', () => {
  const cases: readonly (readonly [string, unknown, string | undefined, RegExp])[] = [
    ['an Error', new Error('no such table'), undefined, /no such table/],
    ['a text', 'went wrong', undefined, /went wrong/],
    ['undefined', undefined, undefined, /./],
    ['null', null, undefined, /./],
    [
      'a code of Node',
      Object.assign(new Error('x'), { code: 'ECONNREFUSED' }),
      'ECONNREFUSED',
      /x/,
    ],
    ['a SQLSTATE', Object.assign(new Error('auth'), { code: '28P01' }), '28P01', /auth/],
    [
      'a code that might be anything',
      Object.assign(new Error('x'), { code: 'hunter2!' }),
      undefined,
      /x/,
    ],
    [
      'an AggregateError with an empty message',
      new AggregateError(
        [Object.assign(new Error('connect ECONNREFUSED ::1:5432'), { code: 'ECONNREFUSED' })],
        '',
      ),
      'ECONNREFUSED',
      /ECONNREFUSED ::1/,
    ],
    [
      'an Error with a cause',
      new Error('query failed', { cause: Object.assign(new Error('y'), { code: 'ETIMEDOUT' }) }),
      'ETIMEDOUT',
      /query failed/,
    ],
    [
      'a hostile object',
      {
        get message(): string {
          throw new Error('boo');
        },
        get code(): string {
          throw new Error('boo');
        },
      },
      undefined,
      /unknown error/,
    ],
    ['a frozen object', Object.freeze({ message: 'cold' }), undefined, /cold/],
    [
      'a proxy that refuses',
      new Proxy(
        {},
        {
          get: () => {
            throw new Error('no');
          },
        },
      ),
      undefined,
      /unknown error/,
    ],
  ];
  for (const [what, thrown, code, message] of cases) {
    it(`is down: ${what}`, () => {
      const result = classifyError(thrown);
      expect(result.status).to.equal('down');
      expect(result.code).to.equal(code);
      expect(result.message).to.match(message);
    });
  }
});

function describeValue(value: unknown): string {
  return value instanceof Map ? 'a Map' : (JSON.stringify(value) ?? 'undefined').slice(0, 90);
}
