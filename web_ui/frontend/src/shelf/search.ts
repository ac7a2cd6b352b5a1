import { onScopeDispose, ref, watch } from "vue";
import { api, troubleOf, type Trouble } from "../shared/api";
import type { Text } from "../shared/text";
import type { FoundView } from "../wire.gen";
import { EMPTY, PAGE, parametersOf, queryOf, type Query } from "./query";

const TYPING_MS = 250;

/** A search that follows what is typed, and stands in the page's address. `always` is asked besides and not shown there. */
export function useSearch(text: Text, always: () => Readonly<Record<string, readonly string[]>>) {
  const query = ref<Query>(queryOf(location.search));
  const found = ref<FoundView | null>(null);
  const failed = ref<Trouble | null>(null);
  const busy = ref(false);
  let waiting: ReturnType<typeof setTimeout> | undefined;
  let asked = 0;

  async function search(): Promise<void> {
    clearTimeout(waiting);
    const mine = ++asked;
    busy.value = true;
    const facets = { ...query.value.facets };
    for (const [facet, values] of Object.entries(always())) if (!facets[facet]?.length) facets[facet] = values;
    const parameters = parametersOf({ ...query.value, facets });
    parameters.set("limit", String(PAGE));
    try {
      const answer = await api<FoundView>("GET", `/api/v1/archive/recordings?${parameters}`, text.language.value);
      // an answer that comes after a newer one is of yesterday
      if (mine === asked) [found.value, failed.value] = [answer, null];
    } catch (error) {
      if (mine === asked) failed.value = troubleOf(error, text.t);
    } finally {
      if (mine === asked) busy.value = false;
    }
  }

  watch(query, (after, before) => {
    const other = new URLSearchParams([...new URLSearchParams(location.search)].filter(([name]) => name === "view"));
    const parameters = new URLSearchParams([...other, ...parametersOf(after)]).toString();
    history.replaceState(null, "", location.pathname + (parameters ? `?${parameters}` : ""));
    clearTimeout(waiting);
    if (after.text !== before.text) waiting = setTimeout(() => void search(), TYPING_MS);
    else void search();
  });
  onScopeDispose(() => clearTimeout(waiting));

  return { query, found, failed, busy, search, clear: () => (query.value = EMPTY) };
}
