import { limits } from '../../../../src/config/limits.ts';
import { ByteBudget } from '../grpc/byte-budget.ts';

/** What the appends of all calls together may hold in memory. */
export interface AppendBudgets {
  /** Of appends whose last message has not come. Apart, so that peers that never finish hurt only their like. */
  readonly unfinished: ByteBudget;
  /** Of appends that wait for the disk. */
  readonly underWay: ByteBudget;
}

/** The budgets of one node. */
export function appendBudgets(): AppendBudgets {
  const { unfinishedAppendBytesMax, appendBytesUnderWayMax } = limits.eventNode;
  return {
    unfinished: new ByteBudget('the unfinished appends of all calls', unfinishedAppendBytesMax),
    underWay: new ByteBudget('the appends under way', appendBytesUnderWayMax),
  };
}

/** The budget of one BatchAppend call for its unfinished appends. */
export const unfinishedOfCall = ({ unfinished }: AppendBudgets): ByteBudget =>
  new ByteBudget('the unfinished appends of a call', limits.eventNode.batchUnfinishedBytesMax, unfinished);
