import type { SameKeys } from "../shared/text";

/** What teachers and schools are told: changes of their lessons, answers to requests. */
export const noticeZh = {
  title: "通知",
  unread: "{n} 条未读",
  markRead: "全部标为已读",
  gotIt: "知道了",
  sum: { created: "新增 {n} 节", moved: "调整 {n} 节", cancelled: "取消 {n} 节" },
  and: "，",
  more: "还有 {n} 处变化，见课表。",
  did: { created: "新增", moved: "移动", cancelled: "取消", attending: "参加的班有变化", refused: "点播申请未同意" },
} as const;

export const noticeEn: SameKeys<typeof noticeZh> = {
  title: "Notices",
  unread: "{n} unread",
  markRead: "Mark all as read",
  gotIt: "Understood",
  sum: { created: "{n} new", moved: "{n} changed", cancelled: "{n} cancelled" },
  and: ", ",
  more: "{n} change more: see the timetable. | {n} changes more: see the timetable.",
  did: { created: "New", moved: "Moved", cancelled: "Cancelled", attending: "Other classes attend", refused: "A request was turned down" },
};
