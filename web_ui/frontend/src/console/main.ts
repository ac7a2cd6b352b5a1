import { createApp } from "vue";
import { commonEn, commonZh } from "../locales/common";
import { consoleEn, consoleZh } from "../locales/console";
import { richText } from "../shared/i18n";
import { provideText } from "../shared/text";
import "../ui/base.css";
import "../ui/sheet.css";
import "./console.css";
import ConsolePage from "./ConsolePage.vue";

const app = createApp(ConsolePage);
provideText(app, richText(app, { "zh-CN": { ...commonZh, console: consoleZh }, en: { ...commonEn, console: consoleEn } }));
app.mount("#app");
