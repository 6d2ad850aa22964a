import { expect } from 'chai';
import { anchorOf, rangesText, type SlotRange } from '../../../lib/redis/cluster/anchors.js';
import { assign } from '../../../lib/redis/cluster/assignment.js';
import { slotOfKey } from '../../../lib/redis/cluster/key-slot.js';
import { parseReport, type Report } from '../../../lib/redis/cluster/report.js';
import { SlotTable } from '../../../lib/redis/cluster/slot-table.js';

const at = (host: string) => ({ host, port: 6379 });

describe('the slot of a key', () => {
  // What CLUSTER KEYSLOT of a Redis 7 answers.
  for (const [key, slot] of [
    ['123456789', 12_739],
    ['', 0],
    ['foo', 12_182],
    ['{user1000}.following', 3_443],
    ['{user1000}.followers', 3_443],
    ['foo{}{bar}', 8_363],
    ['foo{{bar}}zap', 4_015],
    ['foo{bar}{zap}', 5_061],
  ] as const) {
    it(`'${key}' is ${slot}`, () => expect(slotOfKey(key)).to.equal(slot));
  }
});

describe('the place of our records on a server', () => {
  it('is the same for all processes, and in a slot of that server', () => {
    for (const ranges of [[[0, 5460]], [[5461, 10_922]], [[10_923, 16_383]]] as SlotRange[][]) {
      const slot = slotOfKey(`cache:__ech:{${anchorOf(ranges)}}:pos`);
      const [[from, to]] = ranges as [SlotRange];
      expect(slot).to.be.within(from, to);
      expect(anchorOf(ranges)).to.equal(anchorOf([...ranges]));
    }
  });

  it('is there even if the server has one slot', () => {
    for (const slot of [0, 1, 8_191, 16_383]) {
      expect(slotOfKey(`{${anchorOf([[slot, slot]])}}`)).to.equal(slot);
    }
  });

  it('stays where slots that do not matter move', () => {
    expect(anchorOf([[0, 5460]])).to.equal(anchorOf([[0, 5000]]));
  });

  it('is shown in words', () => {
    expect(
      rangesText([
        [0, 5],
        [7, 7],
      ]),
    ).to.equal('0-5 7');
  });
});

describe('what a node says of the cluster', () => {
  const NODES = [
    'aaa 10.0.0.1:6379@16379 myself,master - 0 0 3 connected 0-99',
    'bbb 10.0.0.2:6379@16379,db2.example master - 0 0 7 connected 100-199',
    'ccc :0@0 slave,fail,noaddr aaa 0 0 3 disconnected',
  ].join('\n');

  it('is read, with epochs, host names, replicas and IPv6', () => {
    const slots = [
      [0, 99, ['10.0.0.1', 6379, 'aaa', ['hostname', 'x']], ['10.0.0.3', 6379, 'ccc', []]],
      [100, 199, ['db2.example', 6379, 'bbb', []]],
      [200, 201, ['::1', 6379, 'ddd']],
    ];
    const { owners, nodes } = parseReport(slots, NODES, at('asked')) as Report;
    expect(owners.map(({ id, address, epoch }) => [id, address.host, epoch])).to.deep.equal([
      ['aaa', '10.0.0.1', 3],
      ['bbb', 'db2.example', 7],
      ['ddd', '::1', undefined],
    ]);
    expect(nodes.map(({ host }) => host)).to.deep.equal([
      '10.0.0.1',
      '10.0.0.3',
      'db2.example',
      '::1',
    ]);
  });

  it('a host that is missing is that of the node that was asked', () => {
    for (const host of ['', null, '?']) {
      const { owners } = parseReport([[0, 1, [host, 7000, 'aaa']]], NODES, at('asked')) as Report;
      expect(owners[0]?.address).to.deep.equal({ host: 'asked', port: 7000 });
    }
  });

  it('is no answer of a cluster, if it looks otherwise', () => {
    for (const odd of [
      'x',
      null,
      [1],
      [[0, 1]],
      [[1, 0, ['a', 1, 'b']]],
      [[0, 99_999, ['a', 1, 'b']]],
    ]) {
      expect(parseReport(odd, NODES, at('asked'))).to.equal(undefined);
    }
    expect(parseReport([], NODES, at('asked'))).to.deep.equal({ owners: [], nodes: [] });
  });
});

