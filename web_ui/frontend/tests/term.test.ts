import { describe, expect, it } from "vitest";
import { needEdits, needRows } from "../src/plan/needs";
import { within, withSpan } from "../src/plan/term";
import type { NeedView, RegistryView, TermDayView } from "../src/wire.gen";

const day = (date: string, follows: number | null = null): TermDayView => ({ day: date, kind: "swapped", follows, note: "" });

describe("the days of a term", () => {
  it("get an exam week at once, its weekend only where lessons were to be given", () => {
    // 2027-01-09 and 10 are a weekend; lessons were to be given on the 10th
    const found = withSpan([day("2027-01-10", 4), day("2026-10-10", 2)], "2027-01-07", "2027-01-12", "exam", "期末");
    expect(found.map((one) => [one.day, one.kind, one.follows])).toEqual([
      ["2026-10-10", "swapped", 2],
      ["2027-01-07", "exam", null],
      ["2027-01-08", "exam", null],
      ["2027-01-10", "exam", null],
      ["2027-01-11", "exam", null],
      ["2027-01-12", "exam", null],
    ]);
  });

  it("go with the term's first and last day", () => {
    expect(within([day("2026-08-30"), day("2026-08-31"), day("2027-01-15"), day("2027-01-16")], "2026-08-31", "2027-01-15").map((one) => one.day)).toEqual(["2026-08-31", "2027-01-15"]);
  });
});

describe("what a class lacks", () => {
  const group = (id: string, school_id: string, grade: number, own: number | null) => ({
    id, school_id, grade, name: id, size: 0, screen_min_day: null, screen_cap_min: 80, allowed: null,
    own_teaching: own === null ? [] : [{ subject: "音乐", lessons: own }],
  });
  const registry = {
    classes: [group("a", "s", 3, 1), group("b", "s", 4, null), group("c", "s", 9, null), group("d", "other", 3, 0)],
    curriculum: [3, 4].map((grade) => ({ grade, subject: "音乐", lessons: 2, national: 2 })),
  } as unknown as RegistryView;
  const need: NeedView = {
    id: "n", school_id: "s", class_id: "a", grade: 3, subject: "音乐", edition: "*", computed: 1, edited: null, lessons: 1,
    priority: 4, allowed: [[0, 1]], preferred: [], previous_teacher_id: "t",
  };

  it("is told class by class, also of those that lack nothing", () => {
    const rows = needRows(registry, [need], "s", "音乐");
    expect(rows.map((row) => [row.name, row.required, row.own, row.computed, row.lessons])).toEqual([["a", 2, 1, 1, ""], ["b", 2, 2, 0, ""]]);
  });

  it("sends what was changed, with all that was not", () => {
    const before = needRows(registry, [need], "s", "音乐");
    expect(needEdits(before, before)).toEqual([]);
    const after = [{ ...before[0]!, lessons: 0 }, before[1]!];
    expect(needEdits(before, after)).toEqual([
      { class_id: "a", subject: "音乐", lessons: 0, priority: 4, allowed: [[0, 1]], preferred: [], previous_teacher_id: "t" },
    ]);
    const emptied = [{ ...before[0]!, lessons: "" as const }, { ...before[1]!, lessons: 1 }];
    expect(needEdits(after, emptied).map((one) => [one.class_id, one.lessons])).toEqual([["a", null], ["b", 1]]);
  });
});
