import { ref } from "vue";
import { api } from "../shared/api";
import { useDoing } from "../shared/doing";
import type { Text } from "../shared/text";
import type { HistoryView, ItemView, ReviewsView, SharesView } from "../wire.gen";

/** One recording with what is known of it, and what can be done with it. */
export function useItem(text: Text, id: string) {
  const path = `/api/v1/archive/recordings/${encodeURIComponent(id)}`;
  const item = ref<ItemView | null>(null);
  const reviews = ref<ReviewsView | null>(null);
  const history = ref<HistoryView | null>(null);
  const shares = ref<SharesView | null>(null);
  const { busy, failed, doing } = useDoing(text);

  async function load(): Promise<void> {
    await trying(async () => {
      item.value = await api<ItemView>("GET", path, text.language.value);
      await about();
    });
  }

  /** What stands beside the entry, for those who may see it. */
  async function about(): Promise<void> {
    const may = item.value?.may ?? [];
    if (may.includes("see_reviews")) {
      reviews.value = await api<ReviewsView>("GET", `${path}/reviews`, text.language.value);
      history.value = await api<HistoryView>("GET", `${path}/history`, text.language.value);
    }
    if (may.includes("keep_recording")) shares.value = await api<SharesView>("GET", `${path}/shares`, text.language.value);
  }

  /** Whether it was done. */
  const trying = async (work: () => Promise<void>) => (await doing(async () => { await work(); return true; })) ?? false;

  /** One of the orders that answer with the whole item; whether it was done. */
  const order = (name: string, body?: object) =>
    trying(async () => {
      item.value = await api<ItemView>("POST", `${path}/${name}`, text.language.value, body);
      await about();
    });

  const edit = (body: object) =>
    trying(async () => {
      item.value = await api<ItemView>("PATCH", path, text.language.value, body);
      await about();
    });

  /** Any other request below the item; afterwards all is read again. */
  const ask = <T>(method: "POST" | "PUT" | "DELETE", name: string, body?: object | Blob, done?: (answer: T) => void) =>
    trying(async () => {
      const answer = await api<T>(method, `${path}/${name}`, text.language.value, body);
      done?.(answer);
      item.value = await api<ItemView>("GET", path, text.language.value);
      await about();
    });

  void load();
  return { item, reviews, history, shares, failed, busy, load, order, edit, ask };
}
