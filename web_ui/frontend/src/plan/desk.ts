import { ref } from "vue";
import { api, troubleOf, type Trouble } from "../shared/api";
import type { Text } from "../shared/text";

export const PLANNING = "/api/v1/planning";

type Method = "GET" | "POST" | "PUT" | "DELETE";

/** How a part of the page asks the server: one thing at a time, and what the server says when it refuses. */
export function useDoing(text: Text) {
  const busy = ref(false);
  const failed = ref<Trouble | null>(null);

  /** undefined when it failed, or when something else was under way. */
  async function doing<T>(action: () => Promise<T>): Promise<T | undefined> {
    if (busy.value) return undefined;
    busy.value = true;
    failed.value = null;
    try {
      return await action();
    } catch (error) {
      failed.value = troubleOf(error, text.t);
      return undefined;
    } finally {
      busy.value = false;
    }
  }

  const call = <T>(method: Method, path: string, body?: object | Blob) => api<T>(method, `${PLANNING}/${path}`, text.language.value, body);
  return { busy, failed, doing, call };
}
