import { tagsOf } from '../../lib/entry/entry.js';
import type { TagMoment, TagNeed, TagVersions } from '../../lib/tiers/store.js';

/** The tags of a fake store: every process sees each change at once. */
export class FakeTags {
  readonly #changedAt = new Map<string, number>();
  #position = 0;

  moment(): TagMoment {
    return { position: ++this.#position, at: 0 };
  }

  changedSince(tags: readonly string[], { position }: TagMoment): boolean {
    return tags.some((tag) => (this.#changedAt.get(tag) ?? 0) > position);
  }

  versions(tags: readonly string[], { since }: TagNeed): TagVersions {
    if (since !== undefined && this.changedSince(tags, since)) return undefined;
    return tags.map((tag) => ({ tag, version: this.#versionOf(tag) }));
  }

  invalidate(tags: readonly string[]): void {
    for (const tag of tags) this.#changedAt.set(tag, ++this.#position);
  }

  areCurrent(entry: string): boolean {
    return (tagsOf(entry) ?? []).every(({ tag, version }) => this.#versionOf(tag) === version);
  }

  #versionOf(tag: string): string {
    return `${this.#changedAt.get(tag) ?? 0}`.padStart(10, '0');
  }
}
