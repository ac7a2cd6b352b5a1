import type { SameKeys } from "../shared/text";

/** Calendar feeds. */
export const feedZh = {
  title: "日历订阅",
  lead: "把课表订阅到手机或电脑的日历里：改了时间、取消了课，日历会跟着变（每小时更新）。",
  kind: "订阅哪一类",
  kinds: { teacher: "教师", room: "教室", school: "学校" },
  choose: "请选择",
  make: "生成订阅地址",
  made: "“{name}”的订阅地址，只显示这一次。知道地址的人都能看课表，请不要外传。在日历软件里选“通过网址订阅”，把它粘贴进去。",
  copy: "复制地址",
  copied: "已复制",
  since: "{day} 生成",
  revoke: "停用",
  revokeWhat: "停用“{name}”的订阅地址",
  revokeSure: "停用“{name}”的这个订阅地址？用它订阅的日历不再更新。",
  own: "本校",
} as const;

export const feedEn: SameKeys<typeof feedZh> = {
  title: "Calendar feeds",
  lead: "Subscribe to a timetable in the calendar of a phone or computer: lessons that move or are cancelled do so there as well, within the hour.",
  kind: "Whose",
  kinds: { teacher: "Teacher", room: "Room", school: "School" },
  choose: "Please choose",
  make: "Make an address",
  made: "The address for “{name}”, shown only now. Whoever knows it can read the timetable: give it to nobody else. Paste it where your calendar subscribes to an address.",
  copy: "Copy",
  copied: "Copied",
  since: "made {day}",
  revoke: "Revoke",
  revokeWhat: "Revoke the address for “{name}”",
  revokeSure: "Revoke this address for “{name}”? Calendars that use it will not be updated any more.",
  own: "Our school",
};
