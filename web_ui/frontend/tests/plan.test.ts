import { describe, expect, it } from "vitest";
import { outagesOf, type Absence } from "../src/plan/absence";
import { bellOf, bellText } from "../src/plan/bell";
import { chartOf, gapPercent } from "../src/plan/chart";
import { fateOf, hoursChanged, needsChanged } from "../src/plan/compare";
import { pairMap } from "../src/plan/pairmap";
import { bellTime, markOf, percentOf, tableOf } from "../src/plan/coverage";
import { curriculumOf, differing, keyOf, wrong } from "../src/plan/curriculum";
import { choicesOf, RoomPlan, rowsOf, slotsOf, takesPart, Verdicts } from "../src/plan/grid";
import { columnsOf, mondayOf, sheetsOf } from "../src/plan/sheets";
import type { ComparisonView, CourseView, CoverageCell, CoverageView, PairingView, PlannedLessonView, ProposalHead } from "../src/wire.gen";

function cell(school_id: string, subject: string, wanted: number, given = 0): CoverageCell {
  return { school_id, subject, required: wanted + 1, own: 1, wanted, given };
}

function coverage(...cells: CoverageCell[]): CoverageView {
  const sum = (of: (cell: CoverageCell) => number) => cells.reduce((total, one) => total + of(one), 0);
  return {
    term_id: "t", schools: ["a", "b", "c"], subjects: ["英语", "音乐", "美术"], cells,
    wanted: sum((one) => one.wanted), given: sum((one) => one.given),
  };
}

describe("what lacks", () => {
  it("shows only schools and subjects that lack something, the neediest first", () => {
    const table = tableOf(coverage(cell("a", "英语", 2), cell("b", "美术", 3), cell("b", "英语", 0), cell("c", "音乐", 0)));
    expect(table.subjects).toEqual(["英语", "美术"]);
    expect(table.rows.map((row) => [row.schoolId, row.cells.map((one) => one?.wanted ?? null)])).toEqual([
      ["b", [0, 3]],
      ["a", [2, null]],
    ]);
  });

  it("puts a school that is helped after those that still lack lessons", () => {
    const table = tableOf(coverage(cell("a", "英语", 4, 4), cell("b", "美术", 3, 2), cell("c", "音乐", 2)));
    expect(table.rows.map((row) => row.schoolId)).toEqual(["c", "b", "a"]);
  });

  it("is empty where nothing lacks", () => {
    expect(tableOf(coverage(cell("a", "英语", 0)))).toEqual({ subjects: [], rows: [] });
    expect(percentOf(coverage())).toBe(100);
  });

  it("marks how much of it is arranged, and never rounds up to all", () => {
    expect([[0, 0], [2, 0], [2, 1], [2, 2]].map(([wanted, given]) => markOf(cell("a", "英语", wanted!, given!)))).toEqual(["none", "missing", "some", "all"]);
    expect(percentOf(coverage(cell("a", "英语", 1_000, 999)))).toBe(99);
  });

  it("writes bells as clocks do", () => {
    expect([0, 485, 14 * 60 + 5].map(bellTime)).toEqual(["00:00", "08:05", "14:05"]);
  });
});

function course(key: string, teacher: string, points: string[], lessons: [number, number][], weeks: CourseView["weeks"] = "all"): CourseView {
  return {
    key, teacher_id: teacher, teacher_name: `师${teacher}`, school_id: "host", subject: "音乐", grade: 3, edition: "*", pinned: false, weeks, lessons,
    attending: points.map((id) => ({ need_id: `n${id}`, class_id: `c${id}`, class_name: "三(1)班", school_id: id, school_name: `点${id}` })),
  };
}

