import { IncomingMessage, type OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { expect } from 'chai';
import { isIdleStream } from '../../lib/shutdown/idle-stream.js';

describe('an unfinished answer', () => {
  const answer = (headers: OutgoingHttpHeaders): ServerResponse => {
    const res = new ServerResponse(new IncomingMessage(new Socket()));
    res.writeHead(200, headers);
    res.flushHeaders();
    return res;
  };
  /** As when the socket has taken everything. */
  const written = (res: ServerResponse): ServerResponse =>
    Object.defineProperty(res, 'writableLength', { value: 0 });

  const EVENTS = { 'Content-Type': 'text/event-stream; charset=utf-8' };

  it('is an idle stream when it sends events, however lately it spoke', () => {
    expect(isIdleStream(written(answer(EVENTS)), 0)).to.equal(true);
  });

  it('is one when nothing came for a second', () => {
    const res = written(answer({ 'Content-Type': 'application/x-ndjson' }));
    expect(isIdleStream(res, 999)).to.equal(false);
    expect(isIdleStream(res, 1_000)).to.equal(true);
  });

  it('is none when its length is known: the rest would be missed', () => {
    expect(isIdleStream(written(answer({ 'Content-Length': '9' })), 5_000)).to.equal(false);
    expect(isIdleStream(written(answer({ ...EVENTS, 'Content-Length': '9' })), 0)).to.equal(false);
  });

  it('is none while something waits to be written', () => {
    const res = answer(EVENTS);
    Object.defineProperty(res, 'writableLength', { value: 1 });
    expect(isIdleStream(res, 5_000)).to.equal(false);
  });

  it('is none before it began', () => {
    const res = new ServerResponse(new IncomingMessage(new Socket()));
    res.setHeader('Content-Type', 'text/event-stream');
    expect(isIdleStream(res, 5_000)).to.equal(false);
  });

  it('is known by its headers where Node does not keep the text of its head', () => {
    const res = written(answer({}));
    Object.defineProperty(res, '_header', { value: undefined });
    Object.defineProperty(res, 'headersSent', { value: true });
    res.getHeaders = () => ({ 'content-type': 'text/event-stream' });
    expect(isIdleStream(res, 0)).to.equal(true);
  });
});
