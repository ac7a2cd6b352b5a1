import { createApp } from "vue";
import { commonEn, commonZh } from "../locales/common";
import { playerEn, playerZh } from "../locales/player";
import { plainText, provideText } from "../shared/text";
import "../ui/base.css";
import "../ui/stage.css";
import "../player/controls.css";
import "../player/player.css";
import "./watch.css";
import WatchPage from "./WatchPage.vue";

const app = createApp(WatchPage);
provideText(app, plainText({ "zh-CN": { ...commonZh, player: playerZh }, en: { ...commonEn, player: playerEn } }));
app.mount("#app");
