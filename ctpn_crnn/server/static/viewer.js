// A page: its picture with the lines over it, and its text beside it.

import { message } from "./messages.js";

const UNSURE = 0.5; // lines whose characters are less probable on average are shown in red, as in --format png
const FONT_SIZE = 0.8; // of the height of a line

const sheet = document.getElementById("sheet");
const picture = document.getElementById("picture");
const overlay = document.getElementById("overlay");
const text = document.getElementById("text");

let shown = null; // the page that is shown

function distance(from, to) {
  return Math.hypot(to[0] - from[0], to[1] - from[1]);
}

/** Geometric mean of the characters' probabilities, as TextLine.character_confidence. */
function characterConfidence(line) {
  if (line.chars.length === 0) {
    return line.confidence;
  }
  const logs = line.chars.map((char) => Math.log(Math.max(char.confidence, 1e-12)));
  return Math.exp(logs.reduce((sum, value) => sum + value, 0) / logs.length);
}

function classOf(line) {
  return line.kind === "formula" ? "formula" : characterConfidence(line) < UNSURE ? "unsure" : "sure";
}

/** An element over the picture, as large as the line and turned with it, that holds the line's text. */
function boxOf(line, index) {
  const [start, end, , below] = line.quad;
  const box = document.createElement("div");
  const content = document.createElement("span");
  const height = Math.max(distance(start, below), 1);
  box.className = `box ${classOf(line)}`;
  box.dataset.line = index;
  content.textContent = line.text;
  box.append(content);
  Object.assign(box.style, {
    left: `${start[0]}px`,
    top: `${start[1]}px`,
    width: `${distance(start, end)}px`,
    height: `${height}px`,
    lineHeight: `${height}px`,
    fontSize: `${height * FONT_SIZE}px`,
    transform: `rotate(${Math.atan2(end[1] - start[1], end[0] - start[0])}rad)`,
  });
  return box;
}

function rowOf(line, index) {
  const row = document.createElement("div");
  row.className = classOf(line);
  row.dataset.line = index;
  row.textContent = line.kind === "formula" ? message("formula") : line.text;
  return row;
}

/** Stretch the text of each line over the line's whole length. All widths are measured before any is changed. */
function stretch(boxes) {
  const widths = boxes.map((box) => box.firstChild.offsetWidth);
  boxes.forEach((box, index) => {
    if (widths[index] > 0) {
      box.firstChild.style.transform = `scaleX(${parseFloat(box.style.width) / widths[index]})`;
    }
  });
}

/** Lay the overlay, which is as large as the page in pixels, over the picture as it is shown. */
function fitOverlay() {
  if (shown && shown.width) {
    const scale = picture.clientWidth / shown.width;
    overlay.style.width = `${shown.width}px`;
    overlay.style.height = `${shown.height}px`;
    overlay.style.transform = `scale(${scale})`;
    overlay.style.setProperty("--thick", `${1.5 / Math.max(scale, 1e-3)}px`);
  }
}

function mark(event) {
  const element = event.target.closest("[data-line]");
  const number = event.type === "pointerout" ? null : element?.dataset.line;
  for (const one of document.querySelectorAll("[data-line]")) {
    one.classList.toggle("marked", one.dataset.line === number);
  }
}

/** Show a page. */
export function showPage(page) {
  shown = page;
  const boxes = page.lines.map(boxOf);
  overlay.replaceChildren(...boxes);
  text.replaceChildren(...page.lines.map(rowOf));
  if (page.lines.length === 0) {
    showNote(message("nothing"));
    return;
  }
  fitOverlay();
  stretch(boxes);
}

/** Show a picture, a Blob; null for none. */
export function showPicture(blob) {
  URL.revokeObjectURL(picture.src);
  if (blob) {
    picture.src = URL.createObjectURL(blob);
  } else {
    picture.removeAttribute("src");
  }
}

/** Show a sentence instead of a page's text, and no lines. */
export function showNote(sentence) {
  const note = document.createElement("div");
  note.className = "nothing";
  note.textContent = sentence;
  overlay.replaceChildren();
  text.replaceChildren(note);
}

/** The text of a page, a line each. */
export function textOf(page) {
  return page.lines.map((line) => line.text).filter(Boolean).join("\n");
}

export function showBoxes(visible) {
  sheet.classList.toggle("boxes", visible);
}

picture.addEventListener("load", fitOverlay);
new ResizeObserver(fitOverlay).observe(sheet);
for (const side of [overlay, text]) {
  side.addEventListener("pointerover", mark);
  side.addEventListener("pointerout", mark);
}
