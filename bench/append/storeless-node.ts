/** A node that answers every append with success, at once, and keeps nothing. Ends with its parent. */
import shared from '@eventstore/db-client/generated/shared_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import { pino } from 'pino';
import { openAccess } from '../../infra/eventstore/embedded/access/access.ts';
import { frameOf } from '../../infra/eventstore/embedded/grpc/grpc-frames.ts';
import { type GrpcHandler, startGrpcServer } from '../../infra/eventstore/embedded/grpc/grpc-server.ts';
import { NodeMetrics } from '../../infra/eventstore/embedded/operations/node-metrics.ts';
import { serverFeaturesService } from '../../infra/eventstore/embedded/operations/server-features-service.ts';
import { limits } from '../../src/config/limits.ts';
import { systemRuntime } from '../../src/runtime/system-runtime.ts';

const batchAppend: GrpcHandler = async (call) => {
  for await (const bytes of call.messages(limits.eventNode.receiveBytesMax)) {
    const request = streams.BatchAppendReq.deserializeBinary(bytes);
    if (!request.getIsFinal()) continue;
    const position = new shared.AllStreamPosition();
    position.setCommitPosition('1').setPreparePosition('1');
    const success = new streams.BatchAppendResp.Success().setCurrentRevision('0').setPosition(position);
    const response = new streams.BatchAppendResp().setSuccess(success);
    response.setCorrelationId(request.getCorrelationId());
    response.setStreamIdentifier(request.getOptions()?.getStreamIdentifier());
    await call.writeTogether(frameOf(response));
  }
};

const handlers: Map<string, GrpcHandler> = new Map([
  ['/event_store.client.streams.Streams/BatchAppend', batchAppend],
  [
    '/event_store.client.server_features.ServerFeatures/GetSupportedMethods',
    serverFeaturesService((): Iterable<string> => handlers.keys()),
  ],
]);
const server = await startGrpcServer({
  host: '127.0.0.1',
  port: 0,
  handlers,
  identify: openAccess.identify,
  metrics: new NodeMetrics(),
  pages: new Map(),
  timers: systemRuntime().timers,
  logger: pino({ level: 'silent' }),
});
process.stdout.write(`${JSON.stringify({ listening: `esdb://127.0.0.1:${server.port}?tls=false` })}\n`);
process.on('disconnect', () => process.exit(0));
process.on('SIGTERM', () => process.exit(0));
