import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { type DoorEvent, transition } from '../../../lib/redis/door/transition.js';
import { isReadable, isWritable, reasonOf } from '../../../lib/redis/door-state.js';
import type { DoorState } from '../../../lib/redis/remote.js';

const STATES: readonly DoorState[] = [
  { name: 'connecting' },
  { name: 'open', reason: 'timeout', nextAttemptAt: 1 },
  { name: 'half-open', reason: 'timeout' },
  { name: 'recovering', reason: 'timeout' },
  { name: 'settling', reason: 'timeout', until: 2 },
  { name: 'read-only', reason: 'out_of_memory', nextAttemptAt: 3 },
  { name: 'closed' },
  { name: 'shut' },
];

const EVENTS: readonly DoorEvent[] = [
  { name: 'attempt' },
  { name: 'judged', reason: 'data_replaced' },
  { name: 'settle', until: 9 },
  { name: 'admit' },
  { name: 'refuse-writes', reason: 'read_only', nextAttemptAt: 8 },
  { name: 'fail', reason: 'connection_lost', nextAttemptAt: 7 },
  { name: 'close' },
];

/** Where each event leads; `-` leaves the state as it is. */
const TABLE: Readonly<Record<string, readonly string[]>> = {
  //            attempt      judged        settle      admit     refuse-writes fail    close
  connecting: ['-', 'recovering', '-', '-', 'read-only', 'open', 'shut'],
  open: ['half-open', '-', '-', '-', '-', 'open', 'shut'],
  'half-open': ['-', 'recovering', '-', '-', 'read-only', 'open', 'shut'],
  recovering: ['-', '-', 'settling', 'closed', '-', 'open', 'shut'],
  settling: ['-', 'recovering', '-', 'closed', '-', 'open', 'shut'],
  'read-only': ['-', 'recovering', '-', '-', 'read-only', 'open', 'shut'],
  closed: ['-', 'recovering', '-', '-', 'read-only', 'open', 'shut'],
  shut: ['-', '-', '-', '-', '-', '-', '-'],
};

describe('the transitions of a door', () => {
  for (const state of STATES) {
    for (const [i, event] of EVENTS.entries()) {
      const to = TABLE[state.name]?.[i];
      it(`${state.name}, ${event.name}: ${to === '-' ? 'nothing' : to}`, () => {
        const next = transition(state, event);
        if (to === '-') expect(next).to.equal(state);
        else expect(next.name).to.equal(to);
      });
    }
  }

  it('are those of the diagram in docs/degradation.md', () => {
    const text = readFileSync('docs/degradation.md', 'utf8');
    const diagram = /stateDiagram-v2\n([\s\S]*?)```/.exec(text)?.[1] ?? '';
    const drawn = [...diagram.matchAll(/^ +(\S+) --> (\S+):/gm)].map(
      ([, from, to]) => `${from} ${to}`,
    );
    const names = (name: string): string => name.replace('-', '_');
    const made = new Set<string>();
    for (const state of STATES) {
      for (const event of EVENTS) {
        const { name } = transition(state, event);
        if (name !== state.name && name !== 'shut') made.add(`${names(state.name)} ${names(name)}`);
      }
    }
    expect([...new Set(drawn)].sort()).to.deep.equal([...made].sort());
    expect(diagram).to.include('[*] --> connecting');
  });

  it('keep the reason of the outage until it is over', () => {
    const open: DoorState = { name: 'open', reason: 'timeout', nextAttemptAt: 0 };
    let state: DoorState = open;
    for (const name of ['attempt', 'judged', 'settle'] as const) {
      state = transition(state, EVENTS.find((event) => event.name === name) ?? { name: 'close' });
      expect(reasonOf(state)).to.equal('timeout');
    }
    expect(reasonOf(transition(state, { name: 'admit' }))).to.equal(undefined);
  });

  it('say why what was well is judged again', () => {
    const next = transition({ name: 'closed' }, { name: 'judged', reason: 'data_replaced' });
    expect(reasonOf(next)).to.equal('data_replaced');
  });

  it('read in two states and write in two', () => {
    const names = (is: (state: DoorState) => boolean): string[] =>
      STATES.filter(is).map(({ name }) => name);
    expect(names(isReadable)).to.deep.equal(['read-only', 'closed']);
    expect(names(isWritable)).to.deep.equal(['settling', 'closed']);
  });
});
