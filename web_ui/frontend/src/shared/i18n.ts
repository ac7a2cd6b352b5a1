import type { App } from "vue";
import { createI18n } from "vue-i18n";
import { pageLanguage, type Language } from "./language";
import { find, type Catalog, type Text } from "./text";

/** Text through vue-i18n, for the pages of staff. */
export function richText(app: App, catalogs: Readonly<Record<Language, Catalog>>): Text {
  const { language, choose } = pageLanguage();
  const i18n = createI18n({ legacy: false, locale: language.value, fallbackLocale: "zh-CN", messages: catalogs as never });
  app.use(i18n);
  const global = i18n.global as unknown as {
    locale: { value: string };
    t(key: string, named: Record<string, unknown>, plural: number): string;
    t(key: string, named: Record<string, unknown>): string;
  };
  return {
    t: (key, params = {}) => {
      const n = params["n"];
      if (typeof n !== "number") return global.t(key, { ...params });
      // As text: vue-i18n takes a 0 for a number that was not given, and would say the plural form's instead.
      return global.t(key, { ...params, n: String(n) }, n === 1 ? 1 : 2);
    },
    has: (key) => find(catalogs[language.value], key) !== null,
    language,
    choose: (chosen) => {
      global.locale.value = chosen;
      choose(chosen);
    },
  };
}
