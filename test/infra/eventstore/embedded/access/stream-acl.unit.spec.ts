import { describe, expect, test } from 'vitest';
import type { StreamAction } from '../../../../../infra/eventstore/embedded/access/access.ts';
import { anonymous, type Caller, unchecked } from '../../../../../infra/eventstore/embedded/access/caller.ts';
import { parseDefaultAcls } from '../../../../../infra/eventstore/embedded/access/default-acls.ts';
import {
  builtInAcls,
  hasRight,
  neededRight,
} from '../../../../../infra/eventstore/embedded/access/stream-acl.ts';
import type { StreamAcl } from '../../../../../infra/eventstore/embedded/storage/stream-metadata.ts';

const ann: Caller = { login: 'ann', groups: ['readers'] };
const admin: Caller = { login: 'admin', groups: [] };
const root: Caller = { login: 'root', groups: ['$admins'] };
const ops: Caller = { login: 'ops', groups: ['$ops'] };

function may(
  caller: Caller,
  stream: string,
  action: StreamAction,
  acl?: StreamAcl,
  defaults = builtInAcls,
): boolean {
  const needed = neededRight(stream, action);
  return needed !== undefined && hasRight(caller, needed.stream, needed.right, acl, defaults);
}

describe('without any access list', () => {
  test.each([
    ['everybody reads', anonymous, 's', 'read', true],
    ['everybody writes', anonymous, 's', 'write', true],
    ['everybody deletes', anonymous, 's', 'delete', true],
    ['everybody reads metadata of', anonymous, '$$s', 'read', true],
    ['everybody writes metadata of', anonymous, '$$s', 'write', true],
  ] as const)("%s users' streams", (_, caller, stream, action, allowed) => {
    expect(may(caller, stream, action)).toBe(allowed);
  });

  test.each(['$settings', '$user-ann', '$ce-account', '$all', '$$$settings', '$$$all'])(
    'only administrators read %s',
    (stream) => {
      for (const caller of [anonymous, ann, ops]) expect(may(caller, stream, 'read')).toBe(false);
      for (const caller of [admin, root, unchecked]) expect(may(caller, stream, 'read')).toBe(true);
    },
  );

  test('only administrators write system streams and their metadata', () => {
    for (const stream of ['$settings', '$$$settings']) {
      for (const caller of [anonymous, ann, ops]) expect(may(caller, stream, 'write')).toBe(false);
      expect(may(admin, stream, 'write')).toBe(true);
    }
  });
});

describe('nobody, administrators included,', () => {
  test.each([
    ['writes to $all', '$all', 'write'],
    ['deletes $all', '$all', 'delete'],
    ['deletes a metadata stream', '$$s', 'delete'],
  ] as const)('%s', (_, stream, action) => {
    for (const caller of [anonymous, admin, root]) expect(may(caller, stream, action)).toBe(false);
  });
});

describe("a stream's own list", () => {
  const acl: StreamAcl = {
    read: ['readers'],
    write: ['ann'],
    delete: [],
    metaRead: ['$all'],
    metaWrite: ['bob'],
  };

  test.each([
    ['by a group', ann, 's', 'read', true],
    ['by his name', ann, 's', 'write', true],
    ['of which it is empty', ann, 's', 'delete', false],
    ['that everybody has', anonymous, '$$s', 'read', true],
    ['that others have', ann, '$$s', 'write', false],
    ['without a name', anonymous, 's', 'read', false],
  ] as const)('gives or denies a right %s', (_, caller, stream, action, allowed) => {
    expect(may(caller, stream, action, acl)).toBe(allowed);
  });

  test('says nothing to administrators', () => {
    for (const action of ['read', 'write', 'delete'] as const) expect(may(root, 's', action, acl)).toBe(true);
  });

  test('leaves to the defaults the rights that it does not name', () => {
    expect(may(anonymous, 's', 'write', { read: ['ann'] })).toBe(true);
    expect(may(ann, '$x', 'write', { read: ['ann'] })).toBe(false);
  });

  test('opens a system stream', () => {
    expect(may(ann, '$x', 'read', { read: ['readers'] })).toBe(true);
  });
});

describe('the stream of settings', () => {
  const settings = (fields: unknown) => parseDefaultAcls(JSON.stringify(fields));

  test("changes what holds for users' streams", () => {
    const defaults = settings({ $userStreamAcl: { $r: '$all', $w: ['readers'], $d: 'bob' } });
    expect(may(anonymous, 's', 'read', undefined, defaults)).toBe(true);
    expect(may(anonymous, 's', 'write', undefined, defaults)).toBe(false);
    expect(may(ann, 's', 'write', undefined, defaults)).toBe(true);
    expect(may(ann, 's', 'delete', undefined, defaults)).toBe(false);
    expect(may(ann, '$x', 'read', undefined, defaults)).toBe(false);
  });

  test('changes what holds for system streams', () => {
    const defaults = settings({ $systemStreamAcl: { $r: ['$ops'] } });
    expect(may(ops, '$ce-account', 'read', undefined, defaults)).toBe(true);
    expect(may(ops, '$ce-account', 'write', undefined, defaults)).toBe(false);
  });

  test('leaves what it does not name, or names badly, as it is built in', () => {
    for (const defaults of [
      settings({}),
      settings([]),
      settings({ $userStreamAcl: 7 }),
      parseDefaultAcls('{'),
    ]) {
      expect(defaults).toEqual(builtInAcls);
    }
    const defaults = settings({ $userStreamAcl: { $w: 'bob' } });
    expect(may(anonymous, 's', 'read', undefined, defaults)).toBe(true);
  });
});
