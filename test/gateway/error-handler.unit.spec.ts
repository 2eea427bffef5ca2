import Fastify from 'fastify';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import {
  AppendRejected,
  EventLogDamaged,
  EventLogRefused,
  EventLogUnavailable,
  StreamDeleted,
} from '../../src/commands/event-log.ts';
import { errorHandler } from '../../src/gateway/http/error-handler.ts';

test.each([
  [new EventLogUnavailable('no answer'), 503, 'unavailable'],
  [new EventLogRefused('no right'), 500, 'internal'],
  [new EventLogDamaged('damaged'), 500, 'internal'],
  [new StreamDeleted('ended'), 404, 'not-found'],
  [new AppendRejected('too large', 'too-large'), 413, 'too-large'],
  [new Error('unforeseen'), 500, 'internal'],
])(
  'a request that meets "$message" ends with its code, and without its words',
  async (error, status, code) => {
    const server = Fastify();
    server.setErrorHandler(errorHandler(pino({ level: 'silent' })));
    server.get('/', () => Promise.reject(error));
    const answer = await server.inject('/');
    expect(answer.statusCode).toBe(status);
    expect(answer.json()).toMatchObject({ error: { code } });
    expect(answer.body).not.toContain(error.message);
    await server.close();
  },
);
