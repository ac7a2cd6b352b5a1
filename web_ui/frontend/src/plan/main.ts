import { createApp } from "vue";
import { commonEn, commonZh } from "../locales/common";
import { planningEn, planningZh } from "../locales/planning";
import { richText } from "../shared/i18n";
import { provideText } from "../shared/text";
import "../ui/base.css";
import "../ui/feeds.css";
import "../ui/notices.css";
import "../ui/sheet.css";
import "./plan.css";
import "./timetable.css";
import "./print.css";
import PlanPage from "./PlanPage.vue";

const app = createApp(PlanPage);
provideText(app, richText(app, { "zh-CN": { ...commonZh, ...planningZh }, en: { ...commonEn, ...planningEn } }));
app.mount("#app");
