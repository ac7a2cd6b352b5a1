import { computed, ref, shallowRef, watch } from "vue";
import type { Request } from "../live/socket";
import { api, troubleOf, type Trouble } from "../shared/api";
import { remember, remembered } from "../shared/memory";
import { useStaff } from "../shared/staff";
import type { Text } from "../shared/text";
import type { LessonView, RoomLevels, RoomsView, RoomView } from "../wire.gen";
import { inOrder, lessonToShow } from "./pick";

/** Everything the panel knows and does. */
export function usePanel(text: Text) {
  const rooms = ref<RoomView[] | null>(null);
  const roomId = ref<string | null>(new URLSearchParams(location.search).get("room") ?? remembered("room"));
  const room = ref<RoomView | null>(null);
  const lessons = ref<LessonView[] | null>(null);
  const chosen = ref<string | null>(null);
  const detail = ref<LessonView | null>(null);
  const busy = ref(false);
  const failed = ref<Trouble | null>(null);
  /** The newest JPEG (base64) and level by source. */
  const previews = shallowRef<ReadonlyMap<string, string>>(new Map());
  const levels = shallowRef<ReadonlyMap<string, RoomLevels>>(new Map());

  const staff = useStaff(text, watches, (socket) => {
    void loadRooms();
    socket.on("lessons", (message) => {
      if (message.day === day.value) lessons.value = inOrder(message.lessons);
    });
    socket.on("lesson", (message) => {
      const { id, state, started_at, ended_at, viewer_count } = message.lesson;
      if (id === shown.value?.id) detail.value = message.lesson;
      // The list says the same at once, whichever message comes first.
      lessons.value = lessons.value && lessons.value.map((one) =>
        one.id === id ? { ...one, state, started_at, ended_at, viewer_count } : one,
      );
    });
    socket.on("room", (message) => {
      if (message.room.id === roomId.value) room.value = message.room;
    });
    socket.on("room_preview", (message) => {
      if (message.room_id === roomId.value) previews.value = new Map(previews.value).set(message.source, message.jpeg);
    });
    socket.on("room_levels", (message) => {
      if (message.room_id === roomId.value) levels.value = new Map(levels.value).set(message.source, message);
    });
  });

  const day = computed(() => staff.today());
  const shown = computed(() => lessonToShow(lessons.value ?? [], chosen.value, staff.serverNow()));
  const lesson = computed(() => (detail.value?.id === shown.value?.id ? (detail.value ?? shown.value) : shown.value));

  function watches(): Request[] {
    const wanted: Request[] = [];
    if (roomId.value === null) return wanted;
    wanted.push({ type: "watch_room", room_id: roomId.value });
    wanted.push({ type: "watch_lessons", day: day.value, room_id: roomId.value });
    if (shown.value) wanted.push({ type: "watch_lesson", lesson_id: shown.value.id });
    return wanted;
  }

  async function loadRooms(): Promise<void> {
    try {
      const found = await api<RoomsView>("GET", "/api/v1/rooms", text.language.value);
      rooms.value = found.rooms;
      if (!found.rooms.some((one) => one.id === roomId.value)) roomId.value = await likelyRoom(found.rooms);
      room.value = found.rooms.find((one) => one.id === roomId.value) ?? null;
      if (staff.socket.value?.status === "open") staff.rewatch();
    } catch (error) {
      staff.trouble.value = troubleOf(error, text.t);
      setTimeout(() => void loadRooms(), 3_000);
    }
  }

  /** The room of today's first lesson of the teacher, else one with equipment, else the first. */
  async function likelyRoom(found: readonly RoomView[]): Promise<string | null> {
    const path = `/api/v1/lessons?day=${day.value}`;
    const today = await api<{ lessons: LessonView[] }>("GET", path, text.language.value).catch(() => ({ lessons: [] }));
    const ids = found.map((one) => one.id);
    const taught = inOrder(today.lessons).find((one) => ids.includes(one.room_id));
    return taught?.room_id ?? found.find((one) => one.online)?.id ?? found[0]?.id ?? null;
  }

  function chooseRoom(id: string): void {
    roomId.value = id;
    remember("room", id);
    room.value = rooms.value?.find((one) => one.id === id) ?? null;
    lessons.value = null;
    chosen.value = null;
    previews.value = new Map();
    levels.value = new Map();
    staff.rewatch();
  }

  watch([day, () => shown.value?.id], () => staff.rewatch());

  /** Start or stop the lesson shown. */
  async function step(name: "start" | "stop"): Promise<void> {
    const target = lesson.value;
    if (!target || busy.value) return;
    busy.value = true;
    failed.value = null;
    try {
      const path = `/api/v1/lessons/${encodeURIComponent(target.id)}/${name}`;
      detail.value = await api<LessonView>("POST", path, text.language.value);
    } catch (error) {
      failed.value = troubleOf(error, text.t);
    } finally {
      busy.value = false;
    }
  }

  return { ...staff, rooms, roomId, room, lessons, lesson, chosen, busy, failed, previews, levels, day, chooseRoom, step };
}

export type PanelModel = ReturnType<typeof usePanel>;
