import { AsyncLocalStorage } from 'node:async_hooks';
import { expect } from 'chai';
import { systemClock } from '../../../lib/core/time/clock.js';
import { RedisDoor } from '../../../lib/redis/door/door.js';
import { FAILOVER, Failure } from '../../../lib/redis/failure.js';
import { ManualClock, settle } from '../../support/manual-clock.js';
import { FakeListener } from './fake-listener.js';
import { FakeServer, FakeSource, OOM, READONLY, refusal } from './fake-server.js';

const S = 2_000;

interface Process {
  readonly door: RedisDoor;
  readonly listener: FakeListener;
  readonly source: FakeSource;
}

describe('the door', () => {
  let clock: ManualClock;
  let server: FakeServer;
  beforeEach(() => {
    clock = new ManualClock();
    server = new FakeServer(clock);
  });

  function begin(isFresh = true): Process {
    const source = new FakeSource(server, isFresh);
    const listener = new FakeListener();
    const door = new RedisDoor({ source, prefix: 'app:', commandTimeoutMs: 100, clock });
    door.start(listener);
    return { door, listener, source };
  }

  async function beginNormal(isFresh = true): Promise<Process> {
    const process = begin(isFresh);
    await clock.advance(0);
    expect(process.door.state.name).to.equal('closed');
    return process;
  }

  it('is not proven while its source does not name the server, unless asking again does', async () => {
    const { door, source } = await beginNormal();
    expect(door.isProven()).to.equal(true);
    source.isStillNamed = false;
    expect(door.isProven()).to.equal(false);
    expect(await door.prove()).to.equal(true);
    source.confirms = false;
    expect(await door.prove()).to.equal(false);
    expect(door.state.name).to.equal('closed');
  });

  it('tries the next server at once when the primary has changed, however long the outage lasts', async () => {
    const { door, source } = await beginNormal();
    server.isDown = true;
    server.cut();
    await clock.advance(60_000);
    source.fails = FAILOVER;
    source.events.ready();
    await clock.advance(0);
    expect(door.state).to.include({ name: 'open', reason: 'failover' });
    expect(door.state).to.have.property('nextAttemptAt', clock.now() + 50);
  });

  it('connects nothing before start', async () => {
    const source = new FakeSource(server);
    const door = new RedisDoor({ source, prefix: 'app:', commandTimeoutMs: 100, clock });
    await clock.advance(10_000);
    expect([source.opened, clock.pending, door.state.name]).to.deep.equal([0, 0, 'connecting']);
    expect(door.firstAttempt).to.equal(undefined);
  });

  it('probes, opens, judges, replays, and then is read', async () => {
    const { door, listener } = begin();
    expect(door.firstAttempt).to.be.a('promise');
    await door.firstAttempt;
    expect(listener.log).to.deep.equal(['judge', 'recovering', 'replay', 'closed', 'opened']);
    expect(door.reader).to.equal(door.writer);
    expect(door.firstAttempt).to.equal(undefined);
    expect(door.isProven()).to.equal(true);
    expect(door.reign.id).to.equal(server.last);
    expect(server.data.gen?.endsWith(`:${door.generation}`)).to.equal(true);
  });

  it('tells the first failure as one of a connection, and those of the known outage as probes', async () => {
    server.isDown = true;
    const { door, listener } = begin();
    await clock.advance(200);
    expect(door.state.name).to.equal('open');
    expect(listener.failures[0]).to.equal('connect connection_refused');
    expect(new Set(listener.failures.slice(1))).to.deep.equal(
      new Set(['probe connection_refused']),
    );
    server.isDown = false;
    await clock.advance(200);
    expect(door.state.name).to.equal('closed');
  });

  it('comes back after a cut, and need not settle in a life of the server that it read', async () => {
    const { door, listener } = await beginNormal();
    await clock.advance(10_000);
    server.cut();
    expect(door.reader).to.equal(undefined);
    await clock.advance(60);
    expect(listener.states).to.deep.equal([
      'recovering',
      'closed',
      'open',
      'half-open',
      'recovering',
      'closed',
    ]);
  });

  it('does not mind the end of a connection that it does not use', async () => {
    const { door, source } = await beginNormal();
    server.isDown = false;
    const other = await source.open();
    if (!(other instanceof Failure)) other.lose(OOM);
    expect(door.state.name).to.equal('closed');
  });

  describe('R1, R2: which server and which data', () => {
    it('names a life by run id and replication id', async () => {
      const { door } = await beginNormal();
      const { life } = door.reign;
      server.replicationId = 'another';
      server.cut();
      await clock.advance(60);
      expect(door.reign.life).to.not.equal(life);
      expect(door.reign.life).to.have.length(16);
    });

    it('joins a reign that is there', async () => {
      const a = await beginNormal();
      const b = begin();
      await clock.advance(0);
      expect(b.door.reign).to.deep.equal(a.door.reign);
      expect(b.door.generation).to.equal(a.door.generation);
    });

    it('never brings a generation from memory', async () => {
      const { door } = await beginNormal();
      const before = door.generation;
      server.restart();
      await clock.advance(60);
      expect(door.state.name).to.equal('closed');
      expect(door.generation).to.not.equal(before);
    });
  });

  describe('R3: the judgement', () => {
    it('gets the life, the chain and the count that OPEN found', async () => {
      const { listener, door } = await beginNormal();
      const data = server.snapshot();
      data.n = 5;
      server.restart(data);
      await clock.advance(60);
      const evidence = listener.evidence.at(-1);
      expect(evidence?.life).to.equal(door.reign.life);
      expect(evidence?.chain.map(({ base }) => base)).to.deep.equal([0, 5]);
      expect(evidence).to.include({ count: 5, isOlderGeneration: false });
    });

    it('gets no life from a server whose record went back', async () => {
      const { listener } = await beginNormal();
      server.data.n = 7;
      await clock.advance(500);
      server.data.n = 6;
      server.cut();
      await clock.advance(60);
      expect(listener.evidence.at(-1)).to.include({ life: '', count: 6 });
    });

    it('flushes by a new generation where an older one is found', async () => {
      const { door, listener } = await beginNormal();
      const old = server.snapshot();
      const bumped = await door.bump();
      expect(bumped).to.equal(door.generation);
      server.restart(old);
      await clock.advance(60);
      expect(listener.evidence.at(-1)?.isOlderGeneration).to.equal(true);
      expect(listener.log.filter((what) => what === 'bumped')).to.have.length(2);
      expect(server.data.gen).to.not.equal(old.gen);
      expect(door.generation).to.not.equal(bumped);
    });

    it('flushes for amnesia, before the first read', async () => {
      const { listener } = await beginNormal();
      const { gen } = server.data;
      listener.isAmnesiac = true;
      server.restart(server.snapshot());
      listener.log.length = 0;
      await clock.advance(60);
      expect(listener.log.slice(0, 6)).to.deep.equal([
        'half-open',
        'judge',
        'bumped',
        'recovering',
        'replay',
        'settling',
      ]);
      expect(server.data.gen).to.not.equal(gen);
    });
  });

  describe('R5: the settling time', () => {
    async function restarted(): Promise<Process> {
      const process = await beginNormal();
      await clock.advance(10_000);
      server.restart(server.snapshot());
      process.listener.log.length = 0;
      await clock.advance(60);
      return process;
    }

    it('lets a new reign be written and not read', async () => {
      const { door, listener } = await restarted();
      expect(listener.log).to.deep.equal([
        'half-open',
        'judge',
        'recovering',
        'replay',
        'settling',
        'opened',
      ]);
      expect(door.reader).to.equal(undefined);
      expect(door.writer).to.not.equal(undefined);
      await clock.advance(S - 100);
      expect(door.state.name).to.equal('settling');
      await clock.advance(100);
      expect(door.state.name).to.equal('closed');
      expect(listener.log.filter((what) => what === 'opened')).to.have.length(1);
    });

    it('counts from when the reign was opened, not from when this process came', async () => {
      await restarted();
      await clock.advance(1_500);
      const late = begin();
      await clock.advance(0);
      expect(late.door.state.name).to.equal('settling');
      await clock.advance(500);
      expect(late.door.state.name).to.equal('closed');
    });

    it('is over for a process that comes later', async () => {
      await restarted();
      await clock.advance(S);
      const late = begin();
      await clock.advance(0);
      expect(late.listener.states).to.deep.equal(['recovering', 'closed']);
    });

    it('is never longer than S, whatever the clock of the server does', async () => {
      const { door } = await restarted();
      server.offsetMs -= 3_600_000;
      server.cut();
      await clock.advance(100);
      expect(door.state.name).to.equal('settling');
      await clock.advance(S + 100);
      expect(door.state.name).to.equal('closed');
    });

    it('is waited for again by a process that was cut off in it', async () => {
      const { door } = await restarted();
      await clock.advance(500);
      server.cut();
      await clock.advance(200);
      expect(door.state.name).to.equal('settling');
    });

    it('ends with a heartbeat that was sent after it', async () => {
      const { door } = await restarted();
      await clock.advance(S - 70);
      const other = server.bump('OTHERS', 0);
      server.isHung = true;
      await clock.advance(90);
      expect(door.state.name).to.equal('settling');
      server.isHung = false;
      await clock.advance(200);
      expect(door.state.name).to.equal('closed');
      expect(other.generation.endsWith(door.generation)).to.equal(true);
    });

    it('ends with another replay of what failed during it', async () => {
      const { listener } = await restarted();
      listener.journal = 1;
      await clock.advance(S);
      expect(listener.log.slice(-2)).to.deep.equal(['replay', 'closed']);
    });

    it('starts again if the data is replaced during it', async () => {
      const { door, listener } = await restarted();
      await clock.advance(1_000);
      server.replicationId = 'promoted';
      await clock.advance(500);
      expect(listener.states.slice(-3)).to.deep.equal(['settling', 'recovering', 'settling']);
      await clock.advance(S - 600);
      expect(door.state.name).to.equal('settling');
    });

    it('ends in an outage for writes that are refused: the reign cannot be read yet', async () => {
      const { door } = await restarted();
      server.writes = OOM;
      door.report(OOM, 10);
      expect(door.state).to.include({ name: 'open', reason: 'out_of_memory' });
    });
  });

  describe('R6, R10: on the living connection', () => {
    it('only reads while nothing is unfenced', async () => {
      const { listener } = await beginNormal();
      server.counts();
      await clock.advance(5_000);
      expect(server.counts()).to.deep.equal({ RECORDS: 10, TIME: 10, INFO: 10 });
      expect(listener.labels).to.have.length(10);
    });

    it('fences what was acknowledged, once', async () => {
      const { door, listener } = await beginNormal();
      listener.acknowledge(door);
      server.counts();
      await clock.advance(1_000);
      expect(server.counts()).to.deep.equal({ FENCE: 1, RECORDS: 1, TIME: 1, INFO: 2 });
      expect(listener.label).to.deep.equal({
        life: door.reign.life,
        reign: door.reign.id,
        count: 1,
      });
    });

    it('labels nothing by a pair whose second half is missing', async () => {
      const { door, listener } = await beginNormal();
      listener.acknowledge(door);
      server.refuses.set('INFO', new Failure('unavailable', 'timeout', new Error('no answer')));
      await clock.advance(400);
      expect(door.isProven()).to.equal(true);
      await clock.advance(700);
      expect(listener.label?.count).to.equal(0);
      expect(door.isProven()).to.equal(false);
    });

    it('judges another life, before anything else is read', async () => {
      const { door, listener } = await beginNormal();
      await clock.advance(5_000);
      listener.acknowledge(door);
      const { life } = door.reign;
      server.replicationId = 'swapped';
      server.counts();
      await clock.advance(500);
      expect(listener.states.slice(-2)).to.deep.equal(['recovering', 'settling']);
      expect(door.state).to.include({ reason: 'data_replaced' });
      expect(door.reign.life).to.not.equal(life);
      expect(listener.labels.at(-1)?.life).to.not.equal(door.reign.life);
    });

    it('adopts a generation that another process made', async () => {
      const { door } = await beginNormal();
      const { generation } = server.bump('OTHERS', 0);
      await clock.advance(500);
      expect(generation.endsWith(door.generation)).to.equal(true);
      expect(door.state.name).to.equal('closed');
    });

    it('flushes where the generation went back', async () => {
      const { door, listener } = await beginNormal();
      await clock.advance(5_000);
      const old = server.snapshot();
      await door.bump();
      Object.assign(server.data, { gen: old.gen, posGen: old.posGen });
      await clock.advance(500);
      expect(listener.log.filter((what) => what === 'bumped')).to.have.length(2);
      expect(server.data.gen).to.not.equal(old.gen);
    });

    it('judges again if the count went back', async () => {
      const { door, listener } = await beginNormal();
      await clock.advance(5_000);
      server.data.n = 9;
      await clock.advance(500);
      server.data.n = 3;
      await clock.advance(500);
      expect(listener.evidence.at(-1)?.life).to.equal('');
      expect(listener.states).to.include.members(['recovering']);
      expect(door.reign.id).to.equal(server.last);
    });

    it('reads nothing from the moment in which data was seen to be older', async () => {
      const { door } = await beginNormal();
      server.data.n = 9;
      await clock.advance(500);
      server.data.n = 3;
      server.latencyMs = 10;
      await clock.advance(511);
      expect(door.reader).to.equal(undefined);
    });

    it('recovers where an evicted record goes with amnesia', async () => {
      const { listener } = await beginNormal();
      listener.isAmnesiac = true;
      server.evictPosition();
      await clock.advance(500);
      expect(listener.states).to.deep.equal(['recovering', 'closed', 'recovering', 'closed']);
    });

    it('makes an evicted record again, without an outage for a process that reads this life', async () => {
      const all = [await beginNormal(), await beginNormal(), await beginNormal()];
      await clock.advance(5_000);
      const { gen } = server.data;
      for (const { door, listener } of all) listener.acknowledge(door);
      server.evictPosition();
      await clock.advance(1_000);
      for (const { door, listener } of all) {
        expect(listener.states).to.deep.equal(['recovering', 'closed']);
        expect(door.reign.id).to.equal(server.last);
        expect(listener.label).to.include({ reign: server.last });
        expect(listener.label?.count).to.be.above(0);
        expect(listener.journal).to.equal(0);
      }
      expect(server.data.gen).to.equal(gen);
    });

    it('repairs one missing copy of the generation inside Redis', async () => {
      const { door, listener } = await beginNormal();
      const before = door.generation;
      server.evictGeneration();
      await clock.advance(500);
      expect(server.data.gen).to.equal(server.data.posGen);
      expect(door.generation).to.equal(before);
      expect(listener.states).to.deep.equal(['recovering', 'closed']);
      server.counts();
      await clock.advance(1_000);
      expect(server.counts()).to.not.have.property('FENCE');
    });

    it('takes a new generation where both copies are gone', async () => {
      const a = await beginNormal();
      const b = await beginNormal();
      const before = a.door.generation;
      server.evictGeneration();
      server.evictPosition();
      await clock.advance(1_000);
      expect(a.door.generation).to.not.equal(before);
      expect(b.door.generation).to.equal(a.door.generation);
      expect(a.listener.states).to.deep.equal(['recovering', 'closed']);
    });

    it('takes a key of another type in the place of the record for no record', async () => {
      const { door } = await beginNormal();
      server.refuses.set('RECORDS', refusal('WRONGTYPE Operation against a key'));
      server.counts();
      await clock.advance(500);
      expect(server.counts()).to.include({ OPEN: 1 });
      expect(door.state.name).to.equal('closed');
    });

    it('follows a missing heartbeat by the next at once', async () => {
      await beginNormal();
      server.isHung = true;
      server.counts();
      await clock.advance(850);
      expect(server.counts()).to.include({ RECORDS: 4 });
    });
  });

  describe('R8: proof', () => {
    it('is as old as the heartbeat’s sending, and ends after two heartbeats', async () => {
      const { door } = await beginNormal();
      server.isHung = true;
      await clock.advance(1_000);
      expect(door.isProven()).to.equal(true);
      await clock.advance(1);
      expect(door.isProven()).to.equal(false);
    });

    it('is given by one heartbeat to all who ask together', async () => {
      const { door } = await beginNormal();
      server.counts();
      const answers = await Promise.all([door.prove(), door.prove(), door.prove()]);
      expect(answers).to.deep.equal([true, true, true]);
      expect(server.counts()).to.include({ RECORDS: 1 });
    });

    it('is given by a heartbeat that was sent after the question', async () => {
      const { door } = await beginNormal();
      server.latencyMs = 10;
      server.counts();
      const first = door.prove();
      await settle();
      const second = door.prove();
      await clock.advance(10);
      expect(await first).to.equal(true);
      await clock.advance(10);
      expect(await second).to.equal(true);
      expect(server.counts()).to.include({ RECORDS: 2 });
    });

    it('is refused where the data was replaced', async () => {
      const { door } = await beginNormal();
      server.replicationId = 'swapped';
      expect(await door.prove()).to.equal(false);
      expect(door.reader).to.equal(undefined);
    });

    it('is not given by an answer that was long on its way', async () => {
      const { door } = await beginNormal();
      await clock.advance(499);
      server.latencyMs = 900;
      await clock.advance(902);
      expect(door.isProven()).to.equal(true);
      await clock.advance(100);
      expect(door.isProven()).to.equal(false);
    });

    it('is asked for by one heartbeat at a time', async () => {
      const { door } = await beginNormal();
      server.latencyMs = 10;
      server.counts();
      const first = door.prove();
      await settle();
      const others = [door.prove(), door.prove()];
      await settle();
      expect(server.counts()).to.include({ RECORDS: 1 });
      await clock.advance(30);
      expect(await Promise.all([first, ...others])).to.deep.equal([true, true, true]);
      expect(server.counts()).to.include({ RECORDS: 1 });
    });

    it('is refused to who waits while Redis is lost', async () => {
      const { door } = await beginNormal();
      server.isHung = true;
      const first = door.prove();
      await settle();
      const second = door.prove();
      server.cut();
      expect(await second).to.equal(false);
      await clock.advance(100);
      expect(await first).to.equal(false);
    });

    it('is not given by an answer on a connection that was left', async () => {
      const { door } = await beginNormal();
      await clock.advance(100);
      server.latencyMs = 400;
      const asked = door.prove();
      await settle();
      server.latencyMs = 0;
      server.cut();
      await clock.advance(200);
      expect(door.state.name).to.equal('closed');
      await clock.advance(250);
      expect(await asked).to.equal(false);
    });

    it('is refused without a connection, and when the connection is lost', async () => {
      const { door } = await beginNormal();
      server.latencyMs = 10;
      const asked = door.prove();
      await settle();
      server.cut();
      expect(await door.prove()).to.equal(false);
      await clock.advance(10);
      expect(await asked).to.equal(false);
    });
  });

  describe('R9: refused writes', () => {
    it('make nothing count from a replica, until a heartbeat has shown its data', async () => {
      const { door, listener } = await beginNormal();
      server.role = 'slave';
      server.latencyMs = 5;
      server.counts();
      door.report(READONLY, 10);
      expect(door.state).to.include({ name: 'read-only', reason: 'read_only' });
      expect(door.writer).to.equal(undefined);
      expect(door.isProven()).to.equal(false);
      await clock.advance(5);
      expect(door.isProven()).to.equal(true);
      expect(server.counts()).to.deep.equal({ RECORDS: 1, TIME: 1, INFO: 1 });
      expect(listener.failures).to.deep.equal(['command read_only']);
    });

    it('end reading where the data was replaced', async () => {
      const { door } = await beginNormal();
      server.role = 'slave';
      server.replicationId = 'of the new primary';
      door.report(READONLY, 10);
      await clock.advance(0);
      expect(door.state).to.include({ name: 'open', reason: 'read_only' });
      expect(door.reader).to.equal(undefined);
    });

    it('end reading later, when the data is replaced only then', async () => {
      const { door } = await beginNormal();
      await clock.advance(10_000);
      server.role = 'slave';
      door.report(READONLY, 10);
      await clock.advance(0);
      expect(door.state.name).to.equal('read-only');
      server.replicationId = 'of the new primary';
      server.counts();
      expect(await door.prove()).to.equal(false);
      expect(door.state).to.include({ name: 'open', reason: 'read_only' });
      expect(server.counts()).to.not.have.property('OPEN');
    });

    it('are noticed by the heartbeat', async () => {
      const { door } = await beginNormal();
      server.role = 'slave';
      server.replicationId = 'of the new primary';
      await clock.advance(500);
      expect(door.state).to.include({ name: 'open', reason: 'read_only' });
    });

    it('are noticed by the heartbeat before the data is replaced', async () => {
      const { door, listener } = await beginNormal();
      server.role = 'slave';
      await clock.advance(500);
      expect(door.state).to.include({ name: 'read-only', reason: 'read_only' });
      expect(listener.failures).to.deep.equal(['command read_only']);
    });

    it('leave a full server readable, with heartbeats that write nothing', async () => {
      const { door, listener } = await beginNormal(false);
      listener.acknowledge(door);
      server.writes = OOM;
      door.report(OOM, 10);
      expect(door.state).to.include({ name: 'read-only', reason: 'out_of_memory' });
      expect(door.reader).to.not.equal(undefined);
      server.counts();
      await clock.advance(2_000);
      expect(server.counts()).to.not.include.keys('FENCE');
      expect(door.isProven()).to.equal(true);
      server.writes = undefined;
      await clock.advance(1_000);
      expect(door.state.name).to.equal('closed');
    });

    it('fence nothing: what was acknowledged stays unfenced', async () => {
      const { door, listener } = await beginNormal(false);
      listener.acknowledge(door);
      server.writes = OOM;
      door.report(OOM, 10);
      listener.labels.length = 0;
      await clock.advance(2_000);
      expect(listener.labels).to.deep.equal([]);
      expect(listener.label?.count).to.equal(0);
    });

    it('are looked at on the same connection where a new one leads to the same server', async () => {
      const { source, door } = await beginNormal();
      server.writes = OOM;
      door.report(OOM, 10);
      await clock.advance(2_000);
      expect(source.opened).to.equal(1);
      expect(door.state.name).to.equal('read-only');
    });

    it('are looked at by a new connection where the name may lead to another server', async () => {
      const { source, door } = await beginNormal();
      const [old] = [...server.sessions];
      server.role = 'slave';
      door.report(READONLY, 10);
      await clock.advance(1_000);
      expect(source.opened).to.be.above(1);
      server.role = 'master';
      await clock.advance(1_000);
      expect(door.state.name).to.equal('closed');
      expect(old?.ended).to.not.equal(undefined);
      expect(server.sessions.size).to.equal(1);
    });

    it('on an adopted client are looked at on that client', async () => {
      const { source, door } = await beginNormal(false);
      server.role = 'slave';
      door.report(READONLY, 10);
      await clock.advance(1_000);
      expect(source.opened).to.equal(1);
    });

    it('end reading where something acknowledged did not survive', async () => {
      const { door, listener } = await beginNormal();
      listener.isAmnesiac = true;
      server.writes = OOM;
      server.cut();
      await clock.advance(100);
      expect(door.state).to.include({ name: 'open', reason: 'out_of_memory' });
    });

    it('keep heartbeats, which notice a hang', async () => {
      const { door } = await beginNormal(false);
      server.writes = OOM;
      door.report(OOM, 10);
      await clock.advance(400);
      server.isHung = true;
      await clock.advance(1_200);
      expect(door.isProven()).to.equal(false);
    });

    it('survive the loss of the old connection while a new one is made', async () => {
      const { door, source } = await beginNormal();
      server.role = 'slave';
      door.report(READONLY, 10);
      await clock.advance(0);
      const [old] = [...server.sessions];
      server.latencyMs = 20;
      while (source.opened === 1) await clock.advance(5);
      old?.lose(OOM);
      expect(door.state.name).to.equal('half-open');
      server.role = 'master';
      await clock.advance(500);
      expect(door.state.name).to.equal('closed');
      expect(server.sessions.size).to.equal(1);
    });

    it('are tried again with as many bytes', async () => {
      const { door, listener } = await beginNormal(false);
      server.maxBytes = 1_000;
      door.report(OOM, 4_000);
      await clock.advance(2_000);
      expect(listener.states).to.not.include('open');
      expect(door.state.name).to.equal('read-only');
      server.maxBytes = 5_000;
      await clock.advance(1_000);
      expect(door.state.name).to.equal('closed');
    });

    it('leave old data unread', async () => {
      const { door } = await beginNormal();
      const old = server.snapshot();
      server.restart(old);
      server.writes = OOM;
      await clock.advance(1_000);
      expect(door.state).to.include({ name: 'open', reason: 'out_of_memory' });
    });

    it('end reading where a full server’s data is replaced under the connection', async () => {
      const { door } = await beginNormal(false);
      server.writes = OOM;
      door.report(OOM, 10);
      server.replicationId = 'another';
      server.counts();
      expect(await door.prove()).to.equal(false);
      expect(door.state).to.include({ name: 'open', reason: 'data_replaced' });
      expect(server.counts()).to.not.have.property('OPEN');
    });

    it('leave settled data readable for a newcomer, with heartbeats of its own', async () => {
      await beginNormal();
      server.writes = OOM;
      const { door } = begin(false);
      await clock.advance(0);
      expect(door.state.name).to.equal('read-only');
      expect(door.isProven()).to.equal(false);
      await clock.advance(500);
      expect(door.isProven()).to.equal(true);
    });

    it('leave a server with nothing in it readable: nothing is there', async () => {
      server.role = 'slave';
      const { door, listener } = begin();
      await clock.advance(0);
      expect(door.state.name).to.equal('read-only');
      expect(listener.failures).to.deep.equal(['connect read_only']);
    });

    it('leave a server that is full unread by a newcomer in the settling time', async () => {
      await beginNormal();
      server.restart(server.snapshot());
      await clock.advance(60);
      server.writes = OOM;
      const late = begin();
      await clock.advance(0);
      expect(late.door.state.name).to.equal('open');
      await clock.advance(S + 600);
      expect(late.door.state.name).to.equal('read-only');
    });

    it('in the replay are the reason of what follows', async () => {
      const { door, listener } = await beginNormal();
      listener.onReplay = async () => door.report(OOM, 1);
      listener.isReplayable = false;
      server.cut();
      await clock.advance(60);
      expect(door.state).to.include({ name: 'open', reason: 'out_of_memory' });
    });
  });

  describe('what Redis refuses for good', () => {
    const unknown = (name: string): Failure => refusal(`ERR unknown command '${name}'`);

    for (const [name, words] of [
      ['OPEN', 'EVALSHA'],
      ['SET', 'SET'],
      ['EVAL', 'EVAL'],
      ['GETRANGE', 'GETRANGE'],
      ['HINCRBY', 'HINCRBY'],
    ]) {
      it(`${words}: memory alone, tried again no sooner than after 5 s`, async () => {
        server.refuses.set(
          name ?? '',
          refusal(`NOPERM this user has no permissions to run '${words}'`),
        );
        const { door, listener, source } = begin();
        await clock.advance(4_900);
        expect(door.state).to.include({ name: 'open', reason: 'permission' });
        expect(String(listener.errors[0])).to.include(words);
        expect(source.opened).to.equal(1);
        server.refuses.clear();
        await clock.advance(300);
        expect(door.state.name).to.equal('closed');
      });
    }

    for (const [name, capability] of [
      ['MGET', 'mget'],
      ['UNLINK', 'unlink'],
      ['DEL', 'unlink'],
      ['TIME', 'time'],
      ['INFO', 'info'],
      ['SCAN', 'scan'],
    ] as const) {
      it(`${name}: found by the probe, and has a substitute`, async () => {
        server.refuses.set(name, unknown(name));
        const { door } = await beginNormal();
        const [session] = [...server.sessions];
        expect(session?.capabilities).to.include({ [capability]: false });
        expect(door.canSweep).to.equal(capability !== 'scan' && capability !== 'unlink');
        await clock.advance(2_000);
        expect(door.state.name).to.equal('closed');
        expect(door.isProven()).to.equal(true);
      });
    }

    it('SCAN: is not asked for where the record is there, and learned when it is used', async () => {
      await beginNormal();
      server.counts();
      const { door } = await beginNormal();
      expect(server.counts()).to.not.have.property('SCAN');
      expect(door.canSweep).to.equal(true);
      door.report(unknown('SCAN'));
      expect(door.canSweep).to.equal(false);
      expect(door.state.name).to.equal('closed');
    });

    it('TIME: the server’s clock is that of INFO', async () => {
      server.refuses.set('TIME', unknown('TIME'));
      const { door } = await beginNormal();
      server.offsetMs += 60_000;
      await clock.advance(500);
      expect(door.time.now()).to.be.closeTo(server.nowMs, 1);
    });

    it('INFO: each connection is a new life, and PERSIST tells the role', async () => {
      server.refuses.set('INFO', unknown('INFO'));
      const { door } = await beginNormal();
      const { life } = door.reign;
      await clock.advance(500);
      expect(door.reign.life).to.equal(life);
      server.cut();
      await clock.advance(60);
      expect(door.reign.life).to.not.equal(life);
      await clock.advance(S);
      expect(door.state.name).to.equal('closed');
      server.role = 'slave';
      await clock.advance(500);
      expect(door.reader).to.equal(undefined);
    });

    it('INFO: the life of a connection outlasts another look at it', async () => {
      server.refuses.set('INFO', unknown('INFO'));
      const { door } = await beginNormal(false);
      const { life } = door.reign;
      server.writes = OOM;
      door.report(OOM, 10);
      await clock.advance(500);
      expect(door.state.name).to.equal('read-only');
      server.writes = undefined;
      await clock.advance(500);
      expect(door.reign.life).to.equal(life);
    });

    it('INFO: a replica is not read, whose data may have been replaced', async () => {
      server.refuses.set('INFO', unknown('INFO'));
      const { door } = await beginNormal();
      server.role = 'slave';
      await clock.advance(500);
      expect(door.state).to.include({ name: 'open', reason: 'read_only' });
    });

    it('INFO: two such processes do not open reigns against each other', async () => {
      server.refuses.set('INFO', unknown('INFO'));
      const a = await beginNormal();
      const b = begin();
      await clock.advance(10_000);
      expect([a.door.state.name, b.door.state.name]).to.deep.equal(['closed', 'closed']);
      server.counts();
      await clock.advance(5_000);
      expect(server.counts()).to.not.have.property('OPEN');
    });

    it('a node of a cluster is called so', async () => {
      server.mode = 'cluster';
      const { door, listener, source } = begin();
      await clock.advance(4_000);
      expect(door.state).to.include({ name: 'open', reason: 'cluster_node' });
      expect(String(listener.errors[0])).to.match(/node of a Redis Cluster \(cluster_enabled:1\)/);
      expect(source.opened).to.equal(1);
    });

    it('a node of a cluster that hides it is found by MOVED, then or later', async () => {
      const moved = refusal('MOVED 3999 127.0.0.1:6381');
      const { door } = await beginNormal();
      door.report(moved);
      expect(door.state).to.include({ name: 'open', reason: 'cluster_node' });
      server.redirects = moved;
      const late = begin();
      await clock.advance(0);
      expect(late.door.state).to.include({ name: 'open', reason: 'cluster_node' });
    });

    it('the port of a Sentinel is called so', async () => {
      server.mode = 'sentinel';
      server.refuses.set('SET', unknown('SET'));
      const { door, listener } = begin();
      await clock.advance(0);
      expect(door.state).to.include({ name: 'open', reason: 'sentinel' });
      expect(String(listener.errors[0])).to.include('Sentinel');
    });

    it('an answer that belongs to another command ends the connection', async () => {
      server.misread = 'other';
      const { door } = begin();
      await clock.advance(0);
      expect(door.state).to.include({ name: 'open', reason: 'protocol_error' });
    });

    it('a heartbeat that is forbidden later ends the connection', async () => {
      const { door } = await beginNormal();
      server.refuses.set('RECORDS', refusal('NOPERM no permissions'));
      await clock.advance(500);
      expect(door.state).to.include({ name: 'open', reason: 'permission' });
    });
  });

  describe('bump', () => {
    it('makes another generation with each try', async () => {
      const { door } = await beginNormal();
      const made = [await door.bump(), await door.bump(), door.generation];
      expect(new Set(made).size).to.equal(2);
      expect(made[1]).to.equal(door.generation);
    });

    it('also changes the record of release 0.1, where there is one', async () => {
      const { door } = await beginNormal();
      server.counts();
      await door.bump();
      expect(server.counts()).to.deep.equal({ BUMP: 1, EXISTS: 1 });
      server.hasOldRecord = true;
      await door.bump();
      expect(server.counts()).to.deep.equal({ BUMP: 1, EXISTS: 1, HSET: 1, HINCRBY: 1 });
      server.refuses.set('HSET', new Failure('unavailable', 'timeout', new Error('x')));
      expect(await door.bump()).to.be.instanceOf(Failure);
    });

    it('is a Failure while there is no connection', async () => {
      const { door } = await beginNormal();
      server.isDown = true;
      server.cut();
      expect(await door.bump()).to.be.instanceOf(Failure);
    });
  });

  describe('close', () => {
    const stages: Record<string, (process: Process) => Promise<unknown>> = {
      'at once': async () => {},
      closed: () => clock.advance(600),
      'in a heartbeat': async () => {
        await clock.advance(499);
        server.latencyMs = 50;
        await clock.advance(2);
      },
      open: async () => {
        server.isDown = true;
        server.cut();
        await clock.advance(10);
      },
      settling: async () => {
        await clock.advance(0);
        server.restart(server.snapshot());
        await clock.advance(100);
      },
      'read-only': async ({ door }) => {
        await clock.advance(0);
        server.writes = OOM;
        door.report(OOM);
      },
    };
    for (const [stage, reach] of Object.entries(stages)) {
      it(`leaves nothing behind: ${stage}`, async () => {
        const process = begin();
        await reach(process);
        process.door.close();
        process.door.close();
        expect(process.door.state.name).to.equal('shut');
        await clock.advance(200);
        expect(clock.pending).to.equal(0);
        expect(server.sessions.size).to.equal(0);
        expect(process.source.isClosed).to.equal(true);
        const { opened } = process.source;
        await clock.advance(60_000);
        expect(process.source.opened).to.equal(opened);
      });
    }
  });

  it('keeps no caller’s async context', async () => {
    const callers = new AsyncLocalStorage<string>();
    const seen = new Set<string | undefined>();
    const see = (): number => seen.add(callers.getStore()).size;
    server = new FakeServer(systemClock as ManualClock);
    server.onCommand = see;
    const source = new FakeSource(server);
    const listener = new FakeListener();
    listener.stateChanged = see;
    listener.onReplay = async () => void see();
    const options = { source, prefix: 'app:', commandTimeoutMs: 100, clock: systemClock };
    const door = new RedisDoor(options);
    const inRequest = <T>(task: () => T): T => callers.run('request', task);
    const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
    inRequest(() => door.start(listener));
    await sleep(20);
    const [session] = [...server.sessions];
    await inRequest(() => Promise.all([door.prove(), door.bump()]));
    inRequest(() => door.report(READONLY));
    await sleep(20);
    inRequest(() => session?.lose(OOM));
    await sleep(700);
    inRequest(() => door.close());
    expect([...seen]).to.deep.equal([undefined]);
  });
});
