import type { SameKeys } from "../shared/text";

export const libraryZh = {
  title: "资源库",
  lead: "已发布的课堂录像",
  signIn: "登录",
  guest: "未登录时只显示公开的录像。登录后可看到本校、本县的录像。",
  archive: "资源管理",
  length: "时长 {length}",
} as const;

export const libraryEn: SameKeys<typeof libraryZh> = {
  title: "Library",
  lead: "Recordings of lessons that were published",
  signIn: "Sign in",
  guest: "Without signing in you see what is public. Sign in for the recordings of your school and county.",
  archive: "Archive",
  length: "Length {length}",
};
