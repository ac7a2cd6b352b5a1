import { ref } from "vue";
import { troubleOf, type Trouble } from "./api";
import type { Text } from "./text";

/** How a part of a page does things: one at a time, and what the server says when it refuses. */
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

  return { busy, failed, doing };
}
