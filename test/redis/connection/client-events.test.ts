import { expect } from 'chai';
import { listenTo } from '../../../lib/redis/connection/client-events.js';
import { FakeClient } from '../fake-client.js';

describe('listening to a client', () => {
  it('costs one listener for each event, however many listen', () => {
    const client = new FakeClient();
    const leaves = Array.from({ length: 40 }, () => listenTo(client, {}));
    for (const event of ['error', 'ready', 'end', 'reconnecting', 'invalidate']) {
      expect(client.listenerCount(event)).to.equal(1);
    }
    for (const leave of leaves) leave();
    expect(client.listenersInAll).to.equal(0);
  });

  it('calls every listener, also when one is removed during the event', () => {
    const client = new FakeClient();
    const heard: string[] = [];
    const leaveFirst = listenTo(client, {
      onError: (error) => {
        heard.push(`first ${String(error)}`);
        leaveFirst();
        leaveFirst();
      },
    });
    const leaveSecond = listenTo(client, {
      onError: () => heard.push('second'),
      onEnd: () => heard.push('end'),
    });
    client.emit('error', 'x');
    client.emit('error', 'y');
    client.emit('reconnecting');
    expect(heard).to.deep.equal(['first x', 'second', 'second', 'end']);
    leaveSecond();
    expect(client.listenersInAll).to.equal(0);
  });
});
