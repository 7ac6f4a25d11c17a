// Files in, pages out: what happens on the page.

import { forgetJob, jobPage, jobResult, jobState, pagePicture, serverInfo, startJob } from "./client.js";
import { message, speak } from "./messages.js";
import { showBoxes, showNote, showPage, showPicture, textOf } from "./viewer.js";

const POLL_MS = 400;
const KEEP_MS = 60_000; // the server forgets jobs that nobody asks for

const element = (id) => document.getElementById(id);

/** A file that is sent, read, or finished. */
class Entry {
  constructor(file) {
    this.file = file;
    this.name = file.name || "image";
    this.stop = new AbortController();
    this.job = null; // the server's answer about it
    this.status = "sending"; // sending, waiting, reading, done, cancelled or failed
    this.problem = "";
    this.number = 1; // of the page that is shown
    this.page = null; // the page that is shown, once it is read
  }
}

const entries = [];
let current = null;
let working = Promise.resolve(); // files are sent one after another

function report(problem) {
  element("problem").textContent = problem;
  element("problem").hidden = !problem;
}

function note(sentence) {
  element("note").textContent = sentence;
  setTimeout(() => { element("note").textContent = ""; }, 2500);
}

/** Run what a click began; an error becomes a sentence on the page. */
async function attempt(action) {
  try {
    await action();
  } catch (error) {
    report(error.message);
  }
}

function chosenOptions() {
  const filled = [...new FormData(element("options"))].filter(([, value]) => value !== "");
  return Object.fromEntries(filled);
}

/** Take files: each is shown at once, and read when those before it are. */
function take(files) {
  const options = chosenOptions();
  for (const file of files) {
    const entry = new Entry(file);
    entries.push(entry);
    working = working.then(() => read(entry, options));
    show(entry);
  }
}

async function read(entry, options) {
  try {
    entry.stop.signal.throwIfAborted();
    const busy = () => { entry.status = "waiting"; showProgress(); };
    entry.job = await startJob(entry.file, options, entry.stop.signal, busy);
    entry.status = "reading";
    while (entry.job.state !== "done") {
      await update(entry);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      entry.stop.signal.throwIfAborted();
      entry.job = await jobState(entry.job.id);
    }
    entry.status = "done";
  } catch (error) {
    const cancelled = entry.stop.signal.aborted;
    entry.status = cancelled ? "cancelled" : "failed";
    entry.problem = cancelled ? "" : error.message;
  }
  entry.file = null;
  await update(entry);
}

/** Show what has changed of an entry, if it is the one that is shown. */
async function update(entry) {
  showEntries();
  if (entry !== current) {
    return;
  }
  showProgress();
  if (entry.job && entry.page === null && entry.status !== "cancelled") {
    await turnTo(entry.number);
  }
}

function show(entry) {
  current = entry;
  entry.page = null;
  element("result").hidden = false;
  showPicture(null);
  showNote(message("notYet"));
  update(entry);
}

/** Show a page of the current entry: its picture at once, its text when it is read. */
async function turnTo(wanted) {
  const entry = current;
  const { id, pages, done, failures } = entry.job;
  const number = Math.min(Math.max(wanted, 1), pages);
  const isShown = () => entry === current && entry.number === number; // still, after a wait
  const isNew = entry.number !== number || !element("picture").hasAttribute("src");
  entry.number = number;
  entry.page = null;
  await attempt(async () => {
    if (isNew) {
      showPicture(null);
      showNote(message("notYet"));
      showProgress();
      const picture = await pagePicture(id, number).catch(() => null);
      if (isShown()) {
        showPicture(picture);
      }
    }
    const failure = failures.find((one) => one.page === number);
    if (failure && isShown()) {
      entry.page = { width: 0, height: 0, lines: [] };
      showNote(failure.error);
    } else if (number <= done) {
      const page = await jobPage(id, number);
      if (isShown()) {
        entry.page = page;
        showPage(page);
      }
    }
  });
  if (entry === current) {
    showProgress();
  }
}

