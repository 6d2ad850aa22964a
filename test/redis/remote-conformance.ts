import { expect } from 'chai';
import { Failure } from '../../lib/redis/failure.js';
import type { Commands, Door, Remote } from '../../lib/redis/remote.js';
import { RecordingListener } from './recording-listener.js';

/** A Remote under test, which was built and not started. */
export interface RemoteSubject {
  readonly remote: Remote;
  /** How many connections it has begun to make. */
  attempts(): number;
  /** The server ends, and every connection with it. */
  kill(): Promise<void> | void;
  /** It starts again, without data or with the data that it has. */
  restart(from: 'nothing' | 'its data'): Promise<void> | void;
  /** Memory is full: it refuses writes. */
  fill(): Promise<void> | void;
  free(): Promise<void> | void;
  /** Lets time pass until the condition holds. */
  until(condition: () => boolean, what: string): Promise<void>;
  stop(): Promise<void> | void;
}

export interface RemoteKind {
  readonly name: string;
  make(): Promise<RemoteSubject> | RemoteSubject;
}

/** The way from a connection to reads, with what the door shows at each step: reader and writer. */
const OPENING = ['judge --', 'recovering --', 'replay --', 'closed rw', 'opened rw'];

const OOM = new Failure('writes', 'out_of_memory', new Error('OOM command not allowed'));

