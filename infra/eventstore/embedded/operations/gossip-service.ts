/** `Gossip.Read`: who is in the cluster. For clients that ask before they connect, who need no credentials. */
import gossip from '@eventstore/db-client/generated/gossip_pb.js';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import type { Runtime } from '../../../../src/runtime/runtime.ts';
import type { GrpcCall } from '../grpc/grpc-call.ts';
import { frameOf } from '../grpc/grpc-frames.ts';
import type { GrpcHandler } from '../grpc/grpc-server.ts';

const TICKS_PER_MS = 10_000n;

/** One member: this node, alive, the leader. */
export function gossipService({ clock, ids }: Runtime): GrpcHandler {
  const instanceId = ids.next();
  return async (call) => {
    const member = new gossip.MemberInfo()
      .setInstanceId(new shared.UUID().setString(instanceId))
      .setTimeStamp(String(BigInt(Math.trunc(clock.nowMs())) * TICKS_PER_MS))
      .setState(gossip.MemberInfo.VNodeState.LEADER)
      .setIsAlive(true)
      .setHttpEndPoint(endPointOf(call));
    await call.write(frameOf(new gossip.ClusterInfo().setMembersList([member])));
  };
}

/**
 * Where the client finds this node: where it has found it. That is right behind a mapped port too, and it is a
 * name that the certificate has, where the address that the node listens on may be neither.
 */
function endPointOf(call: GrpcCall): gossip.EndPoint {
  const [, host, port] = AUTHORITY.exec(call.headers[':authority'] ?? '') ?? [];
  const endPoint = new gossip.EndPoint();
  if (host === undefined || port === undefined) {
    const { localAddress = '127.0.0.1', localPort = 0 } = call.localEnd;
    return endPoint.setAddress(localAddress).setPort(localPort);
  }
  return endPoint.setAddress(host).setPort(Number(port));
}

/** A host, in brackets if it is an IPv6 address, and a port. */
const AUTHORITY = /^\[?([\w.:-]+?)\]?:(\d{1,5})$/;
