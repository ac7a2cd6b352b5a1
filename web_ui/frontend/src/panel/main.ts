import { createApp } from "vue";
import { commonEn, commonZh } from "../locales/common";
import { feedEn, feedZh } from "../locales/feed";
import { noticeEn, noticeZh } from "../locales/notice";
import { panelEn, panelZh } from "../locales/panel";
import { richText } from "../shared/i18n";
import { provideText } from "../shared/text";
import "../ui/base.css";
import "../ui/feeds.css";
import "../ui/notices.css";
import "./panel.css";
import "./signals.css";
import PanelPage from "./PanelPage.vue";

const app = createApp(PanelPage);
provideText(app, richText(app, { "zh-CN": { ...commonZh, panel: panelZh, notice: noticeZh, feed: feedZh }, en: { ...commonEn, panel: panelEn, notice: noticeEn, feed: feedEn } }));
app.mount("#app");
