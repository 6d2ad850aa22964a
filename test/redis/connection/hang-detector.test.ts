import { expect } from 'chai';
import { lagOf } from '../../../lib/core/time/lag.js';
import { graceMs, HangDetector, type Timed } from '../../../lib/redis/connection/hang-detector.js';
import { ManualClock } from '../../support/manual-clock.js';

const COMMAND_TIMEOUT_MS = 100;

/** The event loop of this process is never idle. */
class BusyClock extends ManualClock {
  override idleTime(): number {
    return 0;
  }
}

describe('the hang detector', () => {
  const scene = ({ clock = new ManualClock(), commandTimeoutMs = COMMAND_TIMEOUT_MS } = {}) => {
    const hangs = new HangDetector(clock, commandTimeoutMs);
    const sent = (): Timed => ({
      sentAt: clock.now(),
      idleAt: clock.idleTime(),
      patienceMs: commandTimeoutMs,
    });
    /** Whether Redis counts as hung when a command was answered so late. */
    const answered = (afterMs: number): boolean => {
      const command = sent();
      clock.jump(afterMs);
      return hangs.answered(command, command.sentAt + commandTimeoutMs);
    };
    const missed = (count: number): boolean => {
      const commands = Array.from({ length: count }, sent);
      clock.jump(commandTimeoutMs);
      return hangs.missed(commands);
    };
    /** After how many answers that come so late Redis counts as hung; `undefined`: it does not. */
    const hungAfter = (afterMs: number, most = 100): number | undefined => {
      for (let count = 1; count <= most; count++) if (answered(afterMs)) return count;
      return undefined;
    };
    return { clock, answered, missed, hungAfter };
  };

  it('is lost when three in a row are missing', () => {
    const { missed } = scene();
    expect([missed(1), missed(1), missed(1)]).to.deep.equal([false, false, true]);
    expect(scene().missed(3)).to.equal(true);
  });

  it('is restored by one answer in time', () => {
    const { answered, missed } = scene();
    expect([missed(2), answered(COMMAND_TIMEOUT_MS), missed(2)]).to.deep.equal([
      false,
      false,
      false,
    ]);
  });

  it('takes an answer that is late for one that is missing', () => {
    const { answered, missed } = scene();
    expect([missed(1), answered(150), missed(1)]).to.deep.equal([false, false, true]);
    expect(scene().hungAfter(150)).to.equal(3);
  });

  it('does not count time in which this process computed, nor what a busy machine explains', () => {
    const busy = scene({ clock: new BusyClock() });
    expect(busy.hungAfter(150, 6)).to.equal(undefined);
    for (const [lateMs, isHung] of [
      [20, true],
      [40, false],
    ] as const) {
      const { clock, hungAfter } = scene();
      lagOf(clock).observe(lateMs);
      expect(hungAfter(200, 3) !== undefined, `timers late by ${lateMs} ms`).to.equal(isHung);
    }
  });

  it('is lost all the same when every answer is late for long, on a calm machine', () => {
    const busy = scene({ clock: new BusyClock() });
    expect(busy.hungAfter(250)).to.equal(4);
    const patient = scene({ clock: new BusyClock(), commandTimeoutMs: 2_000 });
    expect(patient.hungAfter(2_500)).to.equal(3);
    expect(scene({ clock: new BusyClock() }).hungAfter(2_000)).to.equal(3);
  });

  it('is not lost so where our own timers are late, for however long', () => {
    const { clock, answered } = scene({ clock: new BusyClock() });
    for (let i = 0; i < 20; i++) {
      lagOf(clock).observe(20);
      expect(answered(900)).to.equal(false);
    }
  });

  it('is lost, too, when every small command takes longer than commandTimeout for long', () => {
    /** Each takes 102 ms; its size adds so much to its deadline; it came behind a large reply until then. */
    const hungAfter = (sizeMs: number, behindMs = 0): boolean => {
      const clock = new BusyClock();
      const hangs = new HangDetector(clock, COMMAND_TIMEOUT_MS);
      for (let i = 0; i < 30; i++) {
        const sentAt = clock.now();
        const patienceMs = COMMAND_TIMEOUT_MS + sizeMs;
        clock.jump(102);
        const dueAt = sentAt + patienceMs + behindMs;
        if (hangs.answered({ sentAt, idleAt: 0, patienceMs }, dueAt)) return true;
      }
      return false;
    };
    expect(hungAfter(3)).to.equal(true);
    expect(hungAfter(30), 'the commands are large').to.equal(false);
    expect(hungAfter(3, 50), 'behind a large reply').to.equal(false);
  });

  it('is not shown to be well by an answer that is late while our own timers are late', () => {
    const { clock, answered } = scene({ clock: new BusyClock() });
    const verdicts: boolean[] = [];
    for (let i = 0; i < 6; i++) {
      // They are late for every third answer.
      if (i % 3 === 0) lagOf(clock).observe(20);
      verdicts.push(answered(700));
    }
    expect(verdicts.includes(true)).to.equal(true);
  });

  it('begins again after an answer in time, for long slowness too', () => {
    const { answered } = scene({ clock: new BusyClock() });
    for (let i = 0; i < 20; i++) {
      for (const ms of [300, 300, 300, 50]) expect(answered(ms)).to.equal(false);
    }
  });

  it('gives grace for five times the lateness of our own timers, while that is recent', () => {
    const clock = new ManualClock();
    expect(graceMs(clock)).to.equal(0);
    lagOf(clock).observe(9);
    expect(graceMs(clock)).to.equal(0);
    lagOf(clock).observe(100);
    expect(graceMs(clock)).to.equal(500);
    clock.jump(1_000);
    expect(graceMs(clock)).to.equal(250);
    clock.jump(3_000);
    expect(graceMs(clock)).to.equal(0);
    lagOf(clock).observe(3_600_000);
    expect(graceMs(clock)).to.equal(5_000);
  });
});
