import { expect } from 'chai';
import type { Records } from '../../../../lib/redis/commands/records.js';
import { DataIdentity, serialOf } from '../../../../lib/redis/door/judgement/data-identity.js';

const OPENED_AT = 50_000;

function records(
  part: Partial<Records> & { readonly life?: string; readonly id?: string },
): Records {
  const { life = 'L1', id = 'r1', ...rest } = part;
  const chain = [{ id, life, base: 0, openedAt: OPENED_AT }];
  return { chain, count: 5, generation: '100:aaaaaa', isWhole: true, micros: 1, ...rest };
}

describe('what a process remembers of the data', () => {
  let identity: DataIdentity;
  beforeEach(() => {
    identity = new DataIdentity();
    identity.opened('L1', records({}), false);
    identity.becameNormal();
  });

  it('is nothing at first, with a generation of its own', () => {
    const fresh = new DataIdentity();
    expect(fresh.generation).to.have.length(6);
    expect(fresh.generation).to.not.equal(new DataIdentity().generation);
    expect(fresh.reign).to.deep.equal({ life: '', id: '' });
    expect(fresh.opening('L1').serial).to.equal(-1);
  });

  it('is brought to OPEN with new random parts each time', () => {
    const [one, two] = [identity.opening('L2'), identity.opening('L2')];
    expect(one).to.include({ life: 'L2', serial: 100 });
    expect(one.reign).to.not.equal(two.reign);
    expect(one.random).to.not.equal(two.random);
  });

  it('is replaced by what OPEN found', () => {
    const evidence = identity.opened('L2', records({ life: 'L2', id: 'r2', count: 9 }), false);
    expect(evidence).to.include({ life: 'L2', count: 9, serial: 100, isOlderGeneration: false });
    expect(identity.reign).to.deep.equal({ life: 'L2', id: 'r2' });
    expect(identity.wasNormalIn('L2')).to.equal(false);
    expect(identity.wasNormalIn('L1')).to.equal(true);
  });

  it('keeps its generation where an older one is found', () => {
    const older = records({ generation: '99:bbbbbb' });
    expect(identity.opened('L1', older, false).isOlderGeneration).to.equal(true);
    expect(identity.generation).to.equal('aaaaaa');
  });

  it('is not normal any more in a life whose record went back', () => {
    expect(identity.opened('L1', records({ count: 4 }), false).life).to.equal('');
    expect(identity.wasNormalIn('L1')).to.equal(false);
  });

  it('goes on in the same data under another name of its life', () => {
    identity.opened('L2', records({ life: 'L2', id: 'r2' }), true);
    expect(identity.wasNormalIn('L2')).to.equal(true);
  });

  it('is not normal under another name where it was not normal before', () => {
    const late = new DataIdentity();
    late.opened('L1', records({}), false);
    late.opened('L2', records({ life: 'L2', id: 'r2' }), true);
    expect(late.wasNormalIn('L2')).to.equal(false);
  });

  describe('beside what a heartbeat shows', () => {
    const cases: readonly (readonly [string, Records, string])[] = [
      ['the same', records({}), 'same'],
      ['further on', records({ count: 6, generation: '101:bbbbbb' }), 'same'],
      ['one copy is missing', records({ isWhole: false }), 'torn'],
      ['no record', { ...records({}), chain: [] }, 'missing'],
      ['a record made anew by others', records({ id: 'r2', count: 0 }), 'missing'],
      ['no generation', records({ generation: '' }), 'missing'],
      ['what is no generation', records({ generation: 'x:y' }), 'missing'],
      ['an older generation', records({ generation: '99:bbbbbb' }), 'older'],
      ['an older count', records({ count: 4 }), 'older'],
      [
        'an older generation in a record made anew',
        records({ id: 'r2', generation: '9:b' }),
        'older',
      ],
    ];
    for (const [what, shown, sight] of cases) {
      it(`${what}: ${sight}`, () => {
        expect(identity.see(shown)).to.equal(sight);
        const isTaken = sight === 'same' || sight === 'torn';
        expect(identity.count).to.equal(isTaken ? shown.count : 5);
        expect(identity.generation).to.equal(isTaken ? shown.generation.slice(-6) : 'aaaaaa');
      });
    }

    it('is missing as long as no reign is known', () => {
      expect(new DataIdentity().see(records({ id: '' }))).to.equal('missing');
    });
  });

  describe('says whether a server that refuses writes may be read', () => {
    const LONG_AFTER = OPENED_AT + 2_000;
    const cases: readonly (readonly [string, Records, string, number, boolean])[] = [
      ['this life, read before', records({}), 'L1', OPENED_AT, true],
      ['another life than its reign’s', records({}), 'L2', LONG_AFTER, false],
      [
        'a life not read before, settled',
        records({ life: 'L2', id: 'r2' }),
        'L2',
        LONG_AFTER,
        true,
      ],
      ['a life not read before, too young', records({ life: 'L2' }), 'L2', LONG_AFTER - 1, false],
      ['an older generation', records({ generation: '99:bbbbbb' }), 'L1', LONG_AFTER, false],
      ['an older count', records({ count: 4 }), 'L1', LONG_AFTER, false],
      ['nothing there', { ...records({}), chain: [] }, 'L1', LONG_AFTER, false],
    ];
    for (const [what, found, life, at, expected] of cases) {
      it(`${what}: ${expected}`, () =>
        expect(identity.mayRead(life, found, at)).to.equal(expected));
    }

    it('nothing there, and nothing remembered: true', () => {
      const nothing = { ...records({}), chain: [] };
      expect(new DataIdentity().mayRead('L1', nothing, 0)).to.equal(true);
    });
  });

  it('takes a new generation, and no older one', () => {
    identity.bumped(records({ generation: '200:cccccc' }));
    identity.bumped(records({ generation: '150:dddddd' }));
    expect([identity.generation, identity.serial]).to.deep.equal(['cccccc', 200]);
  });

  it('reads the serial of a generation', () => {
    expect(['12:abc', '', 'abc', ':x'].map(serialOf)).to.deep.equal([12, -1, -1, -1]);
  });
});
