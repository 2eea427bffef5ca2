import { describe, expect, it } from 'vitest';
import { parsePasswd } from '../../../infra/postgres/embedded/engine-user.ts';
import { mayEnter } from '../../../infra/postgres/embedded/reach.ts';

describe('whether a user may enter a folder', () => {
  const user = { uid: 101, gid: 104 };

  it.each([
    ['the owner, with the right', 101, 0, 0o700, true],
    ['the owner without it, though everybody else may', 101, 0, 0o077, false],
    ['its group, with the right', 0, 104, 0o710, true],
    ['its group without it, though strangers may', 0, 104, 0o701, false],
    ['a stranger, with the right', 0, 0, 0o711, true],
    ['a stranger to a private home', 0, 0, 0o700, false],
    ['a stranger who may list it but not pass', 0, 0, 0o744, false],
  ])('%s', (_, uid, gid, mode, may) => {
    expect(mayEnter({ uid, gid, mode }, user)).toBe(may);
  });
});

describe('a passwd file', () => {
  it('yields its users and passes over what is none', () => {
    const text =
      'root:x:0:0:root:/root:/bin/bash\n# remark\n\nbroken:x:-:1\nnobody:x:65534:65533:nobody:/:/bin/false\n';
    expect(parsePasswd(text)).toEqual([
      { name: 'root', uid: 0, gid: 0 },
      { name: 'nobody', uid: 65_534, gid: 65_533 },
    ]);
  });
});
