import { createApp } from "vue";
import { commonEn, commonZh } from "../locales/common";
import { joinEn, joinZh } from "../locales/join";
import { plainText, provideText } from "../shared/text";
import "../ui/base.css";
import "./join.css";
import JoinPage from "./JoinPage.vue";

const app = createApp(JoinPage);
provideText(app, plainText({ "zh-CN": { ...commonZh, join: joinZh }, en: { ...commonEn, join: joinEn } }));
app.mount("#app");
