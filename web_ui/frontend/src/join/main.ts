import { createApp } from "vue";
import { commonEn, commonZh } from "../locales/common";
import { joinEn, joinZh } from "../locales/join";
import { playerEn, playerZh } from "../locales/player";
import { plainText, provideText } from "../shared/text";
import "../ui/base.css";
import "../ui/stage.css";
import "./join.css";
import "./controls.css";
import JoinPage from "./JoinPage.vue";

const app = createApp(JoinPage);
provideText(app, plainText({ "zh-CN": { ...commonZh, join: joinZh, player: playerZh }, en: { ...commonEn, join: joinEn, player: playerEn } }));
app.mount("#app");
