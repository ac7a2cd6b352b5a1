/** How a facet's value is said; subjects, editions and years say themselves. */
export function wordOf(t: (key: string) => string, facet: string, value: string, schools: Readonly<Record<string, string>>): string {
  switch (facet) {
    case "school":
      return schools[value] ?? value;
    case "grade":
      return t(`grade.${value}`);
    case "mode":
      return t(`mode.${value}`);
    case "type":
    case "level":
    case "consent":
    case "state":
      return t(`shelf.${facet}.${value}`);
    default:
      return value;
  }
}
