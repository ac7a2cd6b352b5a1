/** A search as it stands in the address and as the server is asked. */
export interface Query {
  text: string;
  facets: Readonly<Record<string, readonly string[]>>;
  /** Marks every hit has: a tag, a knowledge point, a teacher. */
  marks: Readonly<Record<string, string>>;
  order: "relevance" | "newest" | "oldest";
  offset: number;
}

export const FACETS = ["subject", "grade", "edition", "type", "mode", "level", "school", "year", "state", "consent"] as const;
export type Facet = (typeof FACETS)[number];
const MARKS = ["tag", "knowledge", "teacher", "partner"] as const;
const ORDERS = ["relevance", "newest", "oldest"] as const;
export const PAGE = 20;

export const EMPTY: Query = { text: "", facets: {}, marks: {}, order: "relevance", offset: 0 };

export function queryOf(search: string): Query {
  const given = new URLSearchParams(search);
  const facets = Object.fromEntries(FACETS.map((facet) => [facet, given.getAll(facet)] as const).filter(([, values]) => values.length > 0));
  const marks = Object.fromEntries(MARKS.map((mark) => [mark, given.get(mark) ?? ""] as const).filter(([, value]) => value !== ""));
  const order = ORDERS.find((one) => one === given.get("order")) ?? "relevance";
  const offset = Number(given.get("offset") ?? 0);
  return { text: given.get("text") ?? "", facets, marks, order, offset: Number.isInteger(offset) && offset > 0 ? offset : 0 };
}

/** The parameters that differ from an empty search. */
export function parametersOf(query: Query): URLSearchParams {
  const parameters = new URLSearchParams();
  if (query.text !== "") parameters.set("text", query.text);
  for (const [facet, values] of Object.entries(query.facets)) for (const value of values) parameters.append(facet, value);
  for (const [mark, value] of Object.entries(query.marks)) parameters.set(mark, value);
  if (query.order !== "relevance") parameters.set("order", query.order);
  if (query.offset > 0) parameters.set("offset", String(query.offset));
  return parameters;
}

/** With a facet's value wanted, or no longer wanted; from the first hit on. */
export function toggled(query: Query, facet: string, value: string): Query {
  const before = query.facets[facet] ?? [];
  const after = before.includes(value) ? before.filter((one) => one !== value) : [...before, value];
  const facets = Object.fromEntries(Object.entries({ ...query.facets, [facet]: after }).filter(([, values]) => values.length > 0));
  return { ...query, facets, offset: 0 };
}
