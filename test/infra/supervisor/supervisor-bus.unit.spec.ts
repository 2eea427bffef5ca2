import { EventEmitter } from 'node:events';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import type { BusLine } from '../../../infra/supervisor/bus-line.ts';
import { createSupervisorBus, type SupervisorChannel } from '../../../infra/supervisor/supervisor-bus.ts';
import { limits } from '../../../src/config/limits.ts';
import type { BusMessage } from '../../../src/projections/bus.ts';
import type { Change } from '../../../src/projections/changes.ts';
import { alice, deviceId } from '../../support/domain-fixtures.ts';

const logger = pino({ level: 'silent' });
const change: Change = { kind: 'device-revoked', userId: alice, deviceId: deviceId(1) };

function message(checkpoint: bigint, changes: number = 0): BusMessage {
  return {
    kind: 'changes',
    projection: 'wallet',
    generation: 1,
    partitionCount: 8,
    partitions: [{ partition: 3, previous: checkpoint - 1n }],
    checkpoint,
    changes: Array.from({ length: changes }, () => change),
  };
}

/** A channel whose other end the test holds. */
function channel() {
  const events = new EventEmitter();
  const sent: { line: BusLine; done: (error: Error | null) => void }[] = [];
  const own: SupervisorChannel = {
    send: (line, done) => sent.push({ line, done }),
    on: (event, listener) => events.on(event, listener),
    off: (event, listener) => events.off(event, listener),
  };
  return { own, sent, arrive: (line: unknown) => events.emit('message', line), events };
}

describe('the bus over the supervisor', () => {
  it('carries a message as it was, in order, and to its own process at once', () => {
    const [from, to] = [channel(), channel()];
    const sender = createSupervisorBus(from.own, logger);
    const receiver = createSupervisorBus(to.own, logger);
    const heard: BusMessage[] = [];
    const heardAtHome: BusMessage[] = [];
    receiver.subscribe((one) => heard.push(one));
    sender.subscribe((one) => heardAtHome.push(one));
    const messages = [message(5n), message(2n ** 63n - 1n), message(9n)];
    for (const one of messages) sender.publish(one);
    expect(heardAtHome).toEqual(messages);
    for (const { line } of from.sent) to.arrive(structuredClone(line));
    expect(heard).toEqual(messages);
    expect(to.sent).toEqual([]);
  });

  it('drops what does not go out, and counts it', () => {
    const { own, sent } = channel();
    const bus = createSupervisorBus(own, logger);
    for (let number = 0; number < limits.bus.queuedMessagesMax + 2; number++) bus.publish(message(1n));
    expect(sent).toHaveLength(limits.bus.queuedMessagesMax);
    expect(bus.dropped).toBe(2);
    for (const { done } of sent) done(null);
    bus.publish(message(2n));
    sent.at(-1)?.done(new Error('the channel is closed'));
    expect(bus.dropped).toBe(3);
    const bytesPerChange = JSON.stringify(change).length;
    bus.publish(message(3n, limits.bus.messageBytesMax / bytesPerChange));
    expect(bus.dropped).toBe(4);
  });

  it('does not mind what is no message, and hears nothing when it is closed', async () => {
    const { own, arrive, events } = channel();
    const bus = createSupervisorBus(own, logger);
    const heard: BusMessage[] = [];
    bus.subscribe((one) => heard.push(one));
    for (const other of [null, 'text', {}, { bus: 7 }, { bus: '{' }]) arrive(other);
    expect(heard).toEqual([]);
    await bus.close();
    expect(events.listenerCount('message')).toBe(0);
  });
});
