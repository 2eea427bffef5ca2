import { describe, expect, it } from 'vitest';
import { createReloader } from '../../web/src/state/reloader.ts';

/** Loads that end when the test says so. */
function controlledLoad() {
  const finish: (() => void)[] = [];
  const load = () => new Promise<void>((resolve) => finish.push(resolve));
  return { load, finish, begun: () => finish.length };
}

/** Lets everything run that is waiting to. */
const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('a reloader', () => {
  it('loads once more after a load during which it was asked, however often', async () => {
    const { load, finish, begun } = controlledLoad();
    const reload = createReloader(load);
    const done = reload();
    void reload();
    void reload();
    expect(begun()).toBe(1);
    finish[0]?.();
    await settled();
    expect(begun()).toBe(2);
    finish[1]?.();
    await done;
    expect(begun()).toBe(2);
  });

  it('loads again when asked after it was done', async () => {
    const { load, finish, begun } = controlledLoad();
    const reload = createReloader(load);
    const first = reload();
    finish[0]?.();
    await first;
    void reload();
    expect(begun()).toBe(2);
  });

  it('is of use again after a load that failed', async () => {
    let loads = 0;
    const reload = createReloader(() => {
      loads += 1;
      return loads === 1 ? Promise.reject(new Error('no')) : Promise.resolve();
    });
    await expect(reload()).rejects.toThrow('no');
    await reload();
    expect(loads).toBe(2);
  });
});