describe("a timetable", () => {
  const courses = [course("a", "1", ["p", "q"], [[0, 500], [2, 620]]), course("b", "2", ["q"], [[0, 500]])];

  it("has a row for every minute a lesson begins, or may begin", () => {
    const rows = rowsOf(slotsOf(courses), [560, 500]);
    expect(rows.map((row) => [row.minute, row.days.map((day) => day.length)])).toEqual([
      [500, [2, 0, 0, 0, 0]],
      [560, [0, 0, 0, 0, 0]],
      [620, [0, 0, 1, 0, 0]],
    ]);
  });

  it("is looked at by those who have lessons, and nobody else", () => {
    expect(choicesOf(courses, [], "teacher").map((one) => one.id)).toEqual(["1", "2"]);
    expect(choicesOf(courses, [], "point").map((one) => one.id)).toEqual(["p", "q"]);
    expect(choicesOf(courses, [], "county")).toEqual([]);
    expect(courses.map((one) => takesPart(one, "point", "p"))).toEqual([true, false]);
    expect(courses.map((one) => takesPart(one, "teacher", "2"))).toEqual([false, true]);
  });

  it("says what speaks against a start, and nothing of starts outside", () => {
    const reasons = [{ code: "a", message: "教师没空", remedy: null }, { code: "b", message: "教室已满", remedy: null }];
    const found = new Verdicts({ reasons, targets: [{ start: [0, 500], reasons: [] }, { start: [1, 500], reasons: [1, 0] }] });
    expect([found.at(0, 500), found.at(1, 500), found.at(0, 505)]).toEqual([[], ["教室已满", "教师没空"], null]);
    expect(found.legal).toEqual([[0, 500]]);
  });
});

describe("two proposals", () => {
  const head = {} as ProposalHead;
  const before = course("a", "1", ["p", "q"], [[0, 500], [2, 620]]);
  const compared = (changes: ComparisonView["changes"]): ComparisonView => ({ before: head, after: head, same: 3, changes });

  it("differ by what classes get and teachers give", () => {
    const view = compared([
      { before, after: course("a", "2", ["p"], [[0, 500], [2, 620]]) },
      { before: null, after: course("c", "2", ["q"], [[1, 500]], "odd") },
    ]);
    expect(needsChanged(view)).toEqual([{ name: "点q 三(1)班 · 音乐", before: 2, after: 0.5 }]);
    expect(hoursChanged(view)).toEqual([{ name: "师1", before: 2, after: 0 }, { name: "师2", before: 0, after: 2.5 }]);
  });

  it("name what happened to a course", () => {
    const later = course("a", "1", ["p", "q"], [[0, 500], [3, 620]]);
    const handed = course("a", "1", ["p"], [[0, 500]]);
    const fates = [{ before, after: later }, { before, after: handed }, { before, after: null }, { before: null, after: before }].map(fateOf);
    expect(fates).toEqual(["moved", "handed", "gone", "new"]);
    expect(hoursChanged(compared([{ before, after: later }]))).toEqual([]);
  });
});

describe("a run's chart", () => {
  const points = [[5, 90, 110, 0], [6, 100, 110, 0], [15, 100, 104, 0]].map(([seconds, coverage, bound, cost]) => ({
    seconds: seconds!, coverage: coverage!, bound: bound!, cost: cost!,
  }));

  it("is two stairs from the first plan to the end", () => {
    const chart = chartOf(points, 100, 50)!;
    expect([chart.low, chart.high, chart.from, chart.to]).toEqual([85, 110, 5, 15]);
    expect(chart.found).toBe("0.0,40.0 10.0,40.0 10.0,20.0 100.0,20.0 100.0,20.0 100,20.0");
    expect(chartOf([], 100, 50)).toBeNull();
  });

  it("never says that nothing is missing where something is", () => {
    expect(gapPercent(points[2]!)).toBe(3.9);
    expect(gapPercent({ seconds: 1, coverage: 9_999, bound: 10_000, cost: 0 })).toBe(0.1);
    expect(gapPercent({ seconds: 1, coverage: 0, bound: 0, cost: 0 })).toBe(0);
  });
});

describe("an absence", () => {
  const bell: [number, number][] = [[480, 520], [530, 570], [600, 640]];
  const ill: Absence = { kind: "teacher", id: "t", days: [3, 1], periods: [], rooms: 1 };

  it("without periods lasts all day, on each day", () => {
    expect(outagesOf(ill, bell).map((one) => [one.day, one.start_min, one.end_min])).toEqual([[1, 0, 1440], [3, 0, 1440]]);
  });

  it("of neighbouring periods has the break between them in it, and is one", () => {
    expect(outagesOf({ ...ill, days: [0], periods: [1, 0] }, bell).map((one) => [one.start_min, one.end_min])).toEqual([[480, 570]]);
    expect(outagesOf({ ...ill, days: [0], periods: [2, 0] }, bell).map((one) => [one.start_min, one.end_min])).toEqual([[480, 520], [600, 640]]);
  });
});

