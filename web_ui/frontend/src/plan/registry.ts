/** What the page shows of the registry, a table each. */
export const OF_REGISTRY = ["schools", "rooms", "teachers", "classes", "editions"] as const;
export type OfRegistry = (typeof OF_REGISTRY)[number];

export const ofRegistry = (view: string): view is OfRegistry => OF_REGISTRY.includes(view as OfRegistry);
