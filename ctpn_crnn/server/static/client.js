// The REST interface of the server.

import { message, refusal } from "./messages.js";

const TOKEN_KEY = "ctpn-crnn-token";

/** An answer that is an error; its message is for the user. */
export class Refusal extends Error {
  constructor(status, detail) {
    super(refusal(status, detail));
    this.status = status;
  }
}

/** Ask for the token; resolves when one was given. */
function askForToken() {
  const dialog = document.getElementById("token-dialog");
  const field = document.getElementById("token");
  if (!dialog.open) {
    dialog.showModal();
  }
  return new Promise((resolve) => {
    document.getElementById("token-form").addEventListener("submit", (event) => {
      event.preventDefault();
      sessionStorage.setItem(TOKEN_KEY, field.value);
      dialog.close();
      resolve();
    }, { once: true });
  });
}

function pause(seconds) {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1000));
}

/** Send a request. Asks for a token where one is needed; throws a Refusal for every answer that is an error. */
async function ask(path, options = {}) {
  const token = sessionStorage.getItem(TOKEN_KEY);
  const headers = token ? { Authorization: `Bearer ${token}` } : {};
  let answer;
  try {
    answer = await fetch(path, { ...options, headers });
  } catch (error) {
    throw error.name === "AbortError" ? error : new Refusal(0, message("unreachable"));
  }
  if (answer.status === 401) {
    await askForToken();
    return ask(path, options);
  }
  if (!answer.ok) {
    const problem = await answer.json().catch(() => ({}));
    const refused = new Refusal(answer.status, problem.detail ?? answer.statusText);
    refused.retryAfter = Number(answer.headers.get("Retry-After")) || 2;
    throw refused;
  }
  return answer;
}

export async function serverInfo() {
  return (await ask("/v1/info")).json();
}

/**
 * Begin to read a file; waits as long as the server is busy.
 * @param {File|Blob} file
 * @param {Object<string, string>} options Form fields, see the OpenAPI document.
 * @param {AbortSignal} signal Cancels the upload or the wait.
 * @param {() => void} onBusy Called when the server is busy.
 */
export async function startJob(file, options, signal, onBusy) {
  const body = new FormData();
  body.append("file", file, "upload");
  for (const [name, value] of Object.entries(options)) {
    body.append(name, value);
  }
  for (;;) {
    try {
      return await (await ask("/v1/jobs", { method: "POST", body, signal })).json();
    } catch (error) {
      if (error.status !== 503) {
        throw error;
      }
      onBusy();
      await pause(error.retryAfter);
      signal.throwIfAborted();
    }
  }
}

export async function jobState(id) {
  return (await ask(`/v1/jobs/${id}`)).json();
}

/** Stop and forget a job; works while the tab is being closed too. */
export function forgetJob(id) {
  return ask(`/v1/jobs/${id}`, { method: "DELETE", keepalive: true }).catch(() => {});
}

export async function jobPage(id, number) {
  return (await ask(`/v1/jobs/${id}/pages/${number}`)).json();
}

export async function pagePicture(id, number) {
  return (await ask(`/v1/jobs/${id}/pages/${number}/picture`)).blob();
}

/** The whole document in a format: its bytes, and its name as the server suggests it. */
export async function jobResult(id, format) {
  const answer = await ask(`/v1/jobs/${id}/result?format=${encodeURIComponent(format)}`);
  const named = /filename="([^"]+)"/.exec(answer.headers.get("Content-Disposition") ?? "");
  return { blob: await answer.blob(), name: named ? named[1] : `read.${format}` };
}
