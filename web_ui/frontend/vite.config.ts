import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import vue from "@vitejs/plugin-vue";
import { defineConfig, type Plugin } from "vite";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const outDir = here("../static");

/** Writes `name.br` and `name.gz` beside every asset they make smaller, so that the server never compresses. */
function packed(): Plugin {
  return {
    name: "packed",
    apply: "build",
    closeBundle() {
      const folder = join(outDir, "assets");
      for (const name of readdirSync(folder)) {
        if (!/\.(js|css|svg)$/.test(name)) continue;
        const path = join(folder, name);
        const body = readFileSync(path);
        const coded = {
          br: brotliCompressSync(body, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }),
          gz: gzipSync(body, { level: 9 }),
        };
        for (const [suffix, bytes] of Object.entries(coded)) {
          if (bytes.length < body.length) writeFileSync(`${path}.${suffix}`, bytes);
        }
      }
    },
  };
}

/** Puts every page, which says only its title and script, into the shell that all have in common. */
function shelled(): Plugin {
  return {
    name: "shelled",
    transformIndexHtml: {
      order: "pre",
      handler: (page) =>
        readFileSync(here("src/ui/shell.html"), "utf-8").replace(/<!-- the page: .*-->/, page.trim().replace("\n", "\n    ")),
    },
  };
}

const pages = ["index", "panel", "join", "console", "plan", "watch", "archive", "library"];

export default defineConfig({
  plugins: [vue(), shelled(), packed()],
  appType: "mpa",
  // The service puts the nonce of each response in this place.
  html: { cspNonce: "__CSP_NONCE__" },
  define: {
    __VUE_OPTIONS_API__: "false",
    __VUE_PROD_DEVTOOLS__: "false",
    __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: "false",
    __VUE_I18N_LEGACY_API__: "false",
    __VUE_I18N_FULL_INSTALL__: "false",
    __INTLIFY_PROD_DEVTOOLS__: "false",
    __INTLIFY_DROP_MESSAGE_COMPILER__: "false",
  },
  build: {
    outDir,
    emptyOutDir: true,
    manifest: true,
    // Browsers of old classroom PCs: Chromium 109 is the last on Windows 7; vendors' own builds lag further behind.
    target: ["chrome88", "edge88", "firefox91", "safari14"],
    cssTarget: ["chrome88", "edge88", "firefox91", "safari14"],
    // `data:` addresses are not allowed by the Content-Security-Policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: Object.fromEntries(pages.map((page) => [page, here(`${page}.html`)])),
    },
  },
});
