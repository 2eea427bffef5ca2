import type { Comparison } from './compare.ts';
import { compareWithLive } from './compare-with-live.ts';
import type { LogCut } from './log-cut.ts';
import { firstOf, lastOf } from './log-cut.ts';
import { copyHere, type RebuildContext } from './rebuild-context.ts';
import { refuseOtherSkips } from './refuse-other-skips.ts';
import type { CopyTarget } from './shadow-copy.ts';
import type { ShadowWriter } from './shadow-writer.ts';

/** Compares a shadow with the live rows, where that was asked for. Throws `LiveRowsAhead` and `OtherSkips`. */
export async function compareShadow(context: RebuildContext, writer: ShadowWriter): Promise<Comparison> {
  const { deps, options, meter } = context;
  if (options.compare !== true) return { count: 0, differences: [] };
  meter.enter('compare', [writer.projection.name]);
  const compared = await compareWithLive(
    deps.pool,
    writer,
    () => deps.log.head(),
    (cut) => bringTo(context, writer, cut),
    options.onDifference,
  );
  await refuseOtherSkips(deps.log, writer);
  return compared;
}

/** Makes the shadow's rows exactly what the live ones are that are so far. */
async function bringTo(context: RebuildContext, writer: ShadowWriter, cut: LogCut): Promise<void> {
  await copyHere(context, [writer], firstOf(cut));
  const ahead: CopyTarget = {
    projection: writer.projection,
    position: writer.position,
    write: (events) => writer.writeAhead(events, cut),
    takes: (event) => writer.takes(event),
  };
  await copyHere(context, [ahead], lastOf(cut));
  writer.reached(cut);
}
