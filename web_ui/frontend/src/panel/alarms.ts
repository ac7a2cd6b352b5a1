import type { AlarmView, LessonView, RoomView } from "../wire.gen";

export interface Warning {
  /** Key of the text, below `panel.`; its remedy has the same key with "Remedy". */
  readonly key: string;
  readonly source: string | null;
  readonly grave: boolean;
}

const GRAVE: ReadonlySet<AlarmView["code"]> = new Set([
  "no_signal",
  "source_failed",
  "publishing_lost",
  "recording_failed",
  "disk_full",
]);

/** What the teacher should know, gravest first. A room that is away says nothing reliable about its sources. */
export function warningsOf(room: RoomView, lesson: LessonView | null): Warning[] {
  if (!room.online) return [{ key: "agentOffline", source: null, grave: true }];
  const found: Warning[] = room.alarms.map((alarm) => ({
    key: `alarm.${alarm.code}`,
    source: alarm.source || null,
    grave: GRAVE.has(alarm.code),
  }));
  for (const source of room.sources) {
    const told = room.alarms.some((alarm) => alarm.source === source.name && GRAVE.has(alarm.code));
    if (source.state === "failed" && !told) found.push({ key: "alarm.source_failed", source: source.name, grave: true });
  }
  const running = lesson !== null && lesson.room_id === room.id && (lesson.state === "live" || lesson.state === "interrupted");
  if (running && room.publishing_lesson_id !== lesson.id && !found.some((one) => one.key === "alarm.publishing_lost")) {
    found.push({ key: "notPublishing", source: null, grave: false });
  }
  return found.sort((a, b) => Number(b.grave) - Number(a.grave));
}
