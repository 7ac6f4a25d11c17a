// What the page says, in both languages.

const MESSAGES = {
  en: {
    summary: "Reads the Chinese and English text of pictures and PDFs.",
    drop: "Drop pictures or PDFs here, or paste one (Ctrl+V).",
    choose: "Choose files",
    photograph: "Take a photograph",
    options: "Options",
    deskew: "set leaning pictures upright",
    upright: "all pages stand upright",
    minConfidence: "leave out lines less sure than",
    dpi: "dpi for PDFs",
    password: "password of a PDF",
    cancel: "Cancel",
    boxes: "boxes",
    copyPage: "Copy page",
    copyAll: "Copy all",
    download: "Download as",
    save: "Save",
    privacy: "Files stay on the server only while this page shows them.",
    tokenNeeded: "This server asks for a token:",
    ok: "OK",
    sending: "sending",
    waiting: "waiting for the server",
    progress: (done, pages) => `${done} of ${pages} pages`,
    cancelled: "cancelled",
    copied: "copied",
    notCopied: "The browser does not allow copying; select the text instead.",
    nothing: "No text was found on this page.",
    notYet: "This page is not read yet.",
    formula: "[formula]",
    unreachable: "The server does not answer.",
    refused: {},
  },
  zh: {
    summary: "识别图片和 PDF 中的中文与英文。",
    drop: "把图片或 PDF 拖到这里，或直接粘贴（Ctrl+V）。",
    choose: "选择文件",
    photograph: "拍照",
    options: "选项",
    deskew: "校正倾斜的图片",
    upright: "所有页面均已正放",
    minConfidence: "忽略置信度低于此值的行",
    dpi: "PDF 分辨率（dpi）",
    password: "PDF 密码",
    cancel: "取消",
    boxes: "显示文本框",
    copyPage: "复制本页",
    copyAll: "复制全部",
    download: "下载格式",
    save: "保存",
    privacy: "文件只在本页显示期间保留在服务器上。",
    tokenNeeded: "此服务器需要令牌：",
    ok: "确定",
    sending: "正在上传",
    waiting: "正在等待服务器",
    progress: (done, pages) => `已完成 ${done} / ${pages} 页`,
    cancelled: "已取消",
    copied: "已复制",
    notCopied: "浏览器不允许复制，请手动选择文字。",
    nothing: "本页没有找到文字。",
    notYet: "本页尚未识别。",
    formula: "[公式]",
    unreachable: "服务器没有响应。",
    refused: {
      403: "请求被拒绝。",
      404: "结果已不在服务器上，请重新识别。",
      408: "上传超时。",
      413: "文件过大或页数过多。",
      422: "无法识别：不是图片或 PDF、文件已损坏，或选项无效。",
      503: "服务器繁忙，请稍后再试。",
      504: "识别超时。",
    },
  },
};

const KEY = "ctpn-crnn-language";

let language = localStorage.getItem(KEY) ?? (navigator.language.startsWith("zh") ? "zh" : "en");

/** The message of this name, in the language chosen; messages with numbers take them as further arguments. */
export function message(name, ...values) {
  const found = MESSAGES[language][name];
  return typeof found === "function" ? found(...values) : found;
}

/** One sentence for an answer that is an error. The server's own sentences are English. */
export function refusal(status, detail) {
  return [MESSAGES[language].refused[status], detail].filter(Boolean).join(" ");
}

/** Say everything in a language, now and at the next visit. */
export function speak(chosen = language) {
  language = MESSAGES[chosen] ? chosen : "en";
  localStorage.setItem(KEY, language);
  document.documentElement.lang = language;
  for (const element of document.querySelectorAll("[data-text]")) {
    element.textContent = message(element.dataset.text);
  }
  for (const button of document.querySelectorAll("[data-language]")) {
    button.setAttribute("aria-pressed", String(button.dataset.language === language));
  }
}
