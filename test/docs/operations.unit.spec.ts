import { describe, expect, it } from 'vitest';
import { readinessOf } from '../../src/cli/readiness.ts';
import { limits } from '../../src/config/limits.ts';
import { environmentOf, loadSettings, roles, settingsSchema } from '../../src/config/settings.ts';
import { readDoc, sectionOf, tableRows } from './read-doc.ts';

const text = readDoc('docs/operations.md');
const rows = tableRows(sectionOf(text, 'Settings'));

describe('docs/operations.md', () => {
  it('lists the settings that there are, in their order', () => {
    expect(rows.map(([name]) => name)).toEqual(Object.keys(settingsSchema));
  });

  it('tells the default of each', () => {
    const defaults = Object.entries(environmentOf(loadSettings({})));
    const told = Object.fromEntries(rows.map(([name, value]) => [name, value]));
    for (const [name, value] of defaults) {
      const allRoles = name === 'HONGBAO_ROLES' ? 'all' : undefined;
      expect(told[name], name).toBe(allRoles ?? value ?? 'none');
    }
  });

  it('gives each a meaning', () => {
    expect(rows.filter(([, , meaning]) => !meaning)).toEqual([]);
  });

  it('explains the roles that there are', () => {
    expect(tableRows(sectionOf(text, 'Roles')).map(([role]) => role)).toEqual([...roles]);
  });

  it('explains the checks of readiness that there are', () => {
    const checks = Object.keys(readinessOf({} as Parameters<typeof readinessOf>[0]));
    expect(tableRows(sectionOf(text, 'Health')).map(([check]) => check)).toEqual(checks);
  });

  it('names every part of the bounds', () => {
    const named = tableRows(sectionOf(text, 'Bounds')).map(([part]) => part);
    expect(named).toEqual(Object.keys(limits));
  });
});
