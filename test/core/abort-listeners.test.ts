import { expect } from 'chai';
import { AbortListeners } from '../../lib/core/abort-listeners.js';

/** A signal that counts its listeners. */
function countedSignal() {
  const controller = new AbortController();
  const { signal } = controller;
  const count = { listeners: 0, most: 0 };
  const [add, remove] = [signal.addEventListener, signal.removeEventListener];
  signal.addEventListener = (...args: Parameters<typeof add>) => {
    count.most = Math.max(count.most, ++count.listeners);
    add.apply(signal, args);
  };
  signal.removeEventListener = (...args: Parameters<typeof remove>) => {
    count.listeners--;
    remove.apply(signal, args);
  };
  return { controller, signal, count };
}

describe('listeners of a signal', () => {
  it('are called once, all by one listener', () => {
    const { controller, signal, count } = countedSignal();
    const listeners = new AbortListeners();
    const heard: unknown[] = [];
    for (let i = 0; i < 30; i++) listeners.add(signal, (reason) => heard.push(`${i} ${reason}`));
    expect(count.listeners).to.equal(1);
    controller.abort('gone');
    controller.abort('again');
    expect(heard.length).to.equal(30);
    expect(heard[29]).to.equal('29 gone');
    expect(count.listeners).to.equal(0);
  });

  it('leave, and the last takes the one listener with it', () => {
    const { controller, signal, count } = countedSignal();
    const listeners = new AbortListeners();
    const heard: string[] = [];
    const [leaveA, leaveB] = ['a', 'b'].map((name) =>
      listeners.add(signal, () => heard.push(name)),
    );
    leaveA?.();
    expect(count.listeners).to.equal(1);
    leaveB?.();
    expect(count.listeners).to.equal(0);
    listeners.add(signal, () => heard.push('c'));
    leaveA?.();
    leaveB?.();
    expect(count.listeners).to.equal(1);
    controller.abort();
    expect(heard).to.deep.equal(['c']);
  });

  it('may be the same function twice', () => {
    const { controller, signal } = countedSignal();
    const listeners = new AbortListeners();
    let heard = 0;
    const listener = (): void => {
      heard++;
    };
    listeners.add(signal, listener);
    listeners.add(signal, listener)();
    controller.abort();
    expect(heard).to.equal(1);
  });

  it('of an aborted signal are called at once', () => {
    const listeners = new AbortListeners();
    const heard: unknown[] = [];
    listeners.add(AbortSignal.abort('before'), (reason) => heard.push(reason))();
    expect(heard).to.deep.equal(['before']);
  });

  it('of different signals have nothing to do with each other', () => {
    const [a, b] = [countedSignal(), countedSignal()];
    const listeners = new AbortListeners();
    const heard: string[] = [];
    listeners.add(a.signal, () => heard.push('a'));
    listeners.add(b.signal, () => heard.push('b'));
    b.controller.abort();
    expect(heard).to.deep.equal(['b']);
  });
});
