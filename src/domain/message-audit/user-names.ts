/** One string for every user, in place of one for every event that names them. */
export class UserNames {
  readonly #names = new Map<string, string>();

  /** The same text as `userId`, and the same string each time. */
  kept(userId: string): string {
    const known = this.#names.get(userId);
    if (known !== undefined) return known;
    this.#names.set(userId, userId);
    return userId;
  }
}
