import { createApp } from "vue";
import { commonEn, commonZh } from "../locales/common";
import { signinEn, signinZh } from "../locales/signin";
import { plainText, provideText } from "../shared/text";
import "../ui/base.css";
import "./signin.css";
import SignInPage from "./SignInPage.vue";

const app = createApp(SignInPage);
provideText(app, plainText({ "zh-CN": { ...commonZh, signin: signinZh }, en: { ...commonEn, signin: signinEn } }));
app.mount("#app");
