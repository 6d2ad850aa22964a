import type { ServerResponse } from 'node:http';
import { expect } from 'chai';
import { respond } from '../../../lib/health/http/respond.js';

class FakeResponse {
  statusCode = 0;
  headersSent = false;
  writableEnded = false;
  readonly headers: Record<string, unknown> = {};
  body: string | undefined;
  setHeader(name: string, value: unknown): void {
    this.headers[name] = value;
  }
  end(body?: string): void {
    this.writableEnded = true;
    this.body = body;
  }
}

describe('an answer', () => {
  const answer = { code: 503, contentType: 'text/plain', body: 'é', headers: { Allow: 'GET' } };
  const send = (res: FakeResponse, given = answer, isHead = false): FakeResponse => {
    respond(res as unknown as ServerResponse, given, isHead);
    return res;
  };

  it('is complete, and may not be kept', () => {
    const { body, headers, statusCode } = send(new FakeResponse());
    expect([statusCode, body]).to.deep.equal([503, 'é']);
    expect(headers).to.deep.equal({
      'Content-Type': 'text/plain',
      'Content-Length': 2,
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
      Allow: 'GET',
    });
  });

  it('has the length but no body for HEAD', () => {
    const { body, headers } = send(new FakeResponse(), answer, true);
    expect([body, headers['Content-Length']]).to.deep.equal([undefined, 2]);
  });

  it('has neither length nor type as a 204', () => {
    const { headers } = send(new FakeResponse(), { ...answer, code: 204, body: '' });
    expect(headers).not.to.have.any.keys('Content-Type', 'Content-Length');
  });

  it('is not written over another', () => {
    for (const taken of [{ headersSent: true }, { writableEnded: true }]) {
      expect(send(Object.assign(new FakeResponse(), taken)).statusCode).to.equal(0);
    }
  });
});
