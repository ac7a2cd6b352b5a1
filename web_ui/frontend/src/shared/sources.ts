import type { Text } from "./text";

/** A source's name for people: from the catalog where we know it, else as it was given. */
export function sourceName(name: string, text: Text): string {
  const key = `source.${name}`;
  return text.has(key) ? text.t(key) : name;
}
