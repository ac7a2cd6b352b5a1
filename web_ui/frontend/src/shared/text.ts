import { inject, type App, type InjectionKey, type Ref } from "vue";
import { pageLanguage, type Language } from "./language";

export interface Catalog {
  readonly [key: string]: string | Catalog;
}

/** Catalogs of other languages have exactly the keys of the Chinese one. */
export type SameKeys<T> = { readonly [K in keyof T]: T[K] extends string ? string : SameKeys<T[K]> };

export type Params = Readonly<Record<string, string | number>>;

/** The text of a page: `t("join.enter")`; `{name}` in a text is filled from the parameters. */
export interface Text {
  t(key: string, params?: Params): string;
  has(key: string): boolean;
  readonly language: Ref<Language>;
  choose(language: Language): void;
}

const KEY: InjectionKey<Text> = Symbol("text");

/** The text of the page this component is in. */
export function useText(): Text {
  const text = inject(KEY);
  if (!text) throw new Error("no text was provided to the app");
  return text;
}

export function provideText(app: App, text: Text): void {
  app.provide(KEY, text);
}

/** Looks `a.b` up in nested catalogs. */
export function find(catalog: Catalog, key: string): string | null {
  let node: string | Catalog | undefined = catalog;
  for (const part of key.split(".")) {
    if (typeof node !== "object") return null;
    node = node[part];
  }
  return typeof node === "string" ? node : null;
}

/** Fills `{name}`; of "one | many" takes the first when `n` is 1. */
export function fill(text: string, params: Params = {}): string {
  const forms = text.split(" | ");
  const form = forms.length > 1 && params["n"] !== 1 ? forms[1]! : forms[0]!;
  return form.replace(/\{(\w+)\}/g, (whole, name: string) => String(params[name] ?? whole));
}

/** The small translator of the pages that old computers open; panel and console use vue-i18n behind the same face. */
export function plainText(catalogs: Readonly<Record<Language, Catalog>>): Text {
  const { language, choose } = pageLanguage();
  const lookUp = (key: string) => find(catalogs[language.value], key);
  return {
    t: (key, params) => fill(lookUp(key) ?? key, params),
    has: (key) => lookUp(key) !== null,
    language,
    choose,
  };
}
