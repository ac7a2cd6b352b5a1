import { computed, ref, watch } from "vue";
import type { Request } from "../live/socket";
import { api, troubleOf, type Trouble } from "../shared/api";
import { useStaff } from "../shared/staff";
import type { Text } from "../shared/text";
import type { LessonView } from "../wire.gen";
import { filtered, mayControl, type Filter } from "./filter";

/** Everything the console knows and does. */
export function useConsole(text: Text) {
  const wantedDay = ref(new URLSearchParams(location.search).get("day"));
  const lessons = ref<LessonView[] | null>(null);
  const filter = ref<Filter>("all");
  const busy = ref<string | null>(null);
  const failed = ref<Trouble | null>(null);

  const staff = useStaff(text, watches, (socket) => {
    socket.on("lessons", (message) => {
      if (message.day === day.value) lessons.value = message.lessons;
    });
  });
  const today = computed(() => staff.today());
  const day = computed(() => wantedDay.value ?? today.value);
  const shown = computed(() => filtered(lessons.value ?? [], filter.value));
  const controls = computed(() => mayControl(staff.session.value));

  function watches(): Request[] {
    return [{ type: "watch_lessons", day: day.value }];
  }

  watch(day, () => {
    lessons.value = null;
    staff.rewatch();
  });

  function goTo(next: string): void {
    wantedDay.value = next === today.value ? null : next;
    const query = wantedDay.value ? `?day=${wantedDay.value}` : "";
    history.replaceState(null, "", location.pathname + query);
  }

  async function step(lesson: LessonView, name: "start" | "stop" | "cancel"): Promise<void> {
    if (busy.value !== null) return;
    busy.value = lesson.id;
    failed.value = null;
    try {
      const path = `/api/v1/lessons/${encodeURIComponent(lesson.id)}/${name}`;
      const moved = await api<LessonView>("POST", path, text.language.value);
      lessons.value = (lessons.value ?? []).map((one) => (one.id === moved.id ? moved : one));
    } catch (error) {
      failed.value = troubleOf(error, text.t);
    } finally {
      busy.value = null;
    }
  }

  return { ...staff, lessons, shown, filter, day, today: today, controls, busy, failed, goTo, step };
}
