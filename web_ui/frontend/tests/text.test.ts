import { createApp } from "vue";
import { describe, expect, it, vi } from "vitest";
import { archiveEn, archiveZh } from "../src/locales/archive";
import { archiveItemEn, archiveItemZh } from "../src/locales/archiveItem";
import { commonEn, commonZh } from "../src/locales/common";
import { consoleEn, consoleZh } from "../src/locales/console";
import { joinEn, joinZh } from "../src/locales/join";
import { libraryEn, libraryZh } from "../src/locales/library";
import { panelEn, panelZh } from "../src/locales/panel";
import { planningEn, planningZh } from "../src/locales/planning";
import { playerEn, playerZh } from "../src/locales/player";
import { shelfEn, shelfZh } from "../src/locales/shelf";
import { signinEn, signinZh } from "../src/locales/signin";
import { richText } from "../src/shared/i18n";
import { firstLanguage } from "../src/shared/language";
import { fill, find, type Catalog } from "../src/shared/text";

const zh: Catalog = {
  ...commonZh, join: joinZh, signin: signinZh, panel: panelZh, console: consoleZh, ...planningZh,
  player: playerZh, archive: { ...archiveZh, ...archiveItemZh }, library: libraryZh, shelf: shelfZh,
};
const en: Catalog = {
  ...commonEn, join: joinEn, signin: signinEn, panel: panelEn, console: consoleEn, ...planningEn,
  player: playerEn, archive: { ...archiveEn, ...archiveItemEn }, library: libraryEn, shelf: shelfEn,
};

function leaves(catalog: Catalog, before = ""): [string, string][] {
  return Object.entries(catalog).flatMap(([key, value]) =>
    typeof value === "string" ? [[before + key, value] as [string, string]] : leaves(value, `${before}${key}.`),
  );
}

/** The source text of every page and component by its path. */
const sources = Object.entries(
  import.meta.glob<string>(["../src/**/*.{ts,vue}", "!../src/locales/**"], { query: "?raw", import: "default", eager: true }),
);

const placeholders = (text: string) => [...new Set(text.match(/\{\w+\}/g) ?? [])].sort();

describe("catalogs", () => {
  it("have every text in both languages, with the same placeholders", () => {
    const english = new Map(leaves(en));
    expect([...english.keys()].sort()).toEqual(leaves(zh).map(([key]) => key).sort());
    for (const [key, text] of leaves(zh)) {
      expect(text.trim(), key).not.toBe("");
      expect(placeholders(english.get(key)!), key).toEqual(placeholders(text));
    }
  });

  it("hold every text the pages name", () => {
    expect(sources.length).toBeGreaterThan(30);
    const missing = sources.flatMap(([path, code]) =>
      [...code.matchAll(/\bt\(\s*["']([\w.]+)["']/g)].filter(([, key]) => find(zh, key!) === null).map(([, key]) => `${path}: ${key}`),
    );
    expect(missing).toEqual([]);
  });

  it("are the only place with text people read", () => {
    const chinese = sources.filter(([path, code]) => path.endsWith(".vue") && /[\u4e00-\u9fff]/.test(code)).map(([path]) => path);
    expect(chinese).toEqual([]);
  });
});

describe("filling", () => {
  it("puts parameters in, and leaves what is not given", () => {
    expect(fill("{a} – {b}", { a: 1 })).toBe("1 – {b}");
  });

  it("chooses between one and many", () => {
    expect(fill("{n} place | {n} places", { n: 1 })).toBe("1 place");
    expect(fill("{n} place | {n} places", { n: 3 })).toBe("3 places");
    expect(fill("{n} 处", { n: 1 })).toBe("1 处");
  });
});

describe("the translator of the pages of staff", () => {
  it("says every number as it is, nought too", () => {
    vi.stubGlobal("document", { documentElement: {} });
    vi.stubGlobal("navigator", { languages: ["en"] });
    const { t } = richText(createApp({}), { "zh-CN": { some: "{n} 处" }, en: { some: "{n} place | {n} places" } });
    expect([0, 1, 2, 7].map((n) => t("some", { n }))).toEqual(["0 places", "1 place", "2 places", "7 places"]);
    vi.unstubAllGlobals();
  });
});

describe("language", () => {
  it("is what was chosen, else what the browser speaks, else Chinese", () => {
    expect(firstLanguage("en", ["zh-CN"])).toBe("en");
    expect(firstLanguage("tlh", ["fr", "en-GB", "zh"])).toBe("en");
    expect(firstLanguage(null, ["zh-TW", "en"])).toBe("zh-CN");
    expect(firstLanguage(null, ["bo"])).toBe("zh-CN");
    expect(firstLanguage(null, [])).toBe("zh-CN");
  });
});
