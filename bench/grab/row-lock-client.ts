import type { RowLockReply, RowLockRequest } from './row-lock-protocol.ts';

type Waiting = { readonly resolve: (reply: RowLockReply) => void; readonly reject: (error: Error) => void };
type WithoutId<Request> = Request extends unknown ? Omit<Request, 'id'> : never;

/** One user's WebSocket, of the same kind as the SDK's. */
export interface RowLockClient {
  ask(request: WithoutId<RowLockRequest>): Promise<RowLockReply>;
  close(): void;
}

export async function connectRowLockClient(url: string, user: number): Promise<RowLockClient> {
  const socket = new WebSocket(url);
  const waiting = new Map<number, Waiting>();
  let nextId = 1;
  await new Promise<void>((resolve, reject) => {
    socket.onopen = () => resolve();
    socket.onerror = () => reject(new Error(`${url} cannot be reached`));
  });
  socket.onmessage = ({ data }) => {
    const reply = JSON.parse(String(data)) as RowLockReply;
    const asker = waiting.get(reply.id);
    waiting.delete(reply.id);
    if (reply.ok) asker?.resolve(reply);
    else asker?.reject(new Error(reply.error));
  };
  socket.onclose = () => {
    for (const { reject } of waiting.values()) reject(new Error('the connection is gone'));
  };
  const client: RowLockClient = {
    ask: (request) =>
      new Promise((resolve, reject) => {
        const id = nextId;
        nextId += 1;
        waiting.set(id, { resolve, reject });
        socket.send(JSON.stringify({ ...request, id }));
      }),
    close: () => socket.close(),
  };
  await client.ask({ type: 'hello', user });
  return client;
}
