import { eventLogContract } from '../../support/event-log-contract.ts';
import { aLog, aNode } from './support.ts';

eventLogContract('the client on the embedded node', async () => {
  const { node, close } = await aNode();
  const log = aLog(node.url);
  return {
    log,
    close: async () => {
      await log.close();
      await close();
    },
  };
});

// The same, on whatever EventStoreDB or KurrentDB the developer has at hand.
const outside = process.env.ESDB_TEST_URL;
if (outside !== undefined) {
  eventLogContract('the client on ESDB_TEST_URL', async () => {
    const log = aLog(outside);
    return { log, close: () => log.close() };
  });
}
