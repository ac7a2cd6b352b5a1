import type { SameKeys } from "../shared/text";

/** Published timetables on paper. */
export const printZh = {
  before: "上一周",
  after: "下一周",
  week: "{first} 至 {last}",
  whose: { teacher: "教师", room: "教室", school: "主讲校", point: "受援校、教学点" },
  everybody: "全部（{n} 张）",
  print: "打印 {n} 张",
  none: "这一周没有已发布的课",
  noneHint: "先在“排课”里发布课表，或换一周看看。",
  code: "听课码 {code}",
} as const;

export const printEn: SameKeys<typeof printZh> = {
  before: "The week before",
  after: "The week after",
  week: "{first} to {last}",
  whose: { teacher: "Teacher", room: "Room", school: "Teaching school", point: "School or point that receives" },
  everybody: "All ({n})",
  print: "Print {n} page | Print {n} pages",
  none: "No published lessons this week",
  noneHint: "Publish a timetable first, or look at another week.",
  code: "Code {code}",
};