/** What every Remote, and each of its doors, promises to the tiers. */
export function remoteConformance(kind: RemoteKind): void {
  describe(`the remote port: ${kind.name}`, () => {
    let subject: RemoteSubject;
    let remote: Remote;
    let door: Door;
    let listener: RecordingListener;

    beforeEach(async () => {
      subject = await kind.make();
      ({ remote } = subject);
      door = remote.doorFor('a');
      listener = new RecordingListener();
    });

    afterEach(async () => {
      remote.close();
      await subject.stop();
    });

    const isIn = (name: Door['state']['name']): Promise<void> =>
      subject.until(() => door.state.name === name, `the state is ${name}`);

    const open = async (): Promise<void> => {
      remote.start(listener);
      await isIn('closed');
    };

    it('connects nothing when it is built', async () => {
      await new Promise((resolve) => setImmediate(resolve));
      expect(subject.attempts()).to.equal(0);
      expect(door.state).to.deep.equal({ name: 'connecting' });
      expect([door.reader, door.writer, door.firstAttempt]).to.deep.equal(Array(3).fill(undefined));
      expect(door.isProven()).to.equal(false);
      expect(await door.prove()).to.equal(false);
      expect(await door.bump()).to.be.instanceOf(Failure);
    });

    it('has one of its doors for each key, always the same', () => {
      expect(remote.doors).to.not.have.lengthOf(0);
      for (const key of ['', 'a', 'b', 'user:1', 'é', '🙂', 'x'.repeat(1_000)]) {
        expect(remote.doors).to.include(remote.doorFor(key));
        expect(remote.doorFor(key)).to.equal(remote.doorFor(key));
      }
    });

    it('begins with start: judgement, replay, and then reads', async () => {
      remote.start(listener);
      const { firstAttempt } = door;
      expect(firstAttempt).to.be.a('promise');
      await isIn('closed');
      await firstAttempt;
      expect(door.firstAttempt).to.equal(undefined);
      expect(subject.attempts()).to.equal(1);
      expect(listener.log).to.deep.equal(OPENING);
      expect(listener.commands.at(-1)).to.equal(door.writer);
      expect(door.isProven()).to.equal(true);
      listener.expectUnbroken();
    });

    it('ends the first attempt also without a connection, and reports it once', async () => {
      await subject.kill();
      remote.start(listener);
      const { firstAttempt } = door;
      await isIn('open');
      await firstAttempt;
      expect(door.firstAttempt).to.equal(undefined);
      expect(listener.log.slice(0, 2)).to.deep.equal(['failed connect', 'open --']);
      expect(door.state).to.include.keys('reason', 'nextAttemptAt');
    });

    it('reports later attempts of a known outage as probes, and comes back', async () => {
      await subject.kill();
      remote.start(listener);
      await subject.until(() => listener.kinds.length >= 3, 'it tried three times');
      expect(new Set(listener.kinds.slice(1))).to.deep.equal(new Set(['probe']));
      await subject.restart('nothing');
      await isIn('closed');
      expect(listener.log.slice(-6)).to.deep.equal(['half-open --', ...OPENING]);
      expect(listener.kinds.filter((each) => each !== 'probe')).to.deep.equal(['connect']);
      listener.expectUnbroken();
    });

    it('tells the end of each attempt, those of a known outage too', async () => {
      await subject.kill();
      remote.start(listener);
      await subject.until(() => listener.attempts.length >= 2, 'it tried twice');
      expect(new Set(listener.attempts)).to.deep.equal(new Set([false]));
      await subject.restart('nothing');
      await subject.until(() => listener.attempts.includes(true), 'it came back');
      expect(door.state.name).to.equal('closed');
      expect(listener.attempts.at(-1)).to.equal(true);
    });

    it('is not read before the replay has ended', async () => {
      const release = listener.holdReplay();
      remote.start(listener);
      await subject.until(() => listener.replays > 0, 'the replay began');
      for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
      expect(door.state.name).to.equal('recovering');
      expect([door.reader, door.writer]).to.deep.equal([undefined, undefined]);
      release(true);
      await isIn('closed');
      expect(listener.log).to.deep.equal(OPENING);
    });

    it('tries again after a replay that did not reach Redis', async () => {
      const release = listener.holdReplay();
      remote.start(listener);
      await subject.until(() => listener.replays > 0, 'the replay began');
      release(false);
      await isIn('closed');
      expect(listener.log.slice(0, 5)).to.deep.equal([
        ...OPENING.slice(0, 3),
        'failed connect',
        'open --',
      ]);
      expect(listener.log.slice(-6)).to.deep.equal(['half-open --', ...OPENING]);
    });

    it('makes a new generation before the replay if acknowledged writes are missing', async () => {
      listener.verdict = 'amnesia';
      await open();
      expect(listener.log).to.deep.equal(['judge --', 'bumped --', ...OPENING.slice(1)]);
      const [judged, replayed] = listener.generations;
      expect(replayed).to.not.equal(judged);
      expect(door.generation).to.equal(replayed);
    });

    it('settles every command of a lost connection, and opens with another one', async () => {
      await open();
      const before = door.writer as Commands;
      listener.log.length = 0;
      const pending = allCommands(before);
      await subject.kill();
      const replies = await Promise.all(pending);
      await isIn('open');
      expect(listener.log.slice(0, 2)).to.deep.equal(['failed connect', 'open --']);
      expect(replies).to.have.lengthOf(pending.length);
      for (const reply of await Promise.all(allCommands(before))) {
        expect(failureIn(reply)).to.include({ kind: 'unavailable' });
      }
      await subject.restart('nothing');
      await isIn('closed');
      expect(listener.log.slice(-6)).to.deep.equal(['half-open --', ...OPENING]);
      expect(door.writer).to.not.equal(before);
      expect(listener.commands.at(-1)).to.equal(door.writer);
      listener.expectUnbroken();
    });

    it('takes changes and is not read while a young reign settles', async () => {
      await open();
      listener.hasWork = false;
      listener.log.length = 0;
      await subject.kill();
      await subject.restart('its data');
      await isIn('closed');
      expect(listener.log.slice(-7)).to.deep.equal([
        'half-open --',
        ...OPENING.slice(0, 3),
        'settling -w',
        'opened -w',
        'closed rw',
      ]);
    });

    it('stays as it is when a command fails, and reports it once', async () => {
      await open();
      listener.log.length = 0;
      const failure = new Failure('command', 'protocol_error', new Error('WRONGTYPE'));
      door.report(failure);
      expect(listener.log).to.deep.equal(['failed command']);
      expect(listener.failures.at(-1)).to.equal(failure);
      expect(door.state.name).to.equal('closed');
    });

    it('cannot sweep any more once SCAN was refused', async () => {
      await open();
      expect(door.canSweep).to.equal(true);
      const error = new Error("NOPERM this user has no permissions to run the 'scan' command");
      door.report(new Failure('command', 'permission', error));
      expect([door.canSweep, door.state.name]).to.deep.equal([false, 'closed']);
    });

    it('is only read while Redis refuses writes, and takes them again afterwards', async () => {
      await open();
      await subject.fill();
      listener.log.length = 0;
      door.report(OOM, 100);
      expect(listener.log).to.deep.equal(['failed command', 'read-only r-']);
      expect(await door.reader?.get('p:absent')).to.equal(null);
      expect(await door.bump()).to.be.instanceOf(Failure);
      await subject.free();
      await isIn('closed');
      expect(listener.log.slice(-5)).to.deep.equal(['judge r-', ...OPENING.slice(1)]);
      listener.expectUnbroken();
    });

    it('sends one heartbeat for all calls of a turn that ask for a proof', async () => {
      await open();
      const before = listener.fences;
      const proofs = await Promise.all(Array.from({ length: 20 }, () => door.prove()));
      expect(new Set(proofs)).to.deep.equal(new Set([true]));
      // One of its own may be due at this moment.
      expect(listener.fences - before).to.be.within(1, 2);
      const { life, id: reign } = door.reign;
      expect(listener.labels.at(-1)).to.include({ life, reign });
    });

    it('counts a fence if a write is not fenced, and only reads otherwise', async () => {
      await open();
      const countNow = async (): Promise<number> => {
        expect(await door.prove()).to.equal(true);
        return listener.labels.at(-1)?.count ?? Number.NaN;
      };
      const before = await countNow();
      expect(await countNow()).to.equal(before);
      listener.hasUnfenced = true;
      const fenced = await countNow();
      expect(fenced).to.be.above(before);
      listener.hasUnfenced = false;
      expect(await countNow()).to.be.least(fenced);
    });

    it('makes a generation with a new id for each bump', async () => {
      await open();
      const seen = [door.generation];
      for (let i = 0; i < 3; i++) {
        const generation = await door.bump();
        expect(generation).to.equal(door.generation);
        seen.push(door.generation);
      }
      expect(new Set(seen).size).to.equal(4);
      expect(listener.log.slice(OPENING.length)).to.deep.equal(Array(3).fill('bumped rw'));
    });

    it('proves nothing and bumps nothing without a connection', async () => {
      await open();
      await subject.kill();
      await isIn('open');
      expect(door.isProven()).to.equal(false);
      expect(await door.prove()).to.equal(false);
      expect(await door.bump()).to.be.instanceOf(Failure);
    });

    it('has a time of the server that goes forward', async () => {
      await open();
      const { time } = door;
      expect(time.latest()).to.be.least(time.now());
      const first = time.stamp();
      expect(first.high).to.be.least(first.low);
      const floor = first.high + 1_000;
      time.raiseFloor(floor);
      await new Promise((resolve) => setImmediate(resolve));
      const second = time.stamp();
      expect(second.low).to.be.above(floor);
      expect(second.high).to.be.least(second.low);
      expect(time.renewed(first).low).to.be.least(first.low);
    });

    describe('close', () => {
      it('ends everything, once, and nothing comes after it', async () => {
        await open();
        const pending = allCommands(door.writer as Commands);
        const proof = door.prove();
        listener.log.length = 0;
        remote.close();
        expect(listener.log).to.deep.equal(['shut --']);
        remote.close();
        await Promise.all([...pending, proof]);
        expect(await door.prove()).to.equal(false);
        expect(await door.bump()).to.be.instanceOf(Failure);
        expect(door.isProven()).to.equal(false);
        await subject.kill();
        expect(listener.log).to.deep.equal(['shut --']);
      });

      it('ends the first attempt', async () => {
        remote.start(listener);
        const { firstAttempt } = door;
        remote.close();
        await firstAttempt;
        expect([door.state.name, door.firstAttempt]).to.deep.equal(['shut', undefined]);
        expect(listener.log).to.deep.equal(['shut --']);
      });

      it('stays closed when a replay ends afterwards', async () => {
        const release = listener.holdReplay();
        remote.start(listener);
        await subject.until(() => listener.replays > 0, 'the replay began');
        remote.close();
        release(true);
        for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
        expect(listener.log).to.deep.equal([...OPENING.slice(0, 3), 'shut --']);
        expect(listener.attempts).to.deep.equal([]);
      });

      it('is possible before start', () => {
        remote.close();
        expect([door.state.name, subject.attempts()]).to.deep.equal(['shut', 0]);
      });
    });
  });
}

/** One call of each command that needs no lease. */
function allCommands(commands: Commands): readonly Promise<unknown>[] {
  const lease = { key: 'p:a', token: 't000000001' };
  return [
    commands.get('p:a'),
    commands.getMany(['p:a', 'p:b'], 'bulk'),
    commands.claim(['p:c'], 'load', 'request'),
    commands.fill([{ ...lease, text: '', pxMs: 1_000 }], 'request'),
    commands.renew([lease]),
    commands.release([lease]),
    commands.scan('0', 'p:*'),
    commands.sweep([{ key: 'p:a', fingerprint: '12345678', limit: 1 }]),
    commands.sweepDead([{ key: 'p:a', fingerprint: '12345678', limit: 1 }], 'gen001'),
    commands.recheck('p:a'),
    commands.readText('p:note', 10),
    commands.writeText('p:note', 'a', 1_000),
  ];
}

/** The failure that a reply is, or that each of its parts is. */
function failureIn(reply: unknown): unknown {
  return Array.isArray(reply) ? reply[0] : reply;
}
