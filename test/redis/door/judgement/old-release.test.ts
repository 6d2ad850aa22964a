import { expect } from 'chai';
import type { DoorSession } from '../../../../lib/redis/door/door-session.js';
import { OldRelease } from '../../../../lib/redis/door/judgement/old-release.js';
import { Failure } from '../../../../lib/redis/failure.js';

const REFUSED = new Failure('command', 'permission', new Error('NOPERM'));

/** A session that answers each command by its name. */
function sessionWith(replies: Readonly<Record<string, unknown>>): {
  session: DoorSession;
  sent: string[];
} {
  const sent: string[] = [];
  const send = async (args: readonly string[]): Promise<unknown> => {
    sent.push(args.join(' '));
    return replies[args[0] ?? ''];
  };
  return { session: { send } as unknown as DoorSession, sent };
}

describe('the record of release 0.1', () => {
  let old: OldRelease;
  beforeEach(() => {
    old = new OldRelease('p:');
  });

  it('is read by one command, and what is no generation counts as none', async () => {
    const { session, sent } = sessionWith({ HGET: 'gen1' });
    expect(await old.read(session)).to.equal('gen1');
    expect(sent).to.deep.equal(['HGET p:__ech:fence gen']);
    for (const HGET of [null, 7, REFUSED]) {
      expect(await old.read(sessionWith({ HGET }).session)).to.equal('');
    }
  });

  it('changes nothing when it is seen for the first time', () => {
    expect(old.hasChanged('gen1', 'own')).to.equal(false);
    old.follow('gen1');
    expect(old.hasChanged('gen1', 'own')).to.equal(false);
  });

  it('has changed when another generation is found, until that was followed', () => {
    old.follow('gen1');
    expect(old.hasChanged('gen2', 'own')).to.equal(true);
    expect(old.hasChanged('gen2', 'own')).to.equal(true);
    old.follow('gen2');
    expect(old.hasChanged('gen2', 'own')).to.equal(false);
  });

  it('has not changed when it holds our own generation, or when it was evicted', () => {
    old.follow('gen1');
    expect(old.hasChanged('own', 'own')).to.equal(false);
    expect(old.hasChanged('', 'own')).to.equal(false);
    old.follow('');
    expect(old.hasChanged('gen1', 'own')).to.equal(false);
  });

  it('has changed when it appears where there was none', () => {
    old.follow('');
    expect(old.isKnown).to.equal(false);
    expect(old.hasChanged('gen1', 'own')).to.equal(true);
    old.follow('gen1');
    expect(old.isKnown).to.equal(true);
  });

  it('is given the new generation, and counted on, where it exists', async () => {
    const { session, sent } = sessionWith({ EXISTS: 1, HSET: 0, HINCRBY: 2 });
    expect(await old.bump(session, 'gen2')).to.equal(undefined);
    expect(sent).to.deep.equal([
      'EXISTS p:__ech:fence',
      'HSET p:__ech:fence gen gen2',
      'HINCRBY p:__ech:fence n 1',
    ]);
    const without = sessionWith({ EXISTS: 0 });
    expect(await old.bump(without.session, 'gen2')).to.equal(undefined);
    expect(without.sent).to.have.lengthOf(1);
  });

  it('says which command failed', async () => {
    for (const replies of [{ EXISTS: REFUSED }, { EXISTS: 1, HSET: REFUSED, HINCRBY: 1 }]) {
      expect(await old.bump(sessionWith(replies).session, 'gen2')).to.equal(REFUSED);
    }
  });
});
