import type { Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { expect } from 'chai';
import fc from 'fast-check';
import { ReplyScanner } from './reply-scanner.js';
import { encodeCommand, RespError, RespReader } from './resp.js';

const line = fc.string({ unit: fc.constantFrom(...'ab$*1-:% '), maxLength: 8 });
const bulk = fc.string({
  unit: fc.constantFrom('a', 'é', '\r\n', '$1\r\n', '*', ''),
  maxLength: 8,
});

interface Reply {
  readonly wire: string;
  readonly value: unknown;
}

function aggregate(type: string, items: readonly Reply[], count = items.length): Reply {
  const wire = `${type}${count}\r\n${items.map((item) => item.wire).join('')}`;
  return { wire, value: items.map(({ value }) => value) };
}

/** Any reply of RESP2. */
const resp2 = fc.letrec<{ reply: Reply; list: Reply }>((tie) => ({
  reply: fc.oneof(
    { maxDepth: 3 },
    line.map((text) => ({ wire: `+${text}\r\n`, value: text })),
    line.map((text) => ({ wire: `-${text}\r\n`, value: new RespError(text) })),
    fc.integer().map((value) => ({ wire: `:${value}\r\n`, value })),
    bulk.map((value) => ({ wire: `$${Buffer.byteLength(value)}\r\n${value}\r\n`, value })),
    fc.constantFrom('$-1\r\n', '*-1\r\n').map((wire) => ({ wire, value: null })),
    tie('list'),
  ),
  list: fc.array(tie('reply'), { maxLength: 4 }).map((items) => aggregate('*', items)),
})).reply;

/** What RESP3 adds, as far as the end of a reply is concerned. */
const resp3 = fc.oneof(
  resp2,
  fc.constantFrom('_\r\n', '#t\r\n', ',1.5\r\n', '(123\r\n').map((wire) => ({ wire, value: wire })),
  bulk.map((text) => ({ wire: `=${Buffer.byteLength(text) + 4}\r\ntxt:${text}\r\n`, value: text })),
  bulk.map((text) => ({ wire: `!${Buffer.byteLength(text)}\r\n${text}\r\n`, value: text })),
  fc.array(resp2, { maxLength: 3 }).map((items) => aggregate('~', items)),
  fc
    .array(resp2, { maxLength: 3 })
    .map((items) => aggregate('%', [...items, ...items], items.length)),
  fc.tuple(resp2, resp2).map(([note, { wire, value }]) => ({
    wire: `|1\r\n${note.wire}${note.wire}${wire}`,
    value,
  })),
);

const cuts = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1 });

/** The bytes of a text in pieces of these lengths, over and over. */
function* pieces(text: string, lengths: readonly number[]): Generator<Buffer> {
  const bytes = Buffer.from(text);
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const end = at + (lengths[i % lengths.length] as number);
    yield bytes.subarray(at, end);
    at = end;
  }
}

describe('support: RespReader', () => {
  function reading(): { stream: PassThrough; reader: RespReader } {
    const stream = new PassThrough();
    return { stream, reader: new RespReader(stream as unknown as Socket) };
  }

  it('reads replies however they are cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(resp2, { minLength: 1, maxLength: 5 }),
        cuts,
        async (replies, lengths) => {
          const { stream, reader } = reading();
          const wire = replies.map((reply) => reply.wire).join('');
          for (const piece of pieces(wire, lengths)) stream.write(piece);
          for (const { value } of replies) expect(await reader.next()).to.deep.equal(value);
        },
      ),
    );
  });

  it('gives a listener what was not read yet, then what comes', async () => {
    const { stream, reader } = reading();
    stream.write('+one\r\n+two\r\n+three\r\n');
    expect(await reader.next()).to.equal('one');
    const heard: unknown[] = [];
    reader.listen((value) => heard.push(value));
    expect(heard).to.deep.equal(['two', 'three']);
    stream.end('+four\r\n');
    await reader.next().catch(() => {});
    expect(heard).to.deep.equal(['two', 'three', 'four']);
  });

  it('fails waiting and later commands when the connection closes', async () => {
    const { stream, reader } = reading();
    const waiting = reader.next().catch(String);
    stream.destroy();
    expect(await waiting).to.equal('Error: the connection closed');
    expect(await reader.next().catch(String)).to.equal('Error: the connection closed');
  });

  it('fails who waits when something else speaks, and hangs up', async () => {
    const { stream, reader } = reading();
    const waiting = reader.next().catch(String);
    stream.write('HTTP/1.1 400 Bad Request\r\n\r\n');
    expect(await waiting).to.match(/^Error: not RESP2: "HTTP\/1\.1 400/);
    expect(stream.destroyed).to.equal(true);
  });

  it('writes commands by their bytes', () => {
    expect(encodeCommand(['SET', 'é', ''])).to.equal('*3\r\n$3\r\nSET\r\n$2\r\né\r\n$0\r\n\r\n');
  });
});

describe('support: ReplyScanner', () => {
  it('takes out the replies it is asked to, and not a byte more, however they are cut', () => {
    const dropped = fc.tuple(resp3, fc.boolean());
    fc.assert(
      fc.property(fc.array(dropped, { maxLength: 6 }), cuts, (replies, lengths) => {
        const verdicts = replies.map(([, isDropped]) => isDropped);
        const scanner = new ReplyScanner(() => verdicts.shift() ?? false);
        const wire = replies.map(([{ wire }]) => wire).join('');
        const left = [...pieces(wire, lengths)].map((piece) => scanner.filter(piece));
        const kept = replies.filter(([, isDropped]) => !isDropped).map(([{ wire }]) => wire);
        expect(Buffer.concat(left).toString()).to.equal(kept.join(''));
        expect(verdicts).to.deep.equal([]);
      }),
    );
  });

  it('lets through what is pushed, which is no reply', () => {
    const scanner = new ReplyScanner(() => true);
    const push = '>2\r\n+invalidate\r\n*1\r\n$1\r\na\r\n';
    expect(scanner.filter(Buffer.from(`+OK\r\n${push}:1\r\n`)).toString()).to.equal(push);
  });
});