describe("who helps whom", () => {
  const pair = (strong_id: string, helped_id: string, planned: number, id: string | null = null): PairingView => ({
    id, strong_id, helped_id, lessons: 2, goal: "", signed_on: null, planned, held: 0,
  });

  it("stands beside who helps it, each school once, with a line as thick as there are lessons", () => {
    const map = pairMap([pair("a", "q", 10), pair("b", "p", 5, "signed"), pair("a", "r", 0)]);
    expect(map.left.map((stop) => stop.id)).toEqual(["a", "b"]);
    expect(map.right.map((stop) => stop.id)).toEqual(["q", "r", "p"]);
    expect(map.lines.map((line) => [line.width, line.signed])).toEqual([[7.5, false], [4.5, true], [1.5, false]]);
    expect(Math.max(...map.right.map((stop) => stop.y))).toBeLessThan(map.height);
  });
});

describe("a bell", () => {
  it("is read as it is written", () => {
    const bell: [number, number][] = [[500, 540], [550, 590]];
    expect(bellOf(bellText(bell))).toEqual(bell);
    expect(bellOf("8：20—9：00\n\n 09:10 至 09:50 ")).toEqual(bell);
  });

  it("names the first line that is no period", () => {
    expect(["八点", "08:20-08:20", "08:20-09:60", "23:00-24:01"].map(bellOf)).toEqual([1, 1, 1, 1]);
    expect(bellOf("08:20-09:00\n9-10")).toBe(2);
  });
});

describe("timetables on paper", () => {
  const lesson = (teacher: string, starts_at: string, points: string[], state: PlannedLessonView["state"] = "planned"): PlannedLessonView => ({
    id: `${teacher} ${starts_at}`, code: "abc234", title: "音乐", subject: "音乐", grade: 3, state, teacher_name: teacher, school_name: "一小",
    room_name: "录播教室", points, starts_at, ends_at: starts_at,
  });
  const lessons = [
    lesson("周", "2026-10-10T00:20:00Z", ["甲", "乙"]),
    lesson("周", "2026-10-08T00:20:00Z", ["乙"]),
    lesson("吴", "2026-10-08T01:00:00Z", ["甲"], "cancelled"),
  ];

  it("have a page for everybody who has lessons, in the schools' time", () => {
    const columns = columnsOf(lessons, "2026-10-05");
    expect(columns).toEqual(["2026-10-05", "2026-10-06", "2026-10-07", "2026-10-08", "2026-10-09", "2026-10-10"]);
    expect(sheetsOf(lessons, "teacher", columns).map((sheet) => sheet.name)).toEqual(["周 · 一小"]);
    const [first, second] = sheetsOf(lessons, "point", columns);
    expect([first!.name, first!.rows.map((row) => [row.minute, row.days.map((day) => day.length)])]).toEqual(["甲", [[500, [0, 0, 0, 0, 0, 1]]]]);
    expect([second!.name, second!.rows[0]!.days.map((day) => day.length)]).toEqual(["乙", [0, 0, 0, 1, 0, 1]]);
    expect(["2026-10-05", "2026-10-11"].map(mondayOf)).toEqual(["2026-10-05", "2026-10-05"]);
  });
});

it("rooms are looked up by lesson, and those that lessons do not find come first", () => {
  const plan = new RoomPlan({
    rooms: [{ id: "r", name: "录播一", school_name: "甲校" }],
    lessons: [
      { course: "a", lesson: 0, rooms: ["r"] },
      { course: "a", lesson: 1, rooms: ["r", ""] },
    ],
  });
  const slot = slotsOf([{ key: "a", lessons: [[0, 500], [1, 500]] } as never]);
  expect(slot.map((one) => plan.of(one))).toEqual([["r"], ["r", ""]]);
  expect(plan.choices("没有教室")).toEqual([{ id: "", name: "没有教室 (1)" }, { id: "r", name: "甲校 · 录播一" }]);
});

it("a curriculum is what differs from the national plan", () => {
  const registry = {
    subjects: [{ name: "音乐" }, { name: "书法" }],
    curriculum: [
      { grade: 3, subject: "音乐", lessons: 1, national: 2 },
      { grade: 4, subject: "音乐", lessons: 2, national: 2 },
      { grade: 3, subject: "书法", lessons: 1, national: 0 },
    ],
  } as never;
  const { subjects, lessons, national } = curriculumOf(registry);
  expect(differing(subjects, lessons, national)).toEqual([
    { grade: 3, subject: "音乐", lessons: 1 },
    { grade: 3, subject: "书法", lessons: 1 },
  ]);
  lessons[keyOf(3, "音乐")] = 2;
  expect(differing(subjects, lessons, national)).toHaveLength(1);
  expect([0, 20, "" as const, 21, -1, 1.5].map(wrong)).toEqual([false, false, true, true, true, true]);
});
