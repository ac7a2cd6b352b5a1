import type { AttendingView, CourseView, ProposalRoomsView, SchoolPlanView, TargetsView } from "../wire.gen";

/** Monday to Friday. */
export const DAYS = 5;

/** One weekly lesson: of which course, which of its lessons, when. */
export interface Slot {
  course: CourseView;
  lesson: number;
  day: number;
  minute: number;
}

/** What the timetable is looked at by: everything, or one of those who give or receive. */
export type By = "county" | "teacher" | "school" | "room" | "point";
export const BYS: readonly By[] = ["county", "teacher", "school", "room", "point"];

/** In place of a room: lessons that find none. */
export const NO_ROOM = "";

export function slotsOf(courses: readonly CourseView[]): Slot[] {
  return courses.flatMap((course) => course.lessons.map(([day, minute], lesson) => ({ course, lesson, day, minute })));
}

/** The rooms of each lesson, the usual one first. */
export class RoomPlan {
  private readonly found: Map<string, string[]>;
  private readonly names: Map<string, string>;

  constructor(view: ProposalRoomsView) {
    this.found = new Map(view.lessons.map((one) => [`${one.course} ${one.lesson}`, one.rooms]));
    this.names = new Map(view.rooms.map((room) => [room.id, `${room.school_name} · ${room.name}`]));
  }

  of(slot: Slot): readonly string[] {
    return this.found.get(`${slot.course.key} ${slot.lesson}`) ?? [];
  }

  /** By name; those that lessons do not find first, under the name `none`. */
  choices(none: string): { id: string; name: string }[] {
    const all = [...this.names].map(([id, name]) => ({ id, name })).sort((a, b) => a.name.localeCompare(b.name, "zh"));
    const lacking = [...this.found.values()].filter((rooms) => rooms.includes(NO_ROOM)).length;
    return lacking > 0 ? [{ id: NO_ROOM, name: `${none} (${lacking})` }, ...all] : all;
  }
}

export function takesPart(course: CourseView, by: By, id: string): boolean {
  if (by === "county") return true;
  if (by === "teacher") return course.teacher_id === id;
  if (by === "school") return course.school_id === id;
  return course.attending.some((one) => one.school_id === id);
}

/** Whose timetables there are, by name. */
export function choicesOf(courses: readonly CourseView[], schools: readonly SchoolPlanView[], by: By): { id: string; name: string }[] {
  const names = new Map<string, string>();
  const known = new Map(schools.map((school) => [school.id, school.name]));
  for (const course of courses) {
    if (by === "teacher") names.set(course.teacher_id, course.teacher_name);
    else if (by === "school") names.set(course.school_id, known.get(course.school_id) ?? "");
    else if (by === "point") for (const one of course.attending) names.set(one.school_id, one.school_name);
  }
  return [...names].map(([id, name]) => ({ id, name })).sort((a, b) => a.name.localeCompare(b.name, "zh"));
}

/** Rows by the minute lessons begin, those of `more` as well; in each, the lessons of every weekday. */
export function rowsOf(slots: readonly Slot[], more: readonly number[] = []): { minute: number; days: Slot[][] }[] {
  const minutes = [...new Set([...slots.map((slot) => slot.minute), ...more])].sort((a, b) => a - b);
  return minutes.map((minute) => ({
    minute,
    days: Array.from({ length: DAYS }, (_, day) =>
      slots
        .filter((slot) => slot.minute === minute && slot.day === day)
        .sort((a, b) => a.course.subject.localeCompare(b.course.subject, "zh")),
    ),
  }));
}

/** What speaks against each start, in words; nothing: the lesson may stand there. */
export class Verdicts {
  private readonly found: Map<string, string[]>;
  /** Minutes at which the lesson may begin on some day. */
  readonly minutes: number[];
  readonly legal: [number, number][];

  constructor(view: TargetsView) {
    this.found = new Map(view.targets.map(({ start, reasons }) => [start.join(), reasons.map((number) => view.reasons[number]!.message)]));
    this.legal = view.targets.filter(({ reasons }) => reasons.length === 0).map(({ start }) => start);
    this.minutes = [...new Set(this.legal.map(([, minute]) => minute))];
  }

  /** null: outside the hours of the schools concerned. */
  at(day: number, minute: number): string[] | null {
    return this.found.get(`${day},${minute}`) ?? null;
  }
}

/** Schools that attend, each once. */
export function pointsOf(attending: readonly AttendingView[]): string[] {
  return [...new Set(attending.map((one) => one.school_name))];
}
