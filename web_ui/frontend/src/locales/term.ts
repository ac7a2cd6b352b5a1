import type { SameKeys } from "../shared/text";

/** A term and its limits. */
export const termZh = {
  change: "修改学期与上限",
  span: "{first} 至 {last}，共 {weeks} 周。第一天所在的周是第 1 周（单周）。",
  rules: "上课规则与上限",
  lesson_min: "一节课（分钟）",
  changeover_min: "课间转换（分钟）",
  grid_min: "上课时间取整到（分钟）",
  max_points: "一节课最多几个班听",
  host_up_mbps: "主讲校每节课上行 Mbps",
  host_down_per_point_mbps: "主讲校每个听课班下行 Mbps",
  point_down_mbps: "听课班下行 Mbps",
  point_up_mbps: "听课班上行 Mbps",
  node_participants: "媒体服务器同时在线（主讲和听课都算）",
  others: "另有上限：各校的线路和同时上课数见“学校”，教师每天、每周的节数见“教师”，各班看屏时间见“班级”（一、二年级每天 40 分钟，三年级起 80 分钟，并且不超过当天课时的 30%）。排课、调课、点播都不会超过这些上限。",
} as const;

export const termEn: SameKeys<typeof termZh> = {
  change: "Change term and limits",
  span: "{first} to {last}, {weeks} weeks. The week of the first day is week 1, an odd one.",
  rules: "Rules and limits",
  lesson_min: "A lesson (minutes)",
  changeover_min: "Between lessons (minutes)",
  grid_min: "Lessons begin at multiples of (minutes)",
  max_points: "Most classes in a lesson",
  host_up_mbps: "Teaching school, up per lesson, Mbps",
  host_down_per_point_mbps: "Teaching school, down per class, Mbps",
  point_down_mbps: "Class that attends, down, Mbps",
  point_up_mbps: "Class that attends, up, Mbps",
  node_participants: "At once on the media server (teachers and classes)",
  others: "Further limits: each school's line and lessons at once under “Schools”, a teacher's lessons a day and a week under “Teachers”, a class's screen time under “Classes” (40 minutes a day in grades 1 and 2, 80 from grade 3, and no more than 30% of the day's teaching). No timetable, replan or request exceeds them.",
};
