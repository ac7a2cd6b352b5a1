import type { ComparisonView, CourseView } from "../wire.gen";
import { pointsOf } from "./grid";

/** What a change of plan means for one need or one teacher: weekly lessons before and after. */
export interface Difference {
  name: string;
  before: number;
  after: number;
}

/** Every other week counts half. */
const lessonsOf = (course: CourseView) => course.lessons.length * (course.weeks === "all" ? 1 : 0.5);

function differences(view: ComparisonView, entries: (course: CourseView) => { id: string; name: string }[]): Difference[] {
  const found = new Map<string, Difference>();
  const count = (course: CourseView | null, side: "before" | "after") => {
    for (const { id, name } of course ? entries(course) : []) {
      const one = found.get(id) ?? { name, before: 0, after: 0 };
      one[side] += lessonsOf(course!);
      found.set(id, one);
    }
  };
  for (const { before, after } of view.changes) {
    count(before, "before");
    count(after, "after");
  }
  return [...found.values()].filter((one) => one.before !== one.after).sort((a, b) => a.after - a.before - (b.after - b.before));
}

/** Classes that get fewer or more lessons of a subject, the losers first. Courses that are the same in both say nothing. */
export function needsChanged(view: ComparisonView): Difference[] {
  return differences(view, (course) =>
    course.attending.map((one) => ({ id: one.need_id, name: `${one.school_name} ${one.class_name} · ${course.subject}` })),
  );
}

/** Teachers who give fewer or more lessons a week. */
export function hoursChanged(view: ComparisonView): Difference[] {
  return differences(view, (course) => [{ id: course.teacher_id, name: course.teacher_name }]);
}

export type Fate = "moved" | "handed" | "new" | "gone";

/** What happened to a course: other times, another teacher or other classes, there now, or there no more. */
export function fateOf({ before, after }: ComparisonView["changes"][number]): Fate {
  if (before === null) return "new";
  if (after === null) return "gone";
  const same = before.teacher_id === after.teacher_id && pointsOf(before.attending).join() === pointsOf(after.attending).join();
  return same ? "moved" : "handed";
}
