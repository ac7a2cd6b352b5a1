/** What a lesson or its captions may be in: its own, and what most are in. */
export const languagesWith = (own: string): string[] => [...new Set([own, "zh-CN", "en"])];

/** "英语" or "English" for the tag (RFC 5646) "en"; the tag itself where it means nothing to the browser. */
export function languageName(tag: string, language: string): string {
  try {
    return new Intl.DisplayNames(language, { type: "language", languageDisplay: "standard" }).of(tag) ?? tag;
  } catch {
    return tag;
  }
}
