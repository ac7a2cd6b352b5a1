import { computed, onScopeDispose, ref, watch, type Ref } from "vue";
import { api } from "../shared/api";
import type { Text } from "../shared/text";
import type { LessonRecordingView, LessonView } from "../wire.gen";

const ASK_EVERY_MS = 15_000;
/** Whoever came so soon after the beginning, or was away so shortly, missed nothing worth going back for. */
export const WORTH_GOING_BACK_S = 20;

/** What of a running lesson can be watched again, and what this page missed of it. */
export function useTimeShift(
  lesson: Ref<LessonView | null>,
  lostSeconds: Ref<number | null>,
  model: { authorization: () => string | null; serverNow: () => number },
  text: Text,
) {
  const recording = ref<LessonRecordingView | null>(null);
  /** Where this page lost the lesson the last time, seconds from its beginning. */
  const missedFrom = ref<number | null>(null);
  /** Where it is watched from now; null while it is watched live. */
  const shiftedTo = ref<number | null>(null);
  let asking: ReturnType<typeof setTimeout> | undefined;

  const begun = computed(() => (recording.value?.began_at ? Date.parse(recording.value.began_at) : null));
  const since = (at: number) => (begun.value === null ? 0 : (at - begun.value) / 1000);

  async function ask(): Promise<void> {
    clearTimeout(asking);
    const id = lesson.value?.id;
    const token = model.authorization();
    if (!id || token === null) return;
    try {
      const path = `/api/v1/lessons/${encodeURIComponent(id)}/recording`;
      const found = await api<LessonRecordingView>("GET", path, text.language.value, undefined, token);
      recording.value = found.recording_id === null ? null : found;
    } catch {
      // Then there is no way back for now; the lesson itself goes on.
      recording.value = null;
    }
    if (!recording.value) asking = setTimeout(() => void ask(), ASK_EVERY_MS);
  }

  let lostAt: number | null = null;
  watch(lostSeconds, (seconds) => {
    if (seconds !== null) {
      lostAt ??= model.serverNow() - seconds * 1000;
    } else if (lostAt !== null) {
      if (model.serverNow() - lostAt > WORTH_GOING_BACK_S * 1000) missedFrom.value = Math.max(0, since(lostAt));
      lostAt = null;
    }
  });
  watch(() => lesson.value?.id, () => void ask(), { immediate: true });
  onScopeDispose(() => clearTimeout(asking));

  return {
    recording, missedFrom, shiftedTo,
    /** Whether there is a beginning to go back to. */
    canGoBack: () => recording.value !== null && since(model.serverNow()) > WORTH_GOING_BACK_S,
    goBack(to: number): void {
      shiftedTo.value = to;
      missedFrom.value = null;
    },
    goLive: () => void (shiftedTo.value = null),
  };
}