function showEntries() {
  const buttons = entries.map((entry) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = `${{ done: "✓", failed: "✗", cancelled: "–" }[entry.status] ?? "…"} ${entry.name}`;
    button.setAttribute("aria-pressed", String(entry === current));
    button.addEventListener("click", () => show(entry));
    return button;
  });
  element("documents").replaceChildren(...buttons);
  element("documents").hidden = entries.length < 2;
}

function showProgress() {
  const { status, job, problem, number } = current;
  const over = ["done", "cancelled", "failed"].includes(status);
  element("progress").hidden = status === "done";
  element("cancel").hidden = over;
  if (job) {
    element("bar").max = job.pages;
    element("bar").value = job.done;
  } else {
    element("bar").removeAttribute("value");
  }
  element("bar").hidden = status === "failed" || status === "cancelled";
  element("done").textContent = status === "reading" ? message("progress", job.done, job.pages)
    : over ? (status === "cancelled" ? message("cancelled") : "") : message(status);
  report(problem);
  const pages = job?.pages ?? 1;
  element("count").textContent = pages;
  element("number").max = pages;
  element("number").value = number;
  element("previous").disabled = number <= 1;
  element("next").disabled = number >= pages;
  element("number").disabled = pages < 2;
  for (const id of ["copy-all", "save"]) {
    element(id).disabled = status !== "done";
  }
  element("copy-page").disabled = !current.page;
}

/** Put text on the clipboard; browsers without a secure connection know the old way only. */
async function copy(text) {
  if (navigator.clipboard) {
    await navigator.clipboard.writeText(text);
  } else {
    const field = document.createElement("textarea");
    field.value = text;
    document.body.append(field);
    field.select();
    const copied = document.execCommand("copy");
    field.remove();
    if (!copied) {
      throw new Error(message("notCopied"));
    }
  }
  note(message("copied"));
}

function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

async function download() {
  const { blob, name } = await jobResult(current.job.id, element("format").value);
  save(blob, current.name.replace(/\.[^.]*$/, "") + name.replace(/^read/, ""));
}

function cancel() {
  current.stop.abort();
  if (current.job) {
    forgetJob(current.job.id);
  }
}

function listenForFiles() {
  const drop = element("drop");
  for (const id of ["choose", "photograph"]) {
    element(id).addEventListener("change", (event) => {
      take(event.target.files);
      event.target.value = ""; // so that the same file can be chosen again
    });
  }
  document.addEventListener("dragover", (event) => { event.preventDefault(); drop.classList.add("over"); });
  document.addEventListener("dragleave", () => drop.classList.remove("over"));
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    take(event.dataTransfer.files);
  });
  document.addEventListener("paste", (event) => take(event.clipboardData.files));
}

function listenForClicks() {
  const on = (id, type, action) => element(id).addEventListener(type, () => attempt(action));
  const turn = (number) => (current.job ? turnTo(number) : null);
  on("previous", "click", () => turn(current.number - 1));
  on("next", "click", () => turn(current.number + 1));
  on("number", "change", () => turn(Number(element("number").value) || 1));
  on("boxes", "change", () => showBoxes(element("boxes").checked));
  on("copy-page", "click", () => copy(textOf(current.page)));
  on("copy-all", "click", async () => copy(await (await jobResult(current.job.id, "txt")).blob.text()));
  on("save", "click", download);
  on("cancel", "click", cancel);
  for (const button of document.querySelectorAll("[data-language]")) {
    button.addEventListener("click", () => {
      speak(button.dataset.language);
      if (current) {
        show(current);
      }
    });
  }
}

async function start() {
  speak();
  showBoxes(true);
  listenForFiles();
  listenForClicks();
  const unfinished = () => entries.filter((entry) => entry.job && entry.status !== "cancelled");
  setInterval(() => unfinished().forEach((entry) => jobState(entry.job.id).catch(() => {})), KEEP_MS);
  addEventListener("pagehide", () => unfinished().forEach((entry) => forgetJob(entry.job.id)));
  const { formats } = await serverInfo();
  element("format").replaceChildren(...formats.map((name) => new Option(name, name)));
}

attempt(start);
