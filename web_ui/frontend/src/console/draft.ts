import { moment } from "../shared/time";
import type { LessonMode, NewLesson, Topology } from "../wire.gen";

/** The form of a new lesson, as typed. */
export interface Draft {
  title: string;
  subject: string;
  grade: number;
  mode: LessonMode;
  topology: Topology;
  room: string;
  teacher: string;
  day: string;
  starts: string;
  ends: string;
  points: string;
  open: boolean;
}

export const MODES: readonly LessonMode[] = ["delivery", "master", "open", "research"];
export const GRADES: readonly number[] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
const MAX_POINTS = 64;
const MAX_NAME = 80;

export type Field = "title" | "subject" | "room" | "teacher" | "day" | "starts" | "ends" | "points";
/** What is wrong with each field: a key of the catalog below `console.form.`. */
export type Mistakes = Partial<Record<Field, "required" | "endsBeforeStarts" | "tooManyPoints">>;

export function pointsOf(text: string): string[] {
  return [...new Set(text.split(/[\n,，、;；]/).map((line) => line.trim()).filter((line) => line !== ""))];
}

/** What keeps the draft from being sent; the server checks the rest (a room that is taken, permissions). */
export function mistakesOf(draft: Draft): Mistakes {
  const wrong: Mistakes = {};
  for (const field of ["title", "subject", "room", "teacher", "day", "starts", "ends"] as const) {
    if (draft[field].trim() === "") wrong[field] = "required";
  }
  if (!wrong.starts && !wrong.ends && draft.ends <= draft.starts) wrong.ends = "endsBeforeStarts";
  const points = pointsOf(draft.points);
  if (points.length > MAX_POINTS || points.some((point) => point.length > MAX_NAME)) wrong.points = "tooManyPoints";
  return wrong;
}

export function newLessonOf(draft: Draft): NewLesson {
  return {
    title: draft.title.trim(),
    subject: draft.subject.trim(),
    grade: draft.grade,
    mode: draft.mode,
    topology: draft.topology,
    room_id: draft.room,
    teacher_id: draft.teacher,
    starts_at: moment(draft.day, draft.starts),
    ends_at: moment(draft.day, draft.ends),
    open_join: draft.open,
    points: pointsOf(draft.points),
  };
}
