import { createApp } from "vue";
import { commonEn, commonZh } from "../locales/common";
import { panelEn, panelZh } from "../locales/panel";
import { richText } from "../shared/i18n";
import { provideText } from "../shared/text";
import "../ui/base.css";
import "./panel.css";
import "./signals.css";
import PanelPage from "./PanelPage.vue";

const app = createApp(PanelPage);
provideText(app, richText(app, { "zh-CN": { ...commonZh, panel: panelZh }, en: { ...commonEn, panel: panelEn } }));
app.mount("#app");
