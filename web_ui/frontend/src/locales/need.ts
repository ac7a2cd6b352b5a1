import type { SameKeys } from "../shared/text";

/** What classes lack, changed by hand. */
export const needZh = {
  lead: "一般不用改：缺多少由课程方案和自教课时算出。确实不同时在这里写，重新计算也不会覆盖。",
  noClass: "这所学校的课程方案里没有这门课，请先看“班级”和“课程方案”。",
  computed: "应开 {required} 节，自己能上 {own} 节，算出缺 {computed} 节",
  lessons: "每周要几节直播课",
  asComputed: "按算出的 {n} 节",
  priority: "优先程度（9 最先）",
  previous: "上学期的教师",
  nobody: "没有",
  preferred: "希望上课的节次（{n} 个）",
  preferredHint: "尽量排在这些节次，排不下时也可以不在",
  cellHint: "点一格，可以修改这所学校这门课的缺课。",
  other: "修改或另加",
} as const;

export const needEn: SameKeys<typeof needZh> = {
  lead: "Usually nothing has to be changed: it is computed from the curriculum and own teaching. What you write here stays when it is computed again.",
  noClass: "No class of this school is to have this subject: see “Classes” and “Curriculum”.",
  computed: "{required} required, {own} taught by itself, {computed} lacking as computed",
  lessons: "Live lessons a week",
  asComputed: "{n}, as computed",
  priority: "Priority (9 comes first)",
  previous: "Last term's teacher",
  nobody: "Nobody",
  preferred: "Preferred periods ({n})",
  preferredHint: "Lessons go into these periods where possible",
  cellHint: "Choose a cell to change what this school lacks of the subject.",
  other: "Change or add",
};
