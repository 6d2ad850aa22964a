/** Says whether entries that have tags are valid. Tags keep the versions that their entries were made with until someone invalidates them. */
export interface TagCheck {
  /** For an entry that Redis showed. Asks Redis for the tags whose versions are not known. */
  isCurrent(entry: string): boolean | Promise<boolean>;
  /** Redis said that another client has changed the record of this tag. */
  toldOf(tag: string): void;
  /** A heartbeat is sent: asks Redis for the tags that are in use. */
  refresh(): void;
  /** For an entry in memory, by what memory knows of its tags. */
  isCurrentInMemory(entry: string): boolean;
}