describe('the table of slots', () => {
  const report = (...owners: [string, number | undefined, ...SlotRange[]][]): Report => ({
    owners: owners.map(([id, epoch, ...ranges]) => ({ id, epoch, ranges, address: at(id) })),
    nodes: [],
  });
  const shown = (table: SlotTable): Record<string, string> =>
    Object.fromEntries(table.masters().map(({ id, ranges }) => [id, rangesText(ranges)]));

  it('takes over the first report', () => {
    const table = new SlotTable();
    expect(table.apply(report(['a', 1, [0, 99]], ['b', 2, [100, 199]]), at('a'))).to.equal(true);
    expect(shown(table)).to.deep.equal({ a: '0-99', b: '100-199' });
    expect(table.apply(report(['a', 1, [0, 99]], ['b', 2, [100, 199]]), at('b'))).to.equal(false);
  });

  it('gives a slot to a higher epoch alone', () => {
    const table = new SlotTable();
    table.apply(report(['a', 1, [0, 99]], ['b', 2, [100, 199]]), at('b'));
    expect(table.apply(report(['c', 5, [0, 99]], ['b', 2, [100, 199]]), at('b'))).to.equal(true);
    expect(shown(table)).to.deep.equal({ c: '0-99', b: '100-199' });
    // The old primary comes back, with its old view.
    expect(table.apply(report(['a', 1, [0, 99]], ['b', 2, [100, 199]]), at('a'))).to.equal(false);
    expect(shown(table)).to.deep.equal({ c: '0-99', b: '100-199' });
  });

  it('lets the owner itself give a slot away, whatever the epochs', () => {
    const table = new SlotTable();
    table.apply(report(['a', 9, [0, 99]]), at('b'));
    expect(table.apply(report(['n', 1, [0, 99]]), at('a'))).to.equal(true);
    expect(shown(table)).to.deep.equal({ n: '0-99' });
  });

  it('without epochs does not believe a node about itself', () => {
    const table = new SlotTable();
    table.apply(report(['a', undefined, [0, 99]]), at('x'));
    expect(table.apply(report(['b', undefined, [0, 99]]), at('b'))).to.equal(false);
    expect(table.apply(report(['b', undefined, [0, 99]]), at('x'))).to.equal(true);
    expect(shown(table)).to.deep.equal({ b: '0-99' });
  });

  it('keeps the last owner of a slot that no node serves', () => {
    const table = new SlotTable();
    table.apply(report(['a', 1, [0, 99]], ['b', 2, [100, 199]]), at('b'));
    table.apply(report(['b', 2, [100, 199]]), at('b'));
    expect(shown(table)).to.deep.equal({ a: '0-99', b: '100-199' });
  });
});

describe('which door goes to which server', () => {
  const master = (id: string, ...ranges: SlotRange[]) => ({ id, address: at(id), ranges });
  const names = (
    masters: ReturnType<typeof master>[],
    doors: { id: string; ranges: SlotRange[] }[],
  ) => Object.fromEntries([...assign(masters, doors)].map(([{ id }, door]) => [id, door?.id]));

  it('a server keeps its door, whatever its slots', () => {
    const doors = [
      { id: 'a', ranges: [[0, 99]] as SlotRange[] },
      { id: 'b', ranges: [[100, 199]] as SlotRange[] },
    ];
    expect(names([master('a', [0, 9]), master('b', [10, 199])], doors)).to.deep.equal({
      a: 'a',
      b: 'b',
    });
  });

  it('a promoted replica takes over the door that had its slots', () => {
    const doors = [
      { id: 'a', ranges: [[0, 99]] as SlotRange[] },
      { id: 'b', ranges: [[100, 199]] as SlotRange[] },
    ];
    expect(names([master('r', [100, 199]), master('a', [0, 99])], doors)).to.deep.equal({
      r: 'b',
      a: 'a',
    });
  });

  it('a new server gets a new door', () => {
    const doors = [{ id: 'a', ranges: [[0, 99]] as SlotRange[] }];
    expect(names([master('a', [0, 49]), master('n', [50, 99])], doors)).to.deep.equal({
      a: 'a',
      n: undefined,
    });
  });

  it('the one door from before the first report goes to one of the servers', () => {
    const doors = [{ id: '', ranges: [[0, 199]] as SlotRange[] }];
    expect(names([master('a', [0, 99]), master('b', [100, 199])], doors)).to.deep.equal({
      a: '',
      b: undefined,
    });
  });
});
