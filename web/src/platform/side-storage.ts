import type { ClientStorage } from '../../../src/client/index.ts';

export type Side = 'left' | 'right';

/**
 * Where one side's session outlives a reload of the page: this tab's session storage, each side under its own
 * prefix. Where the browser allows no storage, in memory.
 */
export function createSideStorage(side: Side): ClientStorage {
  const backing = tabStorage() ?? memoryStorage();
  const prefixed = (key: string) => `hongbao.${side}.${key}`;
  return {
    getItem: (key) => backing.getItem(prefixed(key)),
    setItem: (key, value) => backing.setItem(prefixed(key), value),
    removeItem: (key) => backing.removeItem(prefixed(key)),
  };
}

function tabStorage(): ClientStorage | undefined {
  try {
    return window.sessionStorage;
  } catch {
    return undefined;
  }
}

function memoryStorage(): ClientStorage {
  const entries = new Map<string, string>();
  return {
    getItem: (key) => entries.get(key) ?? null,
    setItem: (key, value) => void entries.set(key, value),
    removeItem: (key) => void entries.delete(key),
  };
}
