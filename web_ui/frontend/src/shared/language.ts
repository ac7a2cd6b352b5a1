import { ref, type Ref } from "vue";
import { remember, remembered } from "./memory";

export type Language = "zh-CN" | "en";

/** Each language by its own name. */
export const LANGUAGES: ReadonlyArray<readonly [Language, string]> = [
  ["zh-CN", "中文"],
  ["en", "English"],
];

const KEY = "language";

/** The language to begin with: what was chosen here before, else the browser's first one we have, else Chinese. */
export function firstLanguage(chosen: string | null, browser: readonly string[]): Language {
  if (chosen === "zh-CN" || chosen === "en") return chosen;
  for (const wanted of browser) {
    if (wanted.toLowerCase().startsWith("zh")) return "zh-CN";
    if (wanted.toLowerCase().startsWith("en")) return "en";
  }
  return "zh-CN";
}

/** The page's language, kept in `<html lang>` and remembered by this browser. */
export function pageLanguage(): { language: Ref<Language>; choose: (language: Language) => void } {
  const language = ref(firstLanguage(remembered(KEY), navigator.languages ?? [navigator.language]));
  const choose = (chosen: Language) => {
    language.value = chosen;
    document.documentElement.lang = chosen;
    remember(KEY, chosen);
  };
  document.documentElement.lang = language.value;
  return { language, choose };
}
